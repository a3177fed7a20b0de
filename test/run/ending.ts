import { line, type Note, type Tally } from '#test/run/tally.ts';

/** So that all of it is within the last 60 lines of a log, with what make and the gate say after it. */
const mostLines = 50;
const mostLinesOfOne = 10;
const widest = 200;

const shorten = (text: string): string =>
  text.length <= widest ? text : `${text.slice(0, widest - 1)}…`;

const nameOf = ({ kind, name }: Note): string => shorten(`${kind}: ${name}`);

/** Failures with as much of their reasons as there is room for. */
const failures = (failed: readonly Note[]): readonly string[] => {
  const shown = failed.slice(0, failed.length > mostLines ? mostLines - 1 : mostLines);
  const room = Math.min(mostLinesOfOne, Math.floor(mostLines / Math.max(1, shown.length)) - 1);
  const left = failed.length - shown.length;
  return [
    ...shown.flatMap((note) => [
      nameOf(note),
      ...note.why.slice(0, room).map((text) => shorten(`    ${text}`)),
    ]),
    ...(left > 0 ? [`failed: and ${left} more`] : []),
  ];
};

/**
 * What a whole run ends with: what was skipped, what failed and why, and the line that counts. Who sees
 * only the end of a log sees the failures.
 */
export const ending = (tally: Tally): string => {
  const skipped = tally.notes.filter(({ kind }) => kind === 'skipped').map(nameOf);
  const failed = tally.notes.filter(({ kind }) => kind === 'failed');
  return [...skipped, ...failures(failed), line(tally)].join('\n');
};
