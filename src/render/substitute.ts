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
const others = ['^^', '^', ',,', ',', '##', '#', '%%', '%', '//', '/#', '/%', '/', ':'] as const;

const readWords = (
  operator: string,
  cursor: Cursor,
  lookup: Lookup,
): Result<readonly string[], string> => {
  if (operator === '' || '^^,,'.includes(operator)) {
    return ok([]);
  }
  const second = operator.startsWith('/') ? '/' : ':';
  const isPair = operator.startsWith('/') || operator === ':';
  const escapes = operator.startsWith('/');
  // a pattern may hold a closing brace, a position may not
  const stops = { pair: escapes ? '/' : ':}', single: '}' }[isPair ? 'pair' : 'single'];
  const first = readWord(cursor, stops, escapes, lookup);
  if (!first.ok) {
    return first;
  }
  if (!isPair || take(cursor, [second]) === undefined) {
    return ok([first.value]);
  }
  const rest = readWord(cursor, '}', escapes, lookup);
  return rest.ok ? ok([first.value, rest.value]) : rest;
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
  const source = pattern.replace(/\[[^\]]*\]|\*|\?|[\\^$.|+(){}[\]]/g, (part) => {
    if (part === '*') {
      return '.*';
    }
    if (part === '?') {
      return '.';
    }
    return part.length > 2 && part.startsWith('[') ? part : `\\${part}`;
  });
  try {
    return new RegExp(`^(?:${source})$`, 'su');
  } catch {
    return undefined;
  }
};

const affixLength = (value: string, pattern: string, ending: boolean, longest: boolean): number => {
  const matcher = glob(pattern);
  const lengths = Array.from(value, (_, index) => index + 1);
  const matching = lengths.filter((length) =>
    matcher?.test(ending ? value.slice(-length) : value.slice(0, length)),
  );
  return (longest ? matching.at(-1) : matching[0]) ?? 0;
};

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
    return value.slice(affixLength(value, word, false, operator === '##'));
  }
  if (operator.startsWith('%')) {
    return value.slice(0, value.length - affixLength(value, word, true, operator === '%%'));
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
