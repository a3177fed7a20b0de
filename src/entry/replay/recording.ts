import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { z } from 'zod';

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

const Scenario = z.looseObject({ startedAt: z.string(), title: z.string().optional() });

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

const readLines = <Line extends z.ZodType>(directory: string, name: string, shape: Line) => {
  const plain = join(directory, name);
  const packed = `${plain}.gz`;
  const text = existsSync(packed)
    ? gunzipSync(readFileSync(packed)).toString('utf8')
    : readFileSync(plain, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      const parsed = shape.safeParse(JSON.parse(line));
      if (!parsed.success) {
        throw new Error(`${name}:${at + 1}: ${z.prettifyError(parsed.error)}`);
      }
      return parsed.data;
    });
};

/**
 * Reads a recorded scenario: `scenario.yaml` (`startedAt`), `webhooks.jsonl` and `watch.jsonl`, plain or
 * gzipped.
 * @throws with file and line when something is not of the format
 */
export const readRecording = (directory: string): Recording => {
  const scenario = Scenario.parse(parse(readFileSync(join(directory, 'scenario.yaml'), 'utf8')));
  const webhooks = readLines(directory, 'webhooks.jsonl', Webhook);
  const changes = readLines(directory, 'watch.jsonl', Change);
  const lines = [
    ...changes.map((line) => ({ kind: 'change' as const, line })),
    ...webhooks.map((line) => ({ kind: 'webhook' as const, line })),
  ].toSorted((left, right) => left.line.atMs - right.line.atMs);
  return {
    startedAt: Date.parse(scenario.startedAt),
    clusters: [...new Set(lines.map(({ line }) => line.cluster))].toSorted((a, b) =>
      a < b ? -1 : 1,
    ),
    lines,
  };
};
