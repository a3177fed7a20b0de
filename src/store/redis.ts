import type { Redis } from 'ioredis';
import { createGathering } from '#src/store/gather.ts';
import {
  appendScript,
  commitScript,
  leaseScript,
  releaseScript,
  removeScript,
} from '#src/store/lua.ts';
import {
  type ConnectionOptions,
  connect,
  createCaller,
  translate,
} from '#src/store/redis/connection.ts';
import { judgeSettings, parseInfo } from '#src/store/redis-health.ts';
import type {
  Batch,
  CommitResult,
  Json,
  RangeQuery,
  Store,
  StoreHealth,
  Versioned,
} from '#src/store/store.ts';

export interface RedisStoreOptions extends ConnectionOptions {
  /** Goes before every key as `{prefix}`: one slot of a Redis Cluster, one name per installation. */
  readonly prefix?: string;
  /** A call that has no answer after this rejects as unavailable. */
  readonly timeoutMs?: number;
}

/** Redis keys by what they hold; documents, indexes, streams, digests and leases never meet. */
const keysUnder = (prefix: string) => ({
  document: (key: string) => `{${prefix}}:doc:${key}`,
  index: (index: string) => `{${prefix}}:index:${index}`,
  stream: (stream: string) => `{${prefix}}:stream:${stream}`,
  digests: (stream: string) => `{${prefix}}:digests:${stream}`,
  lease: (lease: string) => `{${prefix}}:lease:${lease}`,
});
type Keys = ReturnType<typeof keysUnder>;

const parseDocument = (stored: string | null | undefined): Versioned | undefined => {
  if (stored === null || stored === undefined) {
    return undefined;
  }
  const colon = stored.indexOf(':');
  return {
    version: Number(stored.slice(0, colon)),
    value: JSON.parse(stored.slice(colon + 1)) as Json,
  };
};

// Redis writes `1700000000000-7`; padded, ids sort as text and stay readable
const idFromRedis = (id: string): string => {
  const [ms = '', sequence = ''] = id.split('-');
  return `${ms.padStart(15, '0')}-${sequence.padStart(12, '0')}`;
};

const idToRedis = (id: string, step = 0n): string => {
  const [ms = '0', sequence = '0'] = id.split('-');
  return `${BigInt(ms)}-${BigInt(sequence) + step}`;
};

/** The batch as the commit script reads it: all keys, then four words per operation. */
const wordsOf = (batch: Batch, keys: Keys): { keys: string[]; words: string[] } => {
  const numbers = new Map<string, number>();
  const words: string[] = [];
  const add = (letter: string, key: string, first: string, second = ''): void => {
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    words.push(letter, String(number), first, second);
  };
  const expected = (expect: number | undefined): string =>
    expect === undefined ? '' : String(expect);
  if (batch.fence) {
    add('F', keys.lease(batch.fence.lease), String(batch.fence.token));
  }
  for (const { key, version } of batch.check ?? []) {
    add('C', keys.document(key), String(version));
  }
  for (const { key, expect, value } of batch.put ?? []) {
    add('P', keys.document(key), expected(expect), JSON.stringify(value));
  }
  for (const { key, expect } of batch.remove ?? []) {
    add('R', keys.document(key), expected(expect));
  }
  for (const { index, member, score } of batch.index ?? []) {
    add('I', keys.index(index), String(score), member);
  }
  for (const { index, member } of batch.unindex ?? []) {
    add('U', keys.index(index), '', member);
  }
  for (const { stream, value } of batch.append ?? []) {
    add('A', keys.stream(stream), '', JSON.stringify(value));
  }
  return { keys: [...numbers.keys()], words };
};

const onlyRemoves = ({ put = [], index = [], append = [] }: Batch): boolean =>
  put.length + index.length + append.length === 0;

const setting = async (redis: Redis, name: string): Promise<string | undefined> => {
  try {
    const answer = (await redis.config('GET', name)) as string[];
    return answer[1];
  } catch {
    return undefined; // a managed Redis or an ACL may forbid CONFIG
  }
};

const readHealth = async (redis: Redis): Promise<StoreHealth> => {
  const [info, appendFsync, save, policy] = await Promise.all([
    redis.info(),
    setting(redis, 'appendfsync'),
    setting(redis, 'save'),
    setting(redis, 'maxmemory-policy'),
  ]);
  const facts = parseInfo(info);
  const aof = facts.get('aof_enabled');
  const judged = judgeSettings({
    appendOnly: aof === undefined ? undefined : aof === '1',
    appendFsync,
    save,
    maxMemoryPolicy: policy ?? facts.get('maxmemory_policy'),
    role: facts.get('role'),
    maxMemory: Number(facts.get('maxmemory') ?? 0),
    usedMemory: Number(facts.get('used_memory') ?? 0),
    lastAofWrite: facts.get('aof_last_write_status'),
  });
  return { reachable: true, ...judged };
};

/**
 * The store on Redis (7 or newer, or Valkey). Every write is one Lua script or one command, so a process
 * that dies in the middle leaves nothing half written. Connects by itself, again and again.
 * Errors: rejects as unavailable ({@link storeUnavailable}) at once while there is no connection and
 * after `timeoutMs` (2 s) without an answer; the call may have been carried out all the same.
 */
export const createRedisStore = (options: RedisStoreOptions): Store => {
  const connection = connect(options);
  const { redis } = connection;
  const keys = keysUnder(options.prefix ?? 'flux-chatops');
  const run = createCaller(connection, options.timeoutMs ?? 2_000);
  let durability: StoreHealth['durability'] = 'memory';

  redis.defineCommand('storeCommit', { lua: commitScript });
  redis.defineCommand('storeRemove', { lua: removeScript });
  redis.defineCommand('storeAppend', { lua: appendScript, numberOfKeys: 2 });
  redis.defineCommand('storeLease', { lua: leaseScript, numberOfKeys: 1 });
  redis.defineCommand('storeRelease', { lua: releaseScript, numberOfKeys: 1 });
  // ioredis adds each defined command as a method that its types cannot know
  const scripts = redis as unknown as {
    storeCommit(keyCount: number, ...words: string[]): Promise<CommitResult>;
    storeRemove(keyCount: number, ...words: string[]): Promise<CommitResult>;
    storeAppend(...words: string[]): Promise<('stored' | 'duplicate')[]>;
    storeLease(key: string, holder: string, ttlMs: number): Promise<[number, string]>;
    storeRelease(key: string, holder: string): Promise<number>;
  };

  const append = createGathering(
    (stream, words) =>
      run(() => scripts.storeAppend(keys.stream(stream), keys.digests(stream), ...words.flat())),
    setImmediate,
  );

  const readAll = async (wanted: readonly string[]): Promise<(Versioned | undefined)[]> => {
    if (wanted.length === 0) {
      return [];
    }
    const stored = await run(() => redis.mget(wanted.map(keys.document)));
    return stored.map(parseDocument);
  };

  const range = async (index: string, { from, upTo, limit }: RangeQuery) => {
    const flat = await run(() =>
      redis.zrangebyscore(
        keys.index(index),
        from ?? '-inf',
        upTo ?? '+inf',
        'WITHSCORES',
        'LIMIT',
        0,
        limit,
      ),
    );
    return Array.from({ length: flat.length / 2 }, (_, at) => ({
      member: flat[2 * at] ?? '',
      score: Number(flat[2 * at + 1]),
    }));
  };

  return {
    read: async (key) => parseDocument(await run(() => redis.get(keys.document(key)))),
    readAll,
    commit: async (batch) => {
      const { keys: named, words } = wordsOf(batch, keys);
      const verb = onlyRemoves(batch) ? 'storeRemove' : 'storeCommit';
      return run(() => scripts[verb](named.length, ...named, ...words));
    },
    range,
    count: (index) => run(() => redis.zcard(keys.index(index))),
    append: (stream, digest, at, value) =>
      append(stream, [digest, String(at), JSON.stringify(value)]),
    entries: async (stream, after, limit) => {
      const start = after === undefined ? '-' : `(${idToRedis(after)}`;
      const found = await run(() => redis.xrange(keys.stream(stream), start, '+', 'COUNT', limit));
      return found.map(([id, fields]) => ({
        id: idFromRedis(id),
        value: JSON.parse(fields[1] ?? 'null') as Json,
      }));
    },
    trim: async (stream, upTo) => {
      // MINID keeps what is at the id or after it
      await run(() => redis.xtrim(keys.stream(stream), 'MINID', idToRedis(upTo, 1n)));
    },
    forget: (stream, before) =>
      run(() => redis.zremrangebyscore(keys.digests(stream), '-inf', `(${before}`)),
    lease: async (name, holder, ttlMs) => {
      const [token, by] = await run(() => scripts.storeLease(keys.lease(name), holder, ttlMs));
      return token === 0 ? { held: false, by } : { held: true, token };
    },
    release: async (name, holder) => {
      await run(() => scripts.storeRelease(keys.lease(name), holder));
    },
    time: async () => {
      const [seconds, microseconds] = await run(() => redis.time());
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    },
    health: async () => {
      try {
        const health = await run(() => readHealth(redis));
        durability = health.durability;
        return health;
      } catch (error) {
        const problem = translate(error, connection.lastTrouble).message;
        return { reachable: false, problem, durability, warnings: [] };
      }
    },
    close: async () => {
      redis.disconnect();
    },
  };
};
