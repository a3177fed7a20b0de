import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisStore } from '#src/store/redis.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';
import {
  hasRedis,
  type RedisServer,
  type RedisServerOptions,
  startRedis,
} from '#test/redis/redis-server.ts';

/** How a call ended, and after how long. */
const outcomeOf = async (call: () => Promise<unknown>) => {
  const start = performance.now();
  const outcome = await call().then(
    () => 'answered',
    (error: unknown) => (isStoreUnavailable(error) ? 'unavailable' : String(error)),
  );
  return { outcome, tookMs: performance.now() - start };
};

const untilAnswered = async (store: Store): Promise<void> => {
  while ((await outcomeOf(() => store.read('any'))).outcome !== 'answered') {
    await sleep(20);
  }
};

/** A way to Redis that can go dead without a word, as when a node vanishes; later connections work. */
const startLine = async (port: number) => {
  const open: Socket[] = [];
  const server = createServer((near) => {
    const far = createConnection(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      open.push(socket);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const socket of open) {
        socket.unpipe().pause();
      }
    },
    close: () => {
      server.close();
      for (const socket of open) {
        socket.destroy();
      }
    },
  };
};

describe.skipIf(!hasRedis)('the store when Redis fails (needs redis-server)', () => {
  let server: RedisServer;
  let store: Store;

  const open = async (options: RedisServerOptions = {}): Promise<void> => {
    server = await startRedis(options);
    store = createRedisStore({ url: server.url });
  };

  beforeEach(() => open({ appendFsync: 'always' }));
  afterEach(async () => {
    await store.close();
    await server.close();
  });

  it('says within about two seconds that a frozen Redis is unavailable, and works on after', async () => {
    await store.commit({ put: [{ key: 'a', value: 1 }] });
    server.freeze();
    const calls = await Promise.all(
      [
        () => store.read('a'),
        () => store.commit({ put: [{ key: 'a', value: 2 }] }),
        () => store.append('s', 'd', 1, 1),
        () => store.lease('l', 'one', 1_000),
      ].map(outcomeOf),
    );
    server.thaw();
    expect(calls.map(({ outcome }) => outcome)).toEqual(Array(4).fill('unavailable'));
    expect(Math.max(...calls.map(({ tookMs }) => tookMs))).toBeLessThan(5_000);
    await untilAnswered(store);
    // the refused append may have been carried out; a repeat is harmless
    await store.append('s', 'd', 1, 1);
    expect(await store.entries('s', undefined, 10)).toHaveLength(1);
  });

  it('gives up a connection that fell silent, and works on a new one', async () => {
    const line = await startLine(server.port);
    await store.close();
    store = createRedisStore({ url: `redis://127.0.0.1:${line.port}` });
    await store.read('a');
    line.silence();
    expect((await outcomeOf(() => store.read('a'))).outcome).toBe('unavailable');
    await untilAnswered(store);
    line.close();
  });

  it('fails at once while Redis is away, and has every acknowledged write after its crash', async () => {
    for (let n = 0; n < 50; n++) {
      await store.append('s', `d${n}`, n, n);
    }
    await server.kill();
    await outcomeOf(() => store.read('a'));
    const { outcome, tookMs } = await outcomeOf(() => store.append('s', 'late', 1, 1));
    expect(outcome).toBe('unavailable');
    expect(tookMs).toBeLessThan(5_000);
    await server.restart();
    await untilAnswered(store);
    expect(await store.entries('s', undefined, 100)).toHaveLength(50);
    expect(await store.append('s', 'd7', 1, 7)).toBe('duplicate');
  });

  it('is unavailable when Redis is full, and writes no part of a batch', async () => {
    await store.commit({ put: [{ key: 'a', value: 1 }] });
    const redis = new Redis(server.url);
    await redis.config('SET', 'maxmemory', '1');
    const { outcome } = await outcomeOf(() =>
      store.commit({ remove: [{ key: 'a' }], index: [{ index: 'i', member: 'm', score: 1 }] }),
    );
    expect(outcome).toBe('unavailable');
    expect(await store.read('a')).toEqual({ value: 1, version: 1 });
    // it answers, and yet nothing can be kept in it
    expect(await store.health()).toMatchObject({
      reachable: true,
      problem: expect.stringContaining('raise maxmemory'),
    });
    await redis.config('SET', 'maxmemory', '0');
    expect(await store.health()).toEqual({ reachable: true, durability: 'always', warnings: [] });
    redis.disconnect();
  });

  it('tells of a replica that it takes no writes', async () => {
    const redis = new Redis(server.url);
    await redis.call('REPLICAOF', '127.0.0.1', '1');
    expect(await store.health()).toMatchObject({
      reachable: true,
      problem: expect.stringContaining('point the bot at the master'),
    });
    expect((await outcomeOf(() => store.append('s', 'd', 1, 1))).outcome).toBe('unavailable');
    redis.disconnect();
  });

  it('lets go of what is old while Redis is full', async () => {
    await store.commit({
      put: [{ key: 'a', value: 1 }],
      index: [{ index: 'old', member: 'a', score: 1 }],
    });
    await store.append('s', 'digest', 1, 1);
    const [entry] = await store.entries('s', undefined, 1);
    const admin = new Redis(server.url);
    await admin.config('SET', 'maxmemory', '1');

    const lease = await store.lease('l', 'one', 1_000);
    const fence = { lease: 'l', token: lease.held ? lease.token : 0 };
    const removal = { remove: [{ key: 'a' }], unindex: [{ index: 'old', member: 'a' }] };
    expect(await store.commit({ fence, ...removal })).toBe('committed');
    await store.trim('s', entry?.id ?? '');
    await store.forget('s', 2);
    await store.release('l', 'one');

    expect(await store.read('a')).toBeUndefined();
    expect(await store.count('old')).toBe(0);
    expect(await store.entries('s', undefined, 1)).toEqual([]);
    admin.disconnect();
  });

  it('waits no longer for a lease than it lasts, though its clock was set back', async () => {
    await store.lease('l', 'one', 100);
    const admin = new Redis(server.url);
    await admin.hset('{flux-chatops}:lease:l', 'until', String(Date.now() + 3_600_000));

    expect(await store.lease('l', 'two', 100)).toEqual({ held: false, by: 'one' });
    await sleep(120);
    expect(await store.lease('l', 'two', 100)).toMatchObject({ held: true, token: 2 });
    admin.disconnect();
  });

  it('answers nothing after it was closed', async () => {
    await store.close();
    expect((await outcomeOf(() => store.read('a'))).outcome).toBe('unavailable');
  });

  it('finds nothing to say of a Redis that keeps every write', async () => {
    expect(await store.health()).toEqual({ reachable: true, durability: 'always', warnings: [] });
  });

  it('names the settings that are weaker than promised', async () => {
    const redis = new Redis(server.url);
    await redis.config('SET', 'appendfsync', 'everysec');
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await store.health()).toMatchObject({
      reachable: true,
      durability: 'every-second',
      warnings: [
        expect.stringContaining('appendfsync everysec'),
        expect.stringContaining('maxmemory-policy allkeys-lru'),
      ],
    });
    await redis.config('SET', 'appendonly', 'no');
    expect(await store.health()).toMatchObject({
      durability: 'memory',
      warnings: [
        expect.stringContaining('all state is lost'),
        expect.stringContaining('allkeys-lru'),
      ],
    });
    redis.disconnect();
  });

  it('serves where CONFIG is forbidden, and says what it could not see', async () => {
    const redis = new Redis(server.url);
    await redis.call('ACL', 'SETUSER', 'bot', 'on', '>pass', '~*', '+@all', '-config');
    await store.close();
    store = createRedisStore({ url: server.url.replace('redis://', 'redis://bot:pass@') });
    expect(await store.health()).toMatchObject({
      reachable: true,
      durability: 'every-second',
      warnings: [expect.stringContaining('CONFIG is forbidden')],
    });
    expect(await store.commit({ put: [{ key: 'a', value: 1 }] })).toBe('committed');
    redis.disconnect();
  });

  it('tells once that the connection is lost, and once that it is back', async () => {
    const told: string[] = [];
    await store.close();
    store = createRedisStore({ url: server.url, onConnection: (state) => told.push(state) });
    await store.read('a');
    await server.kill();
    await sleep(1_200); // some attempts to connect
    await server.restart();
    await untilAnswered(store);
    expect(told).toEqual(['ready', 'lost', 'ready']);
  });

  it('tells of a Redis that it cannot reach', async () => {
    server.freeze();
    expect(await store.health()).toEqual({
      reachable: false,
      problem: 'Redis: no answer within 2000 ms',
      durability: 'memory',
      warnings: [],
    });
    await server.kill();
    await expect
      .poll(async () => (await store.health()).problem)
      .toMatch(/^Redis: no connection \(connect ECONNREFUSED 127\.0\.0\.1:\d+\)$/);
    await server.restart();
  });

  it('says which password is wrong, and not how its library puts it', async () => {
    await store.close();
    store = createRedisStore({ url: server.url.replace('redis://', 'redis://bot:wrong@') });
    await expect
      .poll(async () => (await store.health()).problem)
      .toMatch(/^Redis: no connection \(WRONGPASS /);
  });
});
