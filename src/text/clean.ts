// Characters that act instead of being seen: controls, and those that reorder or hide what stands beside them.
const acting =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the purpose
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Text from outside made safe to show on any surface: well-formed, without escape sequences and without
 * characters that reorder or hide text. Line ends are kept as `\n`, a tab becomes two spaces.
 */
export const cleanLines = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, '\n').replaceAll('\t', '  ').replace(acting, '');

/** The same on one line. */
export const cleanLine = (text: string): string =>
  // each gap is looked at once, however long it is
  cleanLines(text).replace(/\s+/g, (gap) => (gap.includes('\n') ? ' ' : gap));

/** The start of `text` in at most `limit` UTF-16 units, not ending inside a character. */
export const startOf = (text: string, limit: number): string => {
  const cut = text.slice(0, Math.max(limit, 0));
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
};

/**
 * The longest start of `text`, marked with `…` where something is left out, whose written form is at most
 * `limit` long; empty when not even one character fits.
 * @param write - how the text is written on the surface; longer text must never be written shorter
 */
export const shortenTo = (text: string, limit: number, write: (text: string) => string): string => {
  const short = startOf(text, limit);
  if (short === text && write(text).length <= limit) {
    return write(text);
  }
  let low = 0;
  let high = short.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (write(`${startOf(short, middle)}…`).length <= limit) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low === 0 ? '' : write(`${startOf(short, low).trimEnd()}…`);
};
