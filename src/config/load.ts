import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLParseError,
} from 'yaml';
import { type Config, configJsonSchema, configWith } from '#src/config/config.ts';
import { type ConfigProblem, configProblems, writePath } from '#src/config/problems.ts';
import { SecretSource } from '#src/config/secret.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** A configuration with every secret that it names, by the place in which it names it. */
export interface LoadedConfig {
  readonly config: Config;
  /** `slack.botToken` → its value. */
  readonly secrets: ReadonlyMap<string, string>;
}

export interface LoadOptions {
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What roles may name; left out: anything. */
  readonly permissions?: readonly string[] | undefined;
}

type Keys = readonly PropertyKey[];
type Named = readonly [path: Keys, source: SecretSource];
type SecretProblem = ConfigProblem & { readonly keys: Keys };

const secretSources = (value: unknown, path: Keys = []): readonly Named[] => {
  const secret = SecretSource.safeParse(value);
  if (secret.success) {
    return [[path, secret.data]];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => secretSources(item, [...path, at]));
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, item]) => secretSources(item, [...path, key]))
    : [];
};

const whyUnreadable = (error: unknown, file: string): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return `there is no file ${file}`;
    case 'EACCES':
      return `this user may not read ${file}`;
    case 'EISDIR':
      return `${file} is a folder`;
    default:
      return `${file} cannot be read: ${error instanceof Error ? error.message : error}`;
  }
};

const readText = (file: string): Result<string, string> => {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(whyUnreadable(error, file));
  }
};

const readSecret = (
  source: SecretSource,
  environment: LoadOptions['environment'],
): Result<string, string> => {
  if ('file' in source) {
    const text = readText(source.file);
    if (!text.ok) {
      return fail(text.failure);
    }
    return text.value === '' ? fail(`the file ${source.file} is empty`) : ok(text.value);
  }
  const value = environment[source.env];
  return value === undefined || value === ''
    ? fail(`the environment has no ${source.env}`)
    : ok(value);
};

const longKeys = new Set(['keys.journal', 'keys.audit']);

const readSecrets = (
  config: unknown,
  environment: LoadOptions['environment'],
): { readonly secrets: Map<string, string>; readonly problems: readonly SecretProblem[] } => {
  const secrets = new Map<string, string>();
  const problems: SecretProblem[] = [];
  for (const [keys, source] of secretSources(config)) {
    const path = writePath(keys);
    const read = readSecret(source, environment);
    if (!read.ok) {
      problems.push({ keys, path, wrong: read.failure, example: undefined });
      continue;
    }
    // a webhook key is used byte by byte, as notification-controller does; elsewhere a last newline is an accident
    const value = path.startsWith('webhooks.') ? read.value : read.value.trimEnd();
    if (longKeys.has(path) && value.length < 32) {
      problems.push({
        keys,
        path,
        wrong: 'is shorter than 32 characters',
        example: 'openssl rand -hex 32',
      });
    }
    secrets.set(path, value);
  }
  return { secrets, problems };
};

type KeyScope = Config['webhooks']['keys'][number];

const sayScope = ({ cluster, namespaces }: KeyScope): string =>
  namespaces === undefined ? cluster : `${namespaces.join(', ')} on ${cluster}`;

/**
 * Keys that are one and the same for different scopes: whoever has one would speak for the other, and
 * which of them an event is taken by would be chance.
 */
const sharedKeys = (
  { webhooks }: Config,
  secrets: ReadonlyMap<string, string>,
): readonly SecretProblem[] =>
  webhooks.keys.flatMap((key, at): readonly SecretProblem[] => {
    const keys = ['webhooks', 'keys', at, 'key'];
    const value = secrets.get(writePath(keys));
    const other = webhooks.keys.findIndex(
      (one, earlier) =>
        earlier < at &&
        value !== undefined &&
        secrets.get(`webhooks.keys[${earlier}].key`) === value &&
        sayScope(one) !== sayScope(key),
    );
    const known = webhooks.keys[other];
    return known === undefined
      ? []
      : [
          {
            keys,
            path: writePath(keys),
            wrong: `is the same as webhooks.keys[${other}].key, which speaks for ${sayScope(known)}; each needs its own`,
            example: 'openssl rand -hex 32',
          },
        ];
  });

/** The node that a setting begins with: its key, or the entry of a list. */
const nodeOf = (document: Document, path: Keys): Node | undefined => {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  const key = isMap(parent)
    ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path.at(-1))?.key
    : undefined;
  const node = document.getIn(path, true);
  return [key, node].find(isNode);
};

/** The place of a setting; of one that is missing, the place of what should hold it. */
const locateIn =
  (document: Document, lines: LineCounter) =>
  (path: Keys): ConfigProblem['at'] => {
    for (let depth = path.length; depth >= 0; depth--) {
      const offset = nodeOf(document, path.slice(0, depth))?.range?.[0];
      if (offset !== undefined) {
        const { line, col } = lines.linePos(offset);
        return { line, column: col };
      }
    }
    return undefined;
  };

interface ReadConfig {
  /** As it stands in the file. */
  readonly written: unknown;
  readonly parsed: Result<Config, readonly ConfigProblem[]>;
  readonly locate: (path: readonly PropertyKey[]) => ConfigProblem['at'];
}

const sayYamlError = ({ code, message, pos }: YAMLParseError, text: string): string => {
  const key = /^[^\s:]+/.exec(text.slice(pos[0]))?.[0] ?? '';
  return code === 'DUPLICATE_KEY' ? `${key} stands here a second time` : `is not YAML: ${message}`;
};

const readFile = (
  file: string,
  permissions: readonly string[] | undefined,
): Result<ReadConfig, readonly ConfigProblem[]> => {
  const text = readText(resolve(file));
  if (!text.ok) {
    return fail([{ path: '', wrong: text.failure, example: undefined }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text.value, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return fail(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          path: '',
          wrong: sayYamlError(error, text.value),
          example: undefined,
          at: { line, column: col },
        };
      }),
    );
  }
  const locate = locateIn(document, lines);
  const written: unknown = document.toJS() ?? {};
  const parsed = configWith(permissions).safeParse(written, { reportInput: true });
  return ok({
    written,
    parsed: parsed.success
      ? ok(parsed.data)
      : fail(configProblems(parsed.error, configJsonSchema(), locate)),
    locate,
  });
};

/** Reads the configuration alone, for whoever may not see the secrets. */
export const readConfig = (
  file: string,
  permissions?: readonly string[],
): Result<Config, readonly ConfigProblem[]> => {
  const read = readFile(file, permissions);
  return read.ok ? read.value.parsed : read;
};

const inOrder = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] =>
  problems.toSorted((left, right) => (left.at?.line ?? 0) - (right.at?.line ?? 0));

/** Reads the configuration and every secret that it names; all mistakes at once. */
export const loadConfig = ({
  file,
  environment,
  permissions,
}: LoadOptions): Result<LoadedConfig, readonly ConfigProblem[]> => {
  const read = readFile(file, permissions);
  if (!read.ok) {
    return read;
  }
  const { written, parsed, locate } = read.value;
  const { secrets, problems } = readSecrets(written, environment);
  const shared = parsed.ok ? sharedKeys(parsed.value, secrets) : [];
  const wrong = [...problems, ...shared].map(({ keys, ...problem }) => ({
    ...problem,
    at: locate(keys),
  }));
  if (!parsed.ok) {
    return fail(inOrder([...parsed.failure, ...wrong]));
  }
  return wrong.length > 0 ? fail(inOrder(wrong)) : ok({ config: parsed.value, secrets });
};
