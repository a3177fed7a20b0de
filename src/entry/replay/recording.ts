import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail, ok, type Result } from '#src/result.ts';

/** One request that notification-controller made. */
const Webhook = z.object({
  atMs: z.number(),
  cluster: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

/** One event of a watch. */
const Change = z.object({
  atMs: z.number(),
  cluster: z.string(),
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']),
  object: z.looseObject({ kind: z.string() }),
});

const Scenario = z.looseObject({
  startedAt: z
    .string()
    .refine((written) => !Number.isNaN(Date.parse(written)), 'is not an RFC 3339 time'),
  title: z.string().optional(),
});

export interface Recording {
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly clusters: readonly string[];
  /** Both streams as one, in order of arrival. */
  readonly lines: readonly (
    | { readonly kind: 'webhook'; readonly line: z.infer<typeof Webhook> }
    | { readonly kind: 'change'; readonly line: z.infer<typeof Change> }
  )[];
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** What a risky reading gives, or why it failed in words. */
const attempt = <Value>(read: () => Value, place: string): Result<Value, string> => {
  try {
    return ok(read());
  } catch (error) {
    return fail(`${place}: ${messageOf(error)}`);
  }
};

const sayIssues = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(': '))
    .join('; ');

const parseAs = <Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  place: string,
): Result<z.output<Shape>, string> => {
  const parsed = shape.safeParse(value);
  return parsed.success ? ok(parsed.data) : fail(`${place}: ${sayIssues(parsed.error)}`);
};

const readText = (directory: string, name: string): Result<string, string> => {
  const plain = join(directory, name);
  const packed = `${plain}.gz`;
  if (existsSync(packed)) {
    return attempt(() => gunzipSync(readFileSync(packed)).toString('utf8'), `${name}.gz`);
  }
  return existsSync(plain)
    ? attempt(() => readFileSync(plain, 'utf8'), name)
    : fail(`${directory} is no whole recording: there is no ${name} in it`);
};

const readLine = <Shape extends z.ZodType>(
  line: string,
  shape: Shape,
  place: string,
  isLast: boolean,
): Result<z.output<Shape>, string> => {
  const json = attempt((): unknown => JSON.parse(line), `${place}: is not JSON`);
  if (!json.ok) {
    // every line ends with a line break, so the one that has none was cut off
    return isLast ? fail(`${place}: the file ends in the middle of this line`) : json;
  }
  return parseAs(shape, json.value, place);
};

const readLines = <Shape extends z.ZodType>(
  directory: string,
  name: string,
  shape: Shape,
): Result<readonly z.output<Shape>[], string> => {
  const text = readText(directory, name);
  if (!text.ok) {
    return text;
  }
  const written = text.value.split('\n');
  const lines: z.output<Shape>[] = [];
  for (const [at, line] of written.entries()) {
    if (line.trim() !== '') {
      const read = readLine(line, shape, `${name}:${at + 1}`, at === written.length - 1);
      if (!read.ok) {
        return read;
      }
      lines.push(read.value);
    }
  }
  return ok(lines);
};

const readScenario = (directory: string): Result<z.output<typeof Scenario>, string> => {
  const name = 'scenario.yaml';
  const text = readText(directory, name);
  const yaml = text.ok ? attempt((): unknown => parse(text.value), name) : text;
  return yaml.ok ? parseAs(Scenario, yaml.value, name) : yaml;
};

/**
 * Reads a recorded scenario: `scenario.yaml` (`startedAt`), `webhooks.jsonl` and `watch.jsonl`, plain or
 * gzipped.
 * @returns the recording; or what is missing or not of the format, with file and line
 */
export const readRecording = (directory: string): Result<Recording, string> => {
  if (!existsSync(directory)) {
    return fail(`there is no folder ${directory}`);
  }
  if (!statSync(directory).isDirectory()) {
    return fail(`${directory} is a file; name the folder of the recording`);
  }
  const scenario = readScenario(directory);
  if (!scenario.ok) {
    return scenario;
  }
  const webhooks = readLines(directory, 'webhooks.jsonl', Webhook);
  if (!webhooks.ok) {
    return webhooks;
  }
  const changes = readLines(directory, 'watch.jsonl', Change);
  if (!changes.ok) {
    return changes;
  }
  const lines = [
    ...changes.value.map((line) => ({ kind: 'change' as const, line })),
    ...webhooks.value.map((line) => ({ kind: 'webhook' as const, line })),
  ].toSorted((left, right) => left.line.atMs - right.line.atMs);
  return ok({
    startedAt: Date.parse(scenario.value.startedAt),
    clusters: [...new Set(lines.map(({ line }) => line.cluster))].toSorted((a, b) =>
      a < b ? -1 : 1,
    ),
    lines,
  });
};
