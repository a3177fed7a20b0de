import { z } from 'zod';

/** One mistake in the configuration, for the person who wrote it. */
export interface ConfigProblem {
  /** `access.grants[2].role`. */
  readonly path: string;
  readonly wrong: string;
  /** What it could be instead. */
  readonly example: string | undefined;
}

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

const exampleOf = (schema: unknown): string | undefined => {
  const parsed = Described.safeParse(schema);
  if (!parsed.success) {
    return undefined;
  }
  const { examples, enum: choices, anyOf } = parsed.data;
  const [first] = examples ?? choices ?? [];
  return first === undefined
    ? anyOf?.map(exampleOf).find((one) => one !== undefined)
    : String(first);
};

const sayWrong = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be of type ${issue.expected}`;
    case 'unrecognized_keys':
      return `has no setting ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    default:
      return issue.message;
  }
};

/**
 * All mistakes at once, each with its place, what is wrong and an example.
 * @param schema - the configuration's JSON schema, which holds the examples
 */
export const configProblems = (error: z.ZodError, schema: unknown): readonly ConfigProblem[] =>
  error.issues.map((issue) => ({
    path: writePath(issue.path) || '(top)',
    wrong: sayWrong(issue),
    example: exampleOf(issue.path.reduce<unknown>(stepInto, schema)),
  }));

export const sayProblem = ({ path, wrong, example }: ConfigProblem): string =>
  `${path}: ${wrong}${example === undefined ? '' : ` (for example ${example})`}`;
