import { nearest } from '#src/command/words.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** An option of the program itself, understood with every command, wherever it stands. */
export interface OwnOption {
  readonly name: string;
  readonly short?: string;
  /** What follows it; none for a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly says: string;
}

export const colorChoices = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof colorChoices)[number];

export const ownOptions: readonly OwnOption[] = [
  {
    name: 'context',
    value: '[CLUSTER=]CONTEXT',
    says: 'context of your kubeconfig; once for each cluster that you want to see',
  },
  {
    name: 'config',
    value: 'FILE',
    says: 'configuration of the bot; else FLUX_CHATOPS_CONFIG, else ./flux-chatops.yaml where there is one',
  },
  {
    name: 'json',
    says: 'one JSON document on standard output, progress as JSON lines on standard error',
  },
  {
    name: 'color',
    value: colorChoices.join('|'),
    choices: colorChoices,
    says: 'auto colours a terminal; NO_COLOR, FORCE_COLOR and TERM=dumb count',
  },
  { name: 'no-color', says: 'the same as --color=never' },
  { name: 'help', short: 'h', says: 'all about a command' },
  { name: 'version', says: 'the version' },
];

export interface OwnOptions {
  readonly config: string | undefined;
  readonly contexts: readonly string[];
  readonly json: boolean;
  readonly color: ColorChoice;
  readonly help: boolean;
  readonly version: boolean;
  /** Everything else, in order. */
  readonly rest: readonly string[];
}

interface Found {
  readonly option: OwnOption;
  readonly value: string | undefined;
  readonly took: number;
}

const find = (word: string, next: string | undefined): Result<Found | undefined, string> => {
  const [, name, , inline] = /^--([^=]+)(=([\s\S]*))?$/.exec(word) ?? [];
  const option = ownOptions.find(
    (one) => one.name === name || (one.short !== undefined && word === `-${one.short}`),
  );
  if (option === undefined) {
    return ok(undefined);
  }
  const written = `--${option.name}`;
  if (option.value === undefined) {
    return inline === undefined
      ? ok({ option, value: undefined, took: 1 })
      : fail(`${written} takes no value "${inline}".`);
  }
  const value = inline ?? next;
  if (value === undefined || value === '' || (inline === undefined && value.startsWith('-'))) {
    return fail(`${written} needs a value: ${written} ${option.value}.`);
  }
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const close = nearest(value, option.choices);
    return fail(
      `${written} is ${option.choices.join(', ')}; not "${value}".${close === undefined ? '' : ` Did you mean ${close}?`}`,
    );
  }
  return ok({ option, value, took: inline === undefined ? 2 : 1 });
};

/** Takes the program's own options out of the words. @returns them with the rest; or every mistake */
export const readOptions = (words: readonly string[]): Result<OwnOptions, readonly string[]> => {
  const given = new Map<string, string[]>();
  const rest: string[] = [];
  const problems: string[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    const found = find(word, words[at + 1]);
    if (!found.ok) {
      problems.push(found.failure);
      at += 1;
    } else if (found.value === undefined) {
      rest.push(word);
      at += 1;
    } else {
      const { option, value, took } = found.value;
      given.set(option.name, [...(given.get(option.name) ?? []), value ?? '']);
      at += took;
    }
  }
  const color = colorChoices.find((choice) => choice === given.get('color')?.at(-1)) ?? 'auto';
  return problems.length > 0
    ? fail(problems)
    : ok({
        config: given.get('config')?.at(-1),
        contexts: given.get('context') ?? [],
        json: given.has('json'),
        color: given.has('no-color') ? 'never' : color,
        help: given.has('help'),
        version: given.has('version'),
        rest,
      });
};

export interface ColorWish {
  readonly choice: ColorChoice;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** Whether to colour: what was said on the command line, else FORCE_COLOR, NO_COLOR, and where it goes. */
export const wantsColor = ({ choice, environment, isTerminal }: ColorWish): boolean => {
  if (choice !== 'auto') {
    return choice === 'always';
  }
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) {
    return !['0', 'false', 'never'].includes(forced);
  }
  const isUnwanted = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return isTerminal && !isUnwanted;
};
