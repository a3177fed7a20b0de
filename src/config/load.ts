import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { Config, configJsonSchema } from '#src/config/config.ts';
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
}

type Named = readonly [path: string, source: SecretSource];

const secretSources = (value: unknown, path: readonly PropertyKey[] = []): readonly Named[] => {
  const secret = SecretSource.safeParse(value);
  if (secret.success) {
    return [[writePath(path), secret.data]];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => secretSources(item, [...path, at]));
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, item]) => secretSources(item, [...path, key]))
    : [];
};

const readText = (file: string): Result<string, string> => {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
};

const readSecret = (
  source: SecretSource,
  environment: LoadOptions['environment'],
): Result<string, string> => {
  if ('file' in source) {
    const text = readText(source.file);
    if (!text.ok) {
      return fail(`the secret cannot be read: ${text.failure}`);
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
  config: Config,
  environment: LoadOptions['environment'],
): { readonly secrets: Map<string, string>; readonly problems: readonly ConfigProblem[] } => {
  const secrets = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [path, source] of secretSources(config)) {
    const read = readSecret(source, environment);
    if (!read.ok) {
      problems.push({ path, wrong: read.failure, example: undefined });
      continue;
    }
    // a webhook key is used byte by byte, as notification-controller does; elsewhere a last newline is an accident
    const value = path.startsWith('webhooks.') ? read.value : read.value.trimEnd();
    if (longKeys.has(path) && value.length < 32) {
      problems.push({
        path,
        wrong: 'is shorter than 32 characters',
        example: 'openssl rand -hex 32',
      });
    }
    secrets.set(path, value);
  }
  return { secrets, problems };
};

/** Reads the configuration and every secret that it names; all mistakes at once. */
export const loadConfig = ({
  file,
  environment,
}: LoadOptions): Result<LoadedConfig, readonly ConfigProblem[]> => {
  const text = readText(resolve(file));
  if (!text.ok) {
    return fail([{ path: file, wrong: `cannot be read: ${text.failure}`, example: undefined }]);
  }
  const document = parseDocument(text.value);
  if (document.errors.length > 0) {
    return fail(
      document.errors.map((error) => ({ path: file, wrong: error.message, example: undefined })),
    );
  }
  const parsed = Config.safeParse(document.toJS(), { reportInput: true });
  if (!parsed.success) {
    return fail(configProblems(parsed.error, configJsonSchema()));
  }
  const { secrets, problems } = readSecrets(parsed.data, environment);
  return problems.length > 0 ? fail(problems) : ok({ config: parsed.data, secrets });
};
