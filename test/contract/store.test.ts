import { setTimeout as sleep } from 'node:timers/promises';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createMemoryStore } from '#src/store/memory.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Store } from '#src/store/store.ts';
import {
  runStoreCommand,
  type StoreCommand,
  storeCommands,
} from '#test/contract/store-commands.ts';
import { storeContract } from '#test/contract/store-contract.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

describe('the store in memory', () => {
  storeContract(async () => {
    let now = 1_700_000_000_000;
    const store = createMemoryStore({ clock: { now: () => now } });
    const pass = async (ms: number): Promise<void> => {
      now += ms;
    };
    return { store, other: store, pass };
  });
});

describe.skipIf(!hasRedis)('the store on Redis (needs redis-server)', () => {
  let server: RedisServer;
  const opened: Store[] = [];
  let names = 0;

  const connect = (prefix: string): Store => {
    const store = createRedisStore({ url: server.url, prefix });
    opened.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await server.close();
  });

  storeContract(async () => {
    names += 1;
    const prefix = `test-${names}`;
    return {
      store: connect(prefix),
      other: connect(prefix),
      // timers may be early by a part of a millisecond
      pass: (ms) => sleep(ms + 2),
    };
  });

  test.prop([fc.array(storeCommands, { maxLength: 40 })], { numRuns: 150 })(
    'answers any sequence of calls as the one in memory does',
    async (commands: readonly StoreCommand[]) => {
      names += 1;
      const onRedis = connect(`twin-${names}`);
      const inMemory = createMemoryStore({ clock: { now: () => 0 } });
      for (const command of commands) {
        expect(await runStoreCommand(onRedis, command)).toEqual(
          await runStoreCommand(inMemory, command),
        );
      }
      await onRedis.close();
    },
  );
});
