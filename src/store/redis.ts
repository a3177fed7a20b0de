import { Redis } from 'ioredis';
import { createGathering } from '#src/store/gather.ts';
import { appendScript, commitScript, leaseScript, releaseScript } from '#src/store/lua.ts';
import { judgeSettings, parseInfo } from '#src/store/redis-health.ts';
import {
  type Batch,
  type CommitResult,
  type Json,
  type RangeQuery,
  type Store,
  type StoreHealth,
  storeUnavailable,
  type Versioned,
} from '#src/store/store.ts';

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, with user, password and database where needed. */
  readonly url: string;
  /** Goes before every key as `{prefix}`: one slot of a Redis Cluster, one name per installation. */
  readonly prefix?: string;
  /** A call that has no answer after this rejects as unavailable. */
  readonly timeoutMs?: number;
  /** Told when the connection comes and goes, for logs and metrics. */
  readonly onConnection?: (state: 'ready' | 'lost', detail?: string) => void;
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

// a reply of this kind is our own mistake; every other error means that the store cannot serve us now
const ownMistake = (error: Error): boolean =>
  error.name === 'ReplyError' && /^(ERR|WRONGTYPE)\b/.test(error.message);

const translate = (error: unknown): Error => {
  if (!(error instanceof Error)) {
    return storeUnavailable(String(error));
  }
  return ownMistake(error) ? error : storeUnavailable(`Redis: ${error.message}`, error);
};

/** Runs calls on one connection, each with a deadline; nothing waits for a Redis that is away. */
const createCaller = (redis: Redis, timeoutMs: number) => {
  let connecting: Promise<void> | undefined;
  // shared by all who wait, so that a burst of calls adds one pair of listeners
  const connected = (): Promise<void> => {
    connecting ??= new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        connecting = undefined;
        for (const event of ['ready', 'close', 'end']) {
          redis.off(event, settle);
        }
        if (redis.status === 'ready') {
          resolve();
        } else {
          reject(storeUnavailable('Redis: no connection'));
        }
      };
      for (const event of ['ready', 'close', 'end']) {
        redis.on(event, settle);
      }
    });
    return connecting;
  };

  return async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(storeUnavailable(`Redis: no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    const onTheWay = redis.status === 'connecting' || redis.status === 'connect';
    try {
      return await Promise.race([onTheWay ? connected().then(call) : call(), deadline]);
    } catch (error) {
      throw translate(error);
    } finally {
      clearTimeout(timer);
    }
  };
};

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
  });
  return { reachable: true, ...judged };
};

const connect = ({ url, onConnection }: RedisStoreOptions): Redis => {
  const redis = new Redis(url, {
    // a command that waits for a connection would hold its caller; the caller decides what to do
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    // a peer that vanished without a word is noticed, and a new connection tried
    socketTimeout: 5_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 4), 500),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let last = '';
  redis.on('error', (error: Error) => {
    last = error.message;
  });
  let told: 'ready' | 'lost' | undefined;
  // every attempt to connect ends in a `close`; only the first one is news
  const tell = (state: 'ready' | 'lost', detail?: string): void => {
    if (state !== told) {
      told = state;
      onConnection?.(state, detail);
    }
  };
  redis.on('ready', () => tell('ready'));
  redis.on('close', () => tell('lost', last));
  return redis;
};

/**
 * The store on Redis (7 or newer, or Valkey). Every write is one Lua script or one command, so a process
 * that dies in the middle leaves nothing half written. Connects by itself, again and again.
 * Errors: rejects as unavailable ({@link storeUnavailable}) at once while there is no connection and
 * after `timeoutMs` (2 s) without an answer; the call may have been carried out all the same.
 */
export const createRedisStore = (options: RedisStoreOptions): Store => {
  const redis = connect(options);
  const keys = keysUnder(options.prefix ?? 'flux-chatops');
  const run = createCaller(redis, options.timeoutMs ?? 2_000);
  let durability: StoreHealth['durability'] = 'memory';

  redis.defineCommand('storeCommit', { lua: commitScript });
  redis.defineCommand('storeAppend', { lua: appendScript, numberOfKeys: 2 });
  redis.defineCommand('storeLease', { lua: leaseScript, numberOfKeys: 1 });
  redis.defineCommand('storeRelease', { lua: releaseScript, numberOfKeys: 1 });
  // ioredis adds each defined command as a method that its types cannot know
  const scripts = redis as unknown as {
    storeCommit(keyCount: number, ...words: string[]): Promise<CommitResult>;
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
      return run(() => scripts.storeCommit(named.length, ...named, ...words));
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
        return { reachable: false, durability, warnings: [translate(error).message] };
      }
    },
    close: async () => {
      redis.disconnect();
    },
  };
};
