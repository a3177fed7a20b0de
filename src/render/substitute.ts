import { fail, ok, type Result } from '#src/result.ts';

/**
 * Post-build substitution as kustomize-controller does it: `${name}` with the operators of
 * fluxcd/pkg/envsubst, `$$` for one dollar sign, braces always needed. In strict mode a variable that is
 * not set is an error unless its operator brings a default.
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
 */

interface Cursor {
  readonly text: string;
  at: number;
}

interface Expression {
  readonly name: string;
  readonly operator: string;
  readonly words: readonly string[];
}

const identifier = /[\p{L}\p{Nd}_]+/uy;

const readIdentifier = (cursor: Cursor): string => {
  identifier.lastIndex = cursor.at;
  const found = identifier.exec(cursor.text)?.[0] ?? '';
  cursor.at += found.length;
  return found;
};

const take = (cursor: Cursor, choices: readonly string[]): string | undefined => {
  const found = choices.find((choice) => cursor.text.startsWith(choice, cursor.at));
  cursor.at += found?.length ?? 0;
  return found;
};

type Lookup = (name: string) => string | undefined;

const problem = (detail: string): Result<never, string> => fail(detail);

/** Reads one word of an expression up to a stop character; a `${…}` inside it is replaced at once. */
const readWord = (
  cursor: Cursor,
  stops: string,
  escapes: boolean,
  lookup: Lookup,
): Result<string, string> => {
  let word = '';
  while (cursor.at < cursor.text.length) {
    const here = cursor.text.charAt(cursor.at);
    if (stops.includes(here)) {
      return ok(word);
    }
    if (cursor.text.startsWith('${', cursor.at)) {
      cursor.at += 2;
      const inner = readExpression(cursor, lookup);
      if (!inner.ok) {
        return inner;
      }
      word += inner.value;
      continue;
    }
    const next = cursor.text.charAt(cursor.at + 1);
    const escaped =
      escapes && ((here === '\\' && '/\\'.includes(next) && next !== '') || here + next === '$$');
    word += escaped ? next : here;
    cursor.at += escaped ? 2 : 1;
  }
  return problem('bad substitution: closing brace is missing');
};

const defaults = [':=', ':-', ':?', ':+', '='] as const;
const others = [
  // a mixed pair is read and does nothing, as in envsubst
  ...['^^', '^,', '^', ',,', ',^', ','],
  ...['##', '#', '%%', '%', '//', '/#', '/%', '/', ':'],
] as const;

/** Reads a word that must be there: `${name#}` is an error, not an empty pattern. */
const requireWord = (
  cursor: Cursor,
  stops: string,
  escapes: boolean,
  lookup: Lookup,
): Result<string, string> => {
  const start = cursor.at;
  const word = readWord(cursor, stops, escapes, lookup);
  return word.ok && cursor.at === start
    ? problem('unable to parse substitution within function')
    : word;
};

const readReplacement = (cursor: Cursor, lookup: Lookup): Result<readonly string[], string> => {
  // a pattern may hold a closing brace
  const search = requireWord(cursor, '/', true, lookup);
  if (!search.ok) {
    return search;
  }
  // any number of slashes is one delimiter
  while (take(cursor, ['/']) !== undefined);
  const replacement = readWord(cursor, '}', true, lookup);
  return replacement.ok ? ok([search.value, replacement.value]) : replacement;
};

const readPositions = (cursor: Cursor, lookup: Lookup): Result<readonly string[], string> => {
  const position = requireWord(cursor, ':}', false, lookup);
  if (!position.ok || take(cursor, [':']) === undefined) {
    return position.ok ? ok([position.value]) : position;
  }
  while (take(cursor, [':']) !== undefined);
  const count = requireWord(cursor, '}', false, lookup);
  return count.ok ? ok([position.value, count.value]) : count;
};

const readWords = (
  operator: string,
  cursor: Cursor,
  lookup: Lookup,
): Result<readonly string[], string> => {
  if (operator === '' || /^[,^]/.test(operator)) {
    return ok([]);
  }
  if (operator.startsWith('/')) {
    return readReplacement(cursor, lookup);
  }
  if (operator === ':') {
    return readPositions(cursor, lookup);
  }
  const read = defaults.some((known) => known === operator) ? readWord : requireWord;
  const word = read(cursor, '}', false, lookup);
  return word.ok ? ok([word.value]) : word;
};

/** Reads after `${` up to and with `}` and gives the replacement. */
const readExpression = (cursor: Cursor, lookup: Lookup): Result<string, string> => {
  const length = take(cursor, ['#']);
  const name = readIdentifier(cursor);
  if (name === '') {
    return problem('unable to parse variable name');
  }
  const operator = length === undefined ? (take(cursor, [...defaults, ...others]) ?? '') : 'length';
  const words = length === undefined ? readWords(operator, cursor, lookup) : ok([]);
  if (!words.ok) {
    return words;
  }
  if (take(cursor, ['}']) === undefined) {
    return problem(`bad substitution of "${name}": closing brace is missing`);
  }
  const value = lookup(name);
  if (value === undefined && !defaults.some((known) => known === operator)) {
    return problem(`variable not set (strict mode): "${name}"`);
  }
  return ok(apply({ name, operator, words: words.value }, value ?? ''));
};

const glob = (pattern: string): RegExp | undefined => {
  const source = pattern.replace(/\\.|\[[^\]]*\]|\*|\?|[\\^$.|+(){}[\]]/gs, (part) => {
    if (part === '*') {
      return '.*';
    }
    if (part === '?') {
      return '.';
    }
    const isClass = part.length > 2 && part.startsWith('[');
    return isClass ? part : `\\${part.at(-1) ?? ''}`;
  });
  try {
    return new RegExp(`^(?:${source})$`, 'su');
  } catch {
    return undefined;
  }
};

const trimPrefix = (value: string, pattern: string, longest: boolean): string => {
  const matcher = glob(pattern);
  const lengths = Array.from({ length: value.length }, (_, index) => index + 1);
  const matching = lengths.filter((length) => matcher?.test(value.slice(0, length)));
  return value.slice((longest ? matching.at(-1) : matching[0]) ?? 0);
};

const reversed = (text: string): string => [...text].reverse().join('');

// envsubst turns value and pattern round, so a class such as [a-z] never matches at an end
const trimSuffix = (value: string, pattern: string, longest: boolean): string =>
  reversed(trimPrefix(reversed(value), reversed(pattern), longest));

const substring = (value: string, words: readonly string[]): string => {
  const isInteger = (word: string) => /^[+-]?\d+$/.test(word);
  const [from = '', count] = words;
  if (!isInteger(from) || (count !== undefined && !isInteger(count))) {
    return value;
  }
  const position = Number(from) < 0 ? Math.max(0, value.length + Number(from)) : Number(from);
  return value.slice(position, count === undefined ? undefined : position + Number(count));
};

const replace = (operator: string, value: string, words: readonly string[]): string => {
  const [search = '', replacement = ''] = words;
  switch (operator) {
    case '//':
      return value.replaceAll(search, () => replacement);
    case '/#':
      return value.startsWith(search) ? replacement + value.slice(search.length) : value;
    case '/%':
      return value.endsWith(search)
        ? value.slice(0, value.length - search.length) + replacement
        : value;
    default:
      return value.replace(search, () => replacement);
  }
};

const changeCase = (operator: string, value: string): string => {
  if (operator === '^,' || operator === ',^') {
    return value;
  }
  const change = (text: string) =>
    operator.startsWith('^') ? text.toUpperCase() : text.toLowerCase();
  return operator.length === 2 ? change(value) : change(value.charAt(0)) + value.slice(1);
};

const apply = (expression: Expression, value: string): string => {
  const { operator, words } = expression;
  const [word = ''] = words;
  if (operator === 'length') {
    return String(Buffer.byteLength(value));
  }
  if (operator === ':') {
    return substring(value, words);
  }
  if (operator.startsWith('^') || operator.startsWith(',')) {
    return changeCase(operator, value);
  }
  if (operator.startsWith('#')) {
    return trimPrefix(value, word, operator === '##');
  }
  if (operator.startsWith('%')) {
    return trimSuffix(value, word, operator === '%%');
  }
  if (operator.startsWith('/')) {
    return replace(operator, value, words);
  }
  // every default operator of envsubst behaves alike: the word stands in for an empty value
  return value === '' ? words.join('') : value;
};

/**
 * Replaces every expression in a text.
 * @param strict - an unset variable is an error; otherwise it is empty, as Flux did before 2.9
 * @returns the new text, or the words of the error as the controller reports it
 */
export const substituteText = (
  text: string,
  variables: ReadonlyMap<string, string>,
  strict = true,
): Result<string, string> => {
  const lookup: Lookup = (name) => variables.get(name) ?? (strict ? undefined : '');
  const cursor: Cursor = { text, at: 0 };
  let output = '';
  while (cursor.at < text.length) {
    const dollar = text.indexOf('$', cursor.at);
    if (dollar < 0) {
      return ok(output + text.slice(cursor.at));
    }
    output += text.slice(cursor.at, dollar);
    const next = text.charAt(dollar + 1);
    cursor.at = dollar + (next === '{' || next === '$' ? 2 : 1);
    if (next !== '{') {
      output += '$';
      continue;
    }
    const replaced = readExpression(cursor, lookup);
    if (!replaced.ok) {
      return replaced;
    }
    output += replaced.value;
  }
  return ok(output);
};

/** The names that a text asks for, in order of appearance; escaped ones are left out. */
export const namesIn = (text: string): readonly string[] => {
  const names = [...text.matchAll(/\$\$|\$\{#?([\p{L}\p{Nd}_]+)/gu)].flatMap(
    (found) => found[1] ?? [],
  );
  return [...new Set(names)];
};

/** The rule for names of variables; kustomize-controller refuses others. */
export const isVariableName = (name: string): boolean => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name);
