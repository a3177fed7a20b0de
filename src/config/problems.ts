import { z } from 'zod';
import { nearest } from '#src/command/words.ts';

/** One mistake in the configuration, for the person who wrote it. */
export interface ConfigProblem {
  /** `access.grants[2].role`; empty: the file itself. */
  readonly path: string;
  readonly wrong: string;
  /** What it could be instead. */
  readonly example: string | undefined;
  /** Where in the file, counted from 1. */
  readonly at?: { readonly line: number; readonly column: number } | undefined;
}

/** Takes one mistake that the shape of the configuration does not show. */
export type Report = (path: readonly (string | number)[], message: string) => void;

export const writePath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (written, part) =>
      typeof part === 'number'
        ? `${written}[${part}]`
        : `${written}${written === '' ? '' : '.'}${String(part)}`,
    '',
  );

const Described = z.object({
  examples: z.array(z.unknown()).optional(),
  enum: z.array(z.string()).optional(),
  required: z.array(z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

const stepInto = (schema: unknown, part: PropertyKey): unknown => {
  const parsed = Described.safeParse(schema);
  if (!parsed.success) {
    return undefined;
  }
  const { properties, additionalProperties, items } = parsed.data;
  return typeof part === 'number'
    ? items
    : (properties?.[String(part)] ??
        (typeof additionalProperties === 'object' ? additionalProperties : undefined));
};

/** A whole value as one would write it, of the examples of its parts; nothing where a part has none. */
const exampleOf = (schema: unknown): string | undefined => {
  const parsed = Described.safeParse(schema);
  if (!parsed.success) {
    return undefined;
  }
  const { examples, enum: choices, anyOf, items, properties, required } = parsed.data;
  const [first] = examples ?? choices ?? [];
  if (first !== undefined) {
    return String(first);
  }
  if (anyOf !== undefined) {
    return anyOf.map(exampleOf).find((one) => one !== undefined);
  }
  if (items !== undefined) {
    const item = exampleOf(items);
    return item === undefined ? undefined : `[${item}]`;
  }
  const parts = (required ?? []).map((name) => [name, exampleOf(properties?.[name])] as const);
  return parts.length === 0 || parts.some(([, part]) => part === undefined)
    ? undefined
    : `{ ${parts.map(([name, part]) => `${name}: ${part}`).join(', ')} }`;
};

const kindOf = (value: unknown): string => {
  if (value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'a mapping' : JSON.stringify(value);
};

const expectedNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const isMissing = 'is missing';

const sayWrong = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? isMissing
        : `must be ${expectedNames[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}, not ${kindOf(issue.input)}`;
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? 'is empty'
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
};

const settingsOf = (schema: unknown): readonly string[] => {
  const parsed = Described.safeParse(schema);
  return parsed.success ? Object.keys(parsed.data.properties ?? {}) : [];
};

/** Whether it is there under a name that was meant to be this one. */
const isMisspelt = (path: readonly PropertyKey[], all: readonly Located[]): boolean =>
  all.some(
    (other) =>
      other.meant === path.at(-1) &&
      writePath(other.path.slice(0, -1)) === writePath(path.slice(0, -1)),
  );

interface Located extends Omit<ConfigProblem, 'path' | 'at'> {
  readonly path: readonly PropertyKey[];
  /** Of a setting that is none: which was meant. */
  readonly meant?: string | undefined;
}

const unknownSettings = (
  issue: Extract<z.core.$ZodIssue, { code: 'unrecognized_keys' }>,
  schema: unknown,
): readonly Located[] => {
  const known = settingsOf(schema);
  return issue.keys.map((key) => {
    const close = nearest(key, known);
    return {
      path: [...issue.path, key],
      meant: close,
      wrong:
        close === undefined
          ? `is no setting; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
          : `is no setting; did you mean ${close}?`,
      example: undefined,
    };
  });
};

/** A rule of the whole was broken by what is well-formed in itself: its message says what it could be. */
const isBroken = ({ message }: z.core.$ZodIssue, place: unknown): boolean => {
  const parsed = Described.safeParse(place);
  const { properties, items } = parsed.success ? parsed.data : {};
  return properties !== undefined || items !== undefined || / is called /.test(message);
};

/**
 * All mistakes at once, each with its place, what is wrong and an example.
 * @param schema - the configuration's JSON schema, which holds the examples
 * @param locate - where a path stands in the file, as far as it is there
 */
export const configProblems = (
  error: z.ZodError,
  schema: unknown,
  locate: (path: readonly PropertyKey[]) => ConfigProblem['at'] = () => undefined,
): readonly ConfigProblem[] =>
  error.issues
    .flatMap((issue): readonly Located[] => {
      const place = issue.path.reduce<unknown>(stepInto, schema);
      if (issue.code === 'unrecognized_keys') {
        return unknownSettings(issue, place);
      }
      const isUnhelpful =
        issue.path.length === 0 || (issue.code === 'custom' && isBroken(issue, place));
      const example = isUnhelpful ? undefined : exampleOf(place);
      return [{ path: issue.path, wrong: sayWrong(issue), example }];
    })
    .filter(({ path, wrong }, _, all) => wrong !== isMissing || !isMisspelt(path, all))
    .map(({ path, wrong, example }) => ({
      path: writePath(path),
      wrong,
      example,
      at: locate(path),
    }))
    .toSorted((left, right) => (left.at?.line ?? 0) - (right.at?.line ?? 0));

export const sayProblem = ({ path, wrong, example }: ConfigProblem): string =>
  `${path === '' ? '' : `${path}: `}${wrong}${example === undefined ? '' : ` (for example ${example})`}`;

/** The same as editors understand it: `flux-chatops.yaml:12:3: slack.team: is missing`. */
export const sayProblemIn = (file: string, problem: ConfigProblem): string => {
  const { at } = problem;
  const place = at === undefined ? file : `${file}:${at.line}:${at.column}`;
  return `${place}: ${sayProblem(problem)}`;
};
