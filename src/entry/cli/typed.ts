import type { CommandDoc } from '#src/command/define.ts';
import { flagName } from '#src/command/words.ts';
import type { OwnOptions } from '#src/entry/cli/options.ts';
import type { Button } from '#src/view.ts';

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** What a person said of where to look; what follows is to be looked for there, too. */
type Where = Pick<OwnOptions, 'contexts' | 'config'>;

const sayWhere = ({ contexts, config }: Where): readonly string[] => [
  ...contexts.map((context) => `--context ${quoted(context)}`),
  ...(config === undefined ? [] : [`--config ${quoted(config)}`]),
];

/**
 * A button as the line that does the same in a shell; undefined where the terminal has no such command, or
 * where a form would ask for the rest.
 */
export const typedFor =
  (
    docs: readonly Pick<CommandDoc, 'name' | 'positional' | 'arguments'>[],
    where: Where = { contexts: [], config: undefined },
  ) =>
  ({ command, input }: Button): string | undefined => {
    const doc = docs.find(({ name }) => name === command);
    if (doc?.arguments.every(({ name, required }) => !required || name in input) !== true) {
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
    return ['flux-chatops', command, ...words, ...flags, ...sayWhere(where)].join(' ');
  };
