import { cleanLine, cleanLines, shortenTo } from '#src/text/clean.ts';
import { utcTime } from '#src/text/plain.ts';
import type { Line, Span } from '#src/view.ts';

/**
 * Plain text and spans written in Slack's mrkdwn so that text from outside stays text: it cannot mention,
 * link, format or become an emoji.
 * @see https://docs.slack.dev/messaging/formatting-message-text/
 */

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escapeEntities = (text: string): string =>
  text.replace(/[&<>]/g, (character) => entities[character] ?? character);

// mrkdwn has no escape for its own signs; a look-alike never formats, whatever a client counts as a word.
const lookAlikes: Readonly<Record<string, string>> = {
  '*': '∗',
  _: 'ˍ',
  '~': '∼',
  '`': 'ˋ',
};
// Between two word characters they do not format, and names like `snake_case` stay as one can type them.
const formatting = /(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`/g;
const unformatted = (text: string): string =>
  text.replace(formatting, (sign) => lookAlikes[sign] ?? sign);

// Both are invisible; a line may be broken at the first, and not at the second.
const gap = '\u200b';
const joint = '\u2060';
const emoji = /:(?=[^\s:]+:)/g;
// Slack makes links of bare addresses where a text is not marked verbatim, and other clients always do.
const address = /\b(?:https?|mailto):/gi;
const broadcast = /@(?=(?:here|channel|everyone|group)\b)/gi;
// At the start of a line it would make a quotation.
const quotation = /^(?=&gt;)/gm;

const inert = (text: string): string =>
  escapeEntities(unformatted(text))
    .replace(emoji, `:${joint}`)
    .replace(address, (scheme) => scheme + joint)
    .replace(broadcast, `@${joint}`)
    .replace(quotation, gap);

/** Text from outside as one line of mrkdwn that shows exactly as text. */
export const escapeText = (text: string): string => inert(cleanLine(text));

const without = (sign: string, text: string): string =>
  text.replaceAll(sign, lookAlikes[sign] ?? '');

const wrapped = (sign: string, text: string): string => {
  const inner = inert(without(sign, text)).trim();
  return inner === '' ? '' : sign + inner + sign;
};

/** Code on one line; a backtick inside would end it. */
const writeCode = (text: string): string => {
  const inner = escapeEntities(text.replaceAll('`', "'")).trim();
  return inner === '' ? '' : '`' + inner + '`';
};

const shortRevision = /^[0-9a-f]{7,12}$/;

const writeLink = (url: string, text: string): string => {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol)) {
    return inert(text);
  }
  const target = escapeEntities(address.href.replaceAll('|', '%7C'));
  const label = shortRevision.test(text)
    ? writeCode(text)
    : inert(text).replaceAll('|', '¦').trim();
  return label === '' ? `<${target}>` : `<${target}|${label}>`;
};

const dateTokens = {
  seconds: '{date_short_pretty} {time_secs}',
  minutes: '{date_short_pretty} {time}',
  date: '{date_short_pretty}',
} as const;

const userId = /^[UW][A-Z0-9]+$/;

type Written = Readonly<{ text: string; formatted: boolean }>;

const plainly = (text: string): Written => ({ text, formatted: false });
const formatted = (text: string): Written => ({ text, formatted: true });

const writeSpan = (span: Span, room: number): Written => {
  if (typeof span === 'string') {
    return plainly(shortenTo(cleanLine(span), room, inert));
  }
  switch (span.kind) {
    case 'bold':
      return formatted(shortenTo(cleanLine(span.text), room, (text) => wrapped('*', text)));
    case 'italic':
      return formatted(shortenTo(cleanLine(span.text), room, (text) => wrapped('_', text)));
    case 'code':
      return formatted(shortenTo(cleanLine(span.text), room, writeCode));
    case 'link': {
      // An address that does not fit is left out rather than cut: half a link leads elsewhere.
      const link = shortenTo(cleanLine(span.text), room, (text) => writeLink(span.url, text));
      return plainly(link === '' ? shortenTo(cleanLine(span.text), room, inert) : link);
    }
    case 'time': {
      const token = `<!date^${Math.floor(span.at / 1000)}^${dateTokens[span.precision]}|${utcTime(span.at, span.precision)}>`;
      return plainly(token.length <= room ? token : '');
    }
    case 'person':
      return plainly(
        span.notify && userId.test(span.user)
          ? `<@${span.user}>`
          : shortenTo(`@${cleanLine(span.name)}`, room, inert),
      );
    default:
      return span satisfies never;
  }
};

const wordBeside = /[\p{L}\p{N}]/u;

/** Formatting counts only beside a word boundary, so one is put where two spans touch. */
const join = (before: string, next: Written, afterFormatted: boolean): string => {
  const touches =
    (next.formatted && wordBeside.test(before.at(-1) ?? ' ')) ||
    (afterFormatted && wordBeside.test(next.text.at(0) ?? ' '));
  return touches ? before + gap + next.text : before + next.text;
};

/**
 * One line of spans in mrkdwn, at most `limit` characters as written; what does not fit is cut with `…`.
 * A line that writes nothing gives an empty string.
 */
export const writeLine = (line: Line, limit = 3_000): string => {
  let written = '';
  let afterFormatted = false;
  for (const span of line) {
    const room = limit - written.length - 1;
    const next = writeSpan(span, room);
    if (next.text.length > room) {
      break;
    }
    written = next.text === '' ? written : join(written, next, afterFormatted);
    afterFormatted = next.text === '' ? afterFormatted : next.formatted;
  }
  return written;
};

/** Preformatted text in a fence that it cannot leave, at most `limit` characters as written. */
export const writeFence = (text: string, limit = 3_000): string => {
  const inner = cleanLines(text).replaceAll('`', "'").replace(/^\n+/, '').trimEnd();
  return inner === ''
    ? ''
    : shortenTo(inner, limit, (part) => '```' + escapeEntities(part) + '```');
};
