import { stripVTControlCharacters } from 'node:util';

/** What we read of an error that Vitest reports. */
export interface ReportedError {
  readonly name?: string | undefined;
  readonly message: string;
  readonly diff?: string | undefined;
  readonly stacks?:
    | readonly { readonly file: string; readonly line: number; readonly column: number }[]
    | undefined;
  readonly cause?: ReportedError | undefined;
}

const linesOf = (text: string): readonly string[] =>
  stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '');

const mostOf = { message: 5, places: 2 } as const;

/** Of a difference the lines that differ: the rest is as it was expected. */
const differing = (diff: string | undefined): readonly string[] =>
  linesOf(diff ?? '').filter(
    (line) => /^[-+] /.test(line) && !/^[-+] (?:Expected|Received)/.test(line),
  );

/**
 * An error in a few lines: where, what, and how it differs from what was expected; the most telling first.
 * @param root - paths below it are written without it
 */
export const sayError = (error: ReportedError, root: string): readonly string[] => {
  const [first = '', ...more] = linesOf(error.message);
  const places = (error.stacks ?? [])
    .filter(({ file }) => file.startsWith(root) && !file.includes('/node_modules/'))
    .slice(0, mostOf.places)
    .map(({ file, line, column }) => `at ${file.slice(root.length + 1)}:${line}:${column}`);
  const cause = error.cause === undefined ? [] : linesOf(error.cause.message).slice(0, 2);
  return [
    error.name === undefined ? first : `${error.name}: ${first}`,
    ...places,
    ...more.slice(0, mostOf.message - 1),
    ...cause.map((line) => `cause: ${line}`),
    ...differing(error.diff),
  ];
};
