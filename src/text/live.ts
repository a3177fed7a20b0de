import stringWidth from 'string-width';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The rows that a text takes; a line that is too wide is broken by the terminal itself. */
const rowsOf = (text: string, columns: number): number =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);

/** Takes a text that was written last off the terminal again, as far as its present size tells. */
export const eraseText = (text: string, { columns, rows }: TerminalSize): string =>
  // what has scrolled out above cannot be reached
  text === '' ? '' : `\r\u001b[${Math.min(rowsOf(text, columns), rows - 1)}A\u001b[0J`;

/** The end of a text that fits on the terminal with a row to spare, so that it can be taken off again. */
export const fitHeight = (text: string, { columns, rows }: TerminalSize): string => {
  const lines = text.replace(/\n$/, '').split('\n');
  let taken = 0;
  let from = lines.length;
  while (from > 0) {
    taken += rowsOf(lines[from - 1] ?? '', columns);
    if (taken > Math.max(1, rows - 1)) {
      break;
    }
    from--;
  }
  return `${lines.slice(Math.min(from, lines.length - 1)).join('\n')}\n`;
};
