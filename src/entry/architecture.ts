/**
 * What each file may import and touch, in one table. `biome.json` is generated from it (`npm run
 * generate`), and test/unit/architecture proves that every row fires.
 *
 * Direction: entry → commands, webhooks → adapters → pure. Everything in `src`, `commands` and
 * `webhooks` that has no row here is pure: plain functions over plain data, with time, ids and chance
 * handed in as values or ports.
 */
export interface Adapter {
  /** Files, or whole folders as `folder/**`, that together are one adapter. */
  readonly files: readonly string[];
  /** SDKs and Node modules that this row alone may import; `node:fs` includes `node:fs/promises`. */
  readonly modules: readonly string[];
  /** Names (types) that others may import from the row's files; the rest is wired in by `src/entry`. */
  readonly ports?: readonly string[];
}

export const adapters: readonly Adapter[] = [
  { files: ['src/slack/app.ts', 'src/slack/bolt/**'], modules: ['@slack/bolt', '@slack/web-api'] },
  {
    files: ['src/cluster/kubernetes.ts', 'src/cluster/kubernetes/**'],
    modules: ['@kubernetes/client-node', 'node:fs', 'yaml'],
  },
  { files: ['src/queue/bullmq.ts'], modules: ['bullmq'] },
  { files: ['src/store/redis.ts', 'src/store/redis/**'], modules: ['ioredis'] },
  {
    files: ['src/http/server.ts', 'src/http/body.ts'],
    modules: ['express', 'node:http', 'node:net'],
  },
  { files: ['src/git/github.ts'], modules: ['@octokit/request'] },
  { files: ['src/http/metrics.ts'], modules: ['prom-client'], ports: ['Metrics'] },
  { files: ['src/entry/logging.ts'], modules: ['pino'] },
  { files: ['src/config/load.ts'], modules: ['yaml', 'node:fs'] },
  {
    files: ['src/render/kustomize.ts', 'src/render/install.ts', 'src/render/program.ts'],
    modules: ['node:child_process', 'node:fs', 'node:os'],
    ports: ['Kustomize', 'BuildLimits'],
  },
  { files: ['src/render/disk.ts'], modules: ['node:fs'] },
  { files: ['src/render/yaml.ts'], modules: ['yaml'], ports: ['readYaml', 'splitDocuments'] },
  { files: ['src/clock.ts'], modules: [], ports: ['Clock', 'Ids'] },
];

/** What entry may import besides the product's own files: Node itself, no SDK. */
export const entryModules: readonly string[] = ['node:*', 'yaml'];

/** Modules without effects, open to every file. */
export const pureModules: readonly string[] = [
  'zod',
  'string-width',
  'node:util',
  'node:path/posix',
];

/** Of `node:crypto`, what gives the same output for the same input. */
export const pureCrypto: readonly string[] = [
  'createHash',
  'createHmac',
  'hash',
  'timingSafeEqual',
];

/** Node modules that any adapter may use: they reach nothing outside the process. */
export const adapterModules: readonly string[] = [
  'node:crypto',
  'node:events',
  'node:path',
  'node:perf_hooks',
  'node:stream',
  'node:timers/promises',
  'node:url',
  'node:zlib',
];

/** Globals that read the world or wait; a pure file gets them as a value or a port. */
export const impureGlobals: Readonly<Record<string, string>> = {
  ...fromAll(
    ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
    'Take the Clock port (src/clock.ts) and await clock.wait(ms, signal).',
  ),
  ...fromAll(['performance'], 'Take the time as a value: now, in ms since the epoch.'),
  ...fromAll(['crypto'], 'Take the id as a value, or the Ids port (src/clock.ts).'),
  ...fromAll(['process'], 'Only src/entry and adapters see the process; take a value.'),
  ...fromAll(['fetch', 'WebSocket', 'EventSource'], 'Network belongs in an adapter; take a port.'),
  ...fromAll(['globalThis', 'global', 'require', 'module'], 'Import or take a value instead.'),
};

/** Members that read the world, as [object, property, what to do instead]. */
export const impureMembers: readonly (readonly [string, string, string])[] = [
  ['Date', 'now', 'Take now as a value (ms since the epoch), or the Clock port (src/clock.ts).'],
  ['Math', 'random', 'Take chance as a value, or an id from the Ids port (src/clock.ts).'],
  ['AbortSignal', 'timeout', 'Deadlines are kept by adapters, or by the Clock port.'],
];

function fromAll(names: readonly string[], advice: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, advice]));
}
