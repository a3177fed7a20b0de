import { commands } from '#commands/index.ts';
import type { AnyCommand } from '#src/command/define.ts';
import { nearest } from '#src/command/words.ts';
import { type CliDoc, commandDocs } from '#src/entry/cli/docs.ts';
import { type Program, programs } from '#src/entry/cli/programs.ts';

/** Everything that can be typed, in the order of the help text. */
export const catalogue: readonly CliDoc[] = [
  ...commandDocs(commands.map(({ doc }) => doc)),
  ...programs,
];

export type Entry =
  | { readonly kind: 'command'; readonly doc: CliDoc; readonly command: AnyCommand }
  | { readonly kind: 'program'; readonly doc: CliDoc; readonly program: Program };

export interface FoundEntry {
  readonly entry: Entry;
  /** The words after its name. */
  readonly rest: readonly string[];
}

/** What the first words name: `get`, or two words such as `config check`. */
export const findEntry = (words: readonly string[]): FoundEntry | undefined => {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ').toLowerCase();
    const doc = catalogue.find((one) => one.name === name);
    if (doc !== undefined) {
      const rest = words.slice(length);
      const program = programs.find((one) => one.name === name);
      const command = commands.find((one) => one.doc.name === name);
      if (program !== undefined) {
        return { entry: { kind: 'program', doc, program }, rest };
      }
      return command === undefined ? undefined : { entry: { kind: 'command', doc, command }, rest };
    }
  }
  return undefined;
};

export interface Unknown {
  readonly what: string;
  readonly next: string;
}

/** What to tell someone who typed something that is not there. */
export const unknownEntry = (words: readonly string[]): Unknown => {
  const [first = '', second] = words;
  const next = 'See what there is: flux-chatops help';
  const under = catalogue
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${first.toLowerCase()} `));
  if (under.length > 0) {
    const verbs = under.map((name) => name.slice(first.length + 1));
    const close = second === undefined ? undefined : nearest(second, verbs);
    const what =
      second === undefined ? `${first} what?` : `There is no command "${first} ${second}".`;
    return close === undefined
      ? { what: `${what} There is: ${under.join(', ')}.`, next }
      : { what: `${what} Did you mean ${first} ${close}?`, next };
  }
  const names = catalogue.map(({ name }) => name);
  const close =
    nearest(words.slice(0, 2).join(' '), names) ??
    nearest(first, names) ??
    names.find((name) => nearest(first, [name.split(' ')[0] ?? '']) !== undefined);
  return {
    what: `There is no command "${first}".${close === undefined ? '' : ` Did you mean ${close}?`}`,
    next,
  };
};
