import { cleanLine } from '#src/text/clean.ts';
import type { Line, Span } from '#src/view.ts';

export type TimePrecision = Extract<Span, { kind: 'time' }>['precision'];

/** Writes a time, ms since the epoch, where nobody else puts it into the reader's zone. */
export type SayTime = (at: number, precision: TimePrecision) => string;

/** A time in UTC, for where the reader's zone is not known. */
export const utcTime = (at: number, precision: TimePrecision): string => {
  const [date = '', time = ''] = new Date(at).toISOString().split(/[T.]/);
  switch (precision) {
    case 'date':
      return date;
    case 'minutes':
      return `${date} ${time.slice(0, 5)} UTC`;
    case 'seconds':
      return `${date} ${time} UTC`;
    default:
      return precision satisfies never;
  }
};

/** A time in a zone of a reader who is known: `2026-11-23 20:25:48 CET`. */
export const plainTime = (at: number, precision: TimePrecision, timeZone: string): string => {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).formatToParts(at);
  const said = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  const date = `${said['year']}-${said['month']}-${said['day']}`;
  const minutes = `${said['hour']}:${said['minute']}`;
  switch (precision) {
    case 'date':
      return date;
    case 'minutes':
      return `${date} ${minutes} ${said['timeZoneName']}`;
    case 'seconds':
      return `${date} ${minutes}:${said['second']} ${said['timeZoneName']}`;
    default:
      return precision satisfies never;
  }
};

/**
 * A span without any formatting.
 * @param sayTime - how a time is written
 */
export const plainSpan = (span: Span, sayTime: SayTime = utcTime): string => {
  if (typeof span === 'string') {
    return cleanLine(span);
  }
  switch (span.kind) {
    case 'bold':
    case 'italic':
    case 'code':
    case 'link':
      return cleanLine(span.text);
    case 'time':
      return sayTime(span.at, span.precision);
    case 'person':
      return `@${cleanLine(span.name)}`;
    default:
      return span satisfies never;
  }
};

/** A line without any formatting. */
export const plainLine = (line: Line, sayTime?: SayTime): string =>
  line.map((span) => plainSpan(span, sayTime)).join('');

/** `▰▰▰▱▱▱ 3 of 6` in two parts: one cell each up to twelve, else ten for the whole. */
export const progressBar = (
  done: number,
  total: number,
): { readonly bar: string; readonly label: string } => {
  const cells = total <= 12 ? Math.max(0, Math.floor(total)) : 10;
  const share = total > 0 ? Math.min(Math.max(done / total, 0), 1) : 0;
  const full = Math.floor(share * cells);
  return { bar: '▰'.repeat(full) + '▱'.repeat(cells - full), label: `${done} of ${total}` };
};

/** Cells padded to columns; the last column is not padded. */
export const alignColumns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, column) => {
      widest[column] = Math.max(widest[column] ?? 0, [...cell].length);
    });
    return widest;
  }, []);
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
};
