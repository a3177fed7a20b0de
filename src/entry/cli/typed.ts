import type { CommandDoc } from '#src/command/define.ts';
import { flagName } from '#src/command/words.ts';
import type { Button } from '#src/view.ts';

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A button as the line that does the same in a shell; undefined where the terminal has no such command. */
export const typedFor =
  (docs: readonly Pick<CommandDoc, 'name' | 'positional'>[]) =>
  ({ command, input }: Button): string | undefined => {
    const doc = docs.find(({ name }) => name === command);
    if (doc === undefined) {
      return undefined;
    }
    // a word has its place only as long as none before it is missing
    const missing = doc.positional.findIndex((name) => !(name in input));
    const placed = missing === -1 ? doc.positional : doc.positional.slice(0, missing);
    const flags = Object.entries(input).flatMap(([name, value]) => {
      if (placed.includes(name) || value === false) {
        return [];
      }
      const flag = `--${flagName(name)}`;
      return [value === true ? flag : `${flag} ${quoted(String(value))}`];
    });
    const words = placed.map((name) => quoted(String(input[name])));
    return ['flux-chatops', command, ...words, ...flags].join(' ');
  };
