import type { ArgumentDoc } from '#src/command/define.ts';
import { flagName, placesLeft } from '#src/command/words.ts';
import type { CliDoc } from '#src/entry/cli/docs.ts';
import { type OwnOption, ownOptions } from '#src/entry/cli/options.ts';

/** One word that could stand where the cursor is. */
export interface Candidate {
  readonly text: string;
  readonly help: string;
}

/** What has to be looked up to know the words. */
export type Source =
  | 'contexts'
  | 'clusters'
  | 'kinds'
  | 'namespaces'
  | 'objects'
  | 'rungs'
  | 'files';

export interface Fitting {
  readonly candidates: readonly Candidate[];
  readonly sources: readonly Source[];
  /** Stands before each word that is looked up: `--kind=`. */
  readonly prefix: string;
  /** What was typed of the word, behind the prefix. */
  readonly typed: string;
}

const sources: Readonly<Record<string, Source>> = {
  cluster: 'clusters',
  kind: 'kinds',
  namespace: 'namespaces',
  object: 'objects',
  rung: 'rungs',
  file: 'files',
  ladder: 'files',
  config: 'files',
  context: 'contexts',
};

const ownFlag = ({ name, says }: OwnOption): Candidate => ({ text: `--${name}`, help: says });

const startsWith =
  (typed: string) =>
  ({ text }: Candidate): boolean =>
    text.toLowerCase().startsWith(typed.toLowerCase());

interface Valued {
  readonly name: string;
  readonly choices: readonly string[];
}

const valuesOf = ({ name, choices }: Valued, prefix: string, typed: string): Fitting => ({
  candidates: choices
    .map((choice) => ({ text: prefix + choice, help: '' }))
    .filter(startsWith(prefix + typed)),
  sources: choices.length > 0 || sources[name] === undefined ? [] : [sources[name]],
  prefix,
  typed,
});

const wordsFit = (candidates: readonly Candidate[], typed: string): Fitting => ({
  candidates: candidates.filter(startsWith(typed)),
  sources: [],
  prefix: '',
  typed,
});

/** The flag that a word is, where a value has to follow it. */
const valuedFlag = (word: string, doc: CliDoc | undefined): Valued | undefined => {
  const own = ownOptions.find(({ name, value }) => value !== undefined && word === `--${name}`);
  if (own !== undefined) {
    return { name: own.name, choices: own.choices ?? [] };
  }
  return doc?.arguments.find(
    ({ name, type }) => type !== 'boolean' && word === `--${flagName(name)}`,
  );
};

interface Reading {
  readonly doc: CliDoc | undefined;
  /** Words that are no flags, after the name of the command. */
  readonly free: readonly string[];
  readonly flags: readonly string[];
  /** The flag before the cursor that waits for its value. */
  readonly open: Valued | undefined;
}

const read = (words: readonly string[], docs: readonly CliDoc[]): Reading => {
  const plain: string[] = [];
  const flags: string[] = [];
  let open: Valued | undefined;
  const named = () =>
    docs.find(({ name }) => name === plain.slice(0, 2).join(' ')) ??
    docs.find(({ name }) => name === plain[0]);
  for (const word of words) {
    if (open !== undefined) {
      open = undefined;
    } else if (word.startsWith('-')) {
      flags.push(word.replace(/=.*$/s, ''));
      open = word.includes('=') ? undefined : valuedFlag(word, named());
    } else {
      plain.push(word);
    }
  }
  const doc = named();
  const taken = doc === undefined ? 0 : doc.name.split(' ').length;
  return { doc, free: plain.slice(taken), flags, open };
};

const commandWords = (docs: readonly CliDoc[], before: readonly string[]): readonly Candidate[] => {
  const lead = before.map((word) => `${word} `).join('');
  const under = docs
    .filter(({ name }) => name.startsWith(lead))
    .map(({ name, summary }) => ({ words: name.slice(lead.length).split(' '), summary }));
  return [...Map.groupBy(under, ({ words }) => words[0] ?? '')].map(([text, list]) => ({
    text,
    help:
      list.length === 1
        ? (list[0]?.summary ?? '')
        : list.map(({ words }) => words.slice(1).join(' ')).join(', '),
  }));
};

const flagFitting = (typed: string, { doc, flags }: Reading): Fitting => {
  const at = typed.indexOf('=');
  if (at > 0) {
    const valued = valuedFlag(typed.slice(0, at), doc);
    return valued === undefined
      ? wordsFit([], typed)
      : valuesOf(valued, typed.slice(0, at + 1), typed.slice(at + 1));
  }
  const own = ownOptions.map(ownFlag);
  const further = (doc?.arguments ?? []).map(({ name, description }) => ({
    text: `--${flagName(name)}`,
    help: description,
  }));
  const isOpen = ({ text }: Candidate) => text === '--context' || !flags.includes(text);
  return wordsFit([...further, ...own].filter(isOpen), typed);
};

/** The arguments that a word without a flag can mean here: those that are left, up to one that must be said. */
const meantHere = (doc: CliDoc, { free, flags }: Reading): readonly ArgumentDoc[] => {
  const byFlag = (name: string): boolean => flags.includes(`--${flagName(name)}`);
  const places = doc.positional.filter((name) => !byFlag(name));
  const left = placesLeft(free, doc.arguments, places).flatMap(
    (wanted) => doc.arguments.find(({ name }) => name === wanted) ?? [],
  );
  const must = left.findIndex(({ required }) => required);
  return must < 0 ? left : left.slice(0, must + 1);
};

/**
 * What could stand where the cursor is.
 * @param words - those before it, without the program
 * @param typed - the start of the word at the cursor; empty after a space
 */
export const whatFits = (
  words: readonly string[],
  typed: string,
  docs: readonly CliDoc[],
): Fitting => {
  const reading = read(words, docs);
  const { doc, free, open } = reading;
  if (open !== undefined) {
    return valuesOf(open, '', typed);
  }
  if (typed.startsWith('-')) {
    return flagFitting(typed, reading);
  }
  if (doc === undefined) {
    return wordsFit(commandWords(docs, free), typed);
  }
  if (doc.name === 'help') {
    return wordsFit(commandWords(docs, free), typed);
  }
  const fitting = meantHere(doc, reading).map((argument) => valuesOf(argument, '', typed));
  return {
    ...wordsFit([], typed),
    candidates: fitting.flatMap(({ candidates }) => candidates),
    sources: fitting.flatMap((one) => one.sources),
  };
};
