import type { AnyCommand, ArgumentDoc, CommandDoc, Context } from '#src/command/define.ts';
import type { Target } from '#src/command/policy.ts';
import { type Asked, inputOf, namedIn } from '#src/command/read-request.ts';
import { resolveClusters, resolveObject } from '#src/command/resolve.ts';
import { flagName, flagsOf, nearest, readWords } from '#src/command/words.ts';
import type { FormInput, FormValue } from '#src/form.ts';

/** A request with its typos taken out, and how a person would have typed it. */
export interface Correction {
  readonly command: string;
  readonly input: FormInput;
  readonly text: string;
  /** It can still mean several things, which a form can settle. */
  readonly isOpen: boolean;
}

const withFlags = (words: readonly string[], doc: CommandDoc): readonly string[] => {
  const known = flagsOf(doc.arguments);
  return words.map((word) => {
    const [, written = '', rest = ''] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
    const meant = written === '' || known.includes(written) ? written : nearest(written, known);
    return written === '' || meant === undefined ? word : `--${meant}${rest}`;
  });
};

const clusterMeant = (word: string, context: Context): string => {
  const found = resolveClusters(word, context);
  return !found.ok && found.failure.code === 'unknown-cluster'
    ? (found.failure.nearest ?? word)
    : word;
};

const objectMeant = (
  word: string,
  cluster: string | undefined,
  doc: CommandDoc,
  context: Context,
): string => {
  const found = resolveObject(word, cluster, doc.permission ?? '', context);
  return !found.ok && 'nearest' in found.failure ? (found.failure.nearest ?? word) : word;
};

const meant = (
  argument: ArgumentDoc,
  value: FormValue,
  input: FormInput,
  doc: CommandDoc,
  context: Context,
): FormValue => {
  if (typeof value !== 'string') {
    return value;
  }
  if (argument.candidates === 'clusters') {
    return clusterMeant(value, context);
  }
  if (argument.candidates === 'objects') {
    const named = doc.arguments.find(({ candidates }) => candidates === 'clusters');
    const cluster = named === undefined ? undefined : input[named.name];
    return objectMeant(value, typeof cluster === 'string' ? cluster : undefined, doc, context);
  }
  return argument.choices.length === 0 || argument.choices.includes(value)
    ? value
    : (nearest(value, argument.choices) ?? value);
};

/** Clusters before objects, since a name is looked for where the person said. */
const correctInput = (given: FormInput, doc: CommandDoc, context: Context): FormInput => {
  const input: Record<string, FormValue> = { ...given };
  const isObject = ({ candidates }: ArgumentDoc) => candidates === 'objects';
  const last = doc.arguments.filter(isObject);
  for (const argument of [...doc.arguments.filter((one) => !isObject(one)), ...last]) {
    const value = input[argument.name];
    if (value !== undefined) {
      input[argument.name] = meant(argument, value, input, doc, context);
    }
  }
  return input;
};

const quoted = (value: FormValue): string =>
  /^[^\s"'`\\]+$/.test(String(value)) ? String(value) : JSON.stringify(String(value));

/** A request as a person would type it after the root command; read back, it is the same request. */
export const writeRequest = (doc: CommandDoc, input: FormInput): string => {
  const gap = doc.positional.findIndex((name) => input[name] === undefined);
  const places = gap < 0 ? doc.positional : doc.positional.slice(0, gap);
  const flags = doc.arguments
    .filter(({ name }) => !places.includes(name))
    .flatMap(({ name, initial }) => {
      const value = input[name];
      if (value === undefined || value === initial) {
        return [];
      }
      const flag = flagName(name);
      return typeof value === 'boolean'
        ? [value ? `--${flag}` : `--no-${flag}`]
        : [`--${flag}=${quoted(value)}`];
    });
  return [doc.name, ...places.map((name) => quoted(input[name] ?? '')), ...flags].join(' ');
};

/** What a command says that its request is about; undefined where its words are not even read. */
const targetsOf = (command: AnyCommand, input: FormInput, context: Context) => {
  const prepared = command.prepare(input);
  return prepared.ok ? prepared.value.targets(context) : undefined;
};

/** The input with the word that the command did not find as the one that it found near. */
const withNearest = (input: FormInput, command: AnyCommand, context: Context): FormInput => {
  const targets = targetsOf(command, input, context);
  const failure = targets?.ok === false ? targets.failure : undefined;
  if (failure === undefined || !('name' in failure) || !('nearest' in failure)) {
    return input;
  }
  const { name, nearest: meantWord } = failure;
  return Object.fromEntries(
    Object.entries(input).map(([argument, value]) => [
      argument,
      value === name && meantWord !== undefined ? meantWord : value,
    ]),
  );
};

const isTheSame = (asked: Asked, doc: CommandDoc, text: string): boolean => {
  const before = namedIn(asked).name === doc.name ? inputOf(asked, doc) : undefined;
  return before?.ok === true && writeRequest(doc, before.value) === text;
};

/**
 * The request that a person most likely meant; undefined where nothing near is one that would be carried
 * out for this very person. Only what the person may use is ever compared with.
 */
export const correctionOf = (
  asked: Asked,
  commands: readonly AnyCommand[],
  context: Context,
  allowed: (permission: string | undefined, targets: readonly Target[]) => boolean,
): Correction | undefined => {
  const { name, words } = namedIn(asked);
  const usable = commands.filter(({ doc }) => context.mayEver(doc.permission));
  const meantName = nearest(
    name,
    usable.map(({ doc }) => doc.name),
  );
  const command = usable.find(({ doc }) => doc.name === meantName);
  if (command === undefined) {
    return undefined;
  }
  const { doc } = command;
  const read =
    words === undefined
      ? inputOf(asked, doc)
      : readWords(withFlags(words, doc), doc.arguments, doc.positional);
  if (!read.ok) {
    return undefined;
  }
  const input = withNearest(correctInput(read.value, doc, context), command, context);
  const text = writeRequest(doc, input);
  const targets = targetsOf(command, input, context);
  if (targets === undefined || isTheSame(asked, doc, text)) {
    return undefined;
  }
  const isOpen = !targets.ok && targets.failure.code === 'ambiguous';
  return isOpen || (targets.ok && allowed(doc.permission, targets.value))
    ? { command: doc.name, input, text, isOpen }
    : undefined;
};
