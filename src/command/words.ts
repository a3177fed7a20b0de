import { fail, ok, type Result } from '#src/result.ts';

// chat clients rewrite what people type: curly quotes, two hyphens to a dash, three dots to one sign
const straighten = (text: string): string =>
  text
    .replace(/\u200b|\u200d|\u2060|\ufeff/g, '')
    .replace(/[\u2018\u2019\u201a\u201b]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f\u00ab\u00bb]/g, '"')
    .replace(/[\u00a0\u2007\u2009\u202f]/g, ' ')
    .replace(/[\u2010\u2011\u2212]/g, '-')
    .replace(/(^|\s)[\u2013\u2014]-?(?=[a-zA-Z])/g, '$1--')
    .replace(/\u2026/g, '...');

// a word is a run of plain characters, escaped ones and quoted stretches; an open quote ends with the text
const wordForm = /(?:[^\s"'\\]|\\[\s\S]|\\$|"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|'[^']*(?:'|$))+/g;
const pieceForm = /"((?:[^"\\]|\\[\s\S])*)(?:"|\\?$)|'([^']*)(?:'|$)|\\([\s\S]?)|([^\s"'\\]+)/g;

// a name that is copied from a message may come with the marks of code around it
const withoutMarks = (text: string): string => text.replaceAll('`', '');
const withoutEscapes = (text: string): string => text.replace(/\\([\s\S])/g, '$1');

/**
 * Splits what a person typed into words, as a shell would: quotes keep spaces, a backslash keeps the next
 * character. Undoes what chat clients make of quotes and hyphens. Never throws.
 */
export const tokenize = (text: string): readonly string[] =>
  (straighten(text).match(wordForm) ?? []).map((word) =>
    word.replace(
      pieceForm,
      (_, double?: string, single?: string, escaped?: string, plain?: string) =>
        double === undefined
          ? (single ?? escaped ?? withoutMarks(plain ?? ''))
          : withoutEscapes(double),
    ),
  );

export interface ArgumentShape {
  /** As in the schema: `withSource`. */
  readonly name: string;
  readonly type: 'boolean' | 'string' | 'number';
  /** The only values, where there are few; left out or empty: any. */
  readonly choices?: readonly string[] | undefined;
  /** Words that mean this argument wherever they stand, where it takes others besides its choices. */
  readonly words?: readonly string[] | undefined;
}

/** `withSource` → `with-source`, the form of a flag. */
export const flagName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

type Input = Record<string, string | boolean | number>;

/** Every flag there is, in the form without its hyphens. */
export const flagsOf = (shapes: readonly ArgumentShape[]): readonly string[] =>
  shapes.flatMap(({ name, type }) =>
    type === 'boolean' ? [flagName(name), `no-${flagName(name)}`] : [flagName(name)],
  );

const readFlag = (
  word: string,
  next: string | undefined,
  shapes: readonly ArgumentShape[],
): Result<
  { readonly name: string; readonly value: string | boolean; readonly took: number },
  string
> => {
  const [, written = '', , inline] = /^--([^=]+)(=(.*))?$/s.exec(word) ?? [];
  const negated = shapes.find(
    (shape) => shape.type === 'boolean' && `no-${flagName(shape.name)}` === written,
  );
  if (negated !== undefined && inline === undefined) {
    return ok({ name: negated.name, value: false, took: 1 });
  }
  const shape = shapes.find((candidate) => flagName(candidate.name) === written.toLowerCase());
  if (shape === undefined) {
    const close = nearest(written, flagsOf(shapes));
    return fail(
      `There is no flag --${written}.${close === undefined ? '' : ` Did you mean --${close}?`}`,
    );
  }
  if (shape.type === 'boolean') {
    return inline === undefined || inline === 'true' || inline === 'false'
      ? ok({ name: shape.name, value: inline !== 'false', took: 1 })
      : fail(`--${written} is on or off and takes no value "${inline}".`);
  }
  if (inline !== undefined) {
    return ok({ name: shape.name, value: inline, took: 1 });
  }
  return next === undefined || next.startsWith('--')
    ? fail(`--${written} needs a value.`)
    : ok({ name: shape.name, value: next, took: 2 });
};

const choiceOf = (shape: ArgumentShape | undefined, word: string): string | undefined =>
  shape?.choices?.find((choice) => choice === word.toLowerCase());

const typed = (
  shape: ArgumentShape | undefined,
  value: string | boolean,
): string | boolean | number => {
  if (typeof value !== 'string') {
    return value;
  }
  return shape?.type === 'number' && value.trim() !== '' && !Number.isNaN(Number(value))
    ? Number(value)
    : (choiceOf(shape, value) ?? value);
};

/**
 * The argument that a word without a flag means: the one that has it among its own, else the first free one
 * that may mean it. So `get infra` names a cluster, and `get falling` is a slip for `failing`.
 */
const placeOf = (
  word: string,
  free: readonly string[],
  shapes: readonly ArgumentShape[],
): string | undefined => {
  const ownOf = (name: string): readonly string[] => {
    const { choices = [], words = [] } = shapes.find((shape) => shape.name === name) ?? {};
    return [...choices, ...words];
  };
  const mayMean = (own: readonly string[]): boolean =>
    own.length === 0 || nearest(word, own) !== undefined;
  return (
    free.find((name) => ownOf(name).includes(word.toLowerCase())) ??
    free.find((name) => mayMean(ownOf(name))) ??
    free[0]
  );
};

/** The arguments that are left, in order, for what follows these words without a flag. */
export const placesLeft = (
  words: readonly string[],
  shapes: readonly ArgumentShape[],
  positional: readonly string[],
): readonly string[] =>
  words.reduce((left, word) => {
    const taken = placeOf(word, left, shapes);
    return left.filter((name) => name !== taken);
  }, positional);

/**
 * Reads words into the input of a command: flags by name, the others by position and by what they can mean.
 * @returns the input for the command's schema; or every problem, in words
 */
export const readWords = (
  words: readonly string[],
  shapes: readonly ArgumentShape[],
  positional: readonly string[],
): Result<Readonly<Input>, readonly string[]> => {
  const input: Input = {};
  const problems: string[] = [];
  const free: string[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    if (!/^--./.test(word)) {
      free.push(word);
      at += 1;
      continue;
    }
    const flag = readFlag(word, words[at + 1], shapes);
    if (flag.ok) {
      const { name, value, took } = flag.value;
      input[name] = typed(
        shapes.find((shape) => shape.name === name),
        value,
      );
      at += took;
    } else {
      problems.push(flag.failure);
      at += 1;
    }
  }
  for (const word of free) {
    const open = positional.filter((name) => input[name] === undefined);
    const name = placeOf(word, open, shapes);
    if (name === undefined) {
      problems.push(`"${word}" is one word too many.`);
    } else {
      input[name] = typed(
        shapes.find((shape) => shape.name === name),
        word,
      );
    }
  }
  return problems.length === 0 ? ok(input) : fail(problems);
};

/** Letters added, left out, changed, or swapped with their neighbour. */
const distance = (left: string, right: string): number => {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      const swaps = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swapped = swaps ? (before[j - 2] ?? 0) + 1 : changed;
      next.push(Math.min(changed, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
};

/** The candidate that a typo most likely meant; undefined where none is close. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  const wanted = word.toLowerCase().slice(0, 100);
  const scored = candidates
    .map((candidate) => ({ candidate, off: distance(wanted, candidate.toLowerCase()) }))
    .toSorted((left, right) => left.off - right.off);
  const [best] = scored;
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  return best !== undefined && best.off <= allowed ? best.candidate : undefined;
};
