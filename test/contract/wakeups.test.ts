import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBullmqWakeups } from '#src/queue/bullmq.ts';
import { createMemoryWakeups } from '#src/queue/memory.ts';
import type { WakeupProblem, Wakeups } from '#src/queue/wakeups.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { realClock } from '#test/http/real-clock.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

interface WakeupsUnderTest {
  readonly wakeups: Wakeups;
  now(): number;
  /** Lets at least so much time go by. */
  pass(ms: number): Promise<void>;
}

const wakeupsContract = (open: (onProblem: WakeupProblem) => WakeupsUnderTest): void => {
  let wakeups: Wakeups;
  let now: WakeupsUnderTest['now'];
  let pass: WakeupsUnderTest['pass'];
  let problems: string[];
  let woken: string[];
  const note = async (name: string): Promise<void> => void woken.push(name);

  beforeEach(() => {
    problems = [];
    woken = [];
    ({ wakeups, now, pass } = open((problem) => problems.push(problem)));
  });
  afterEach(() => wakeups.close());

  /** Lets time go by until so many wake-ups came. */
  const until = async (count: number): Promise<void> => {
    for (let tries = 0; woken.length < count && tries < 800; tries++) {
      await pass(25);
    }
  };

  it('wake for each name', async () => {
    wakeups.listen(note);
    await Promise.all([wakeups.wake('advance a'), wakeups.wake('drain outbox')]);
    await until(2);
    expect(woken.toSorted((left, right) => (left < right ? -1 : 1))).toEqual([
      'advance a',
      'drain outbox',
    ]);
  });

  it('wait for somebody who listens', async () => {
    await wakeups.wake('advance a');
    await pass(50);
    wakeups.listen(note);
    await until(1);
    expect(woken).toEqual(['advance a']);
  });

  it('come at their time, not before, and a past time is now', async () => {
    const times: Record<string, number> = {};
    const start = now();
    wakeups.listen(async (name) => {
      times[name] = now();
      woken.push(name);
    });
    await wakeups.wake('later', start + 400);
    await wakeups.wake('past', start - 1_000);
    await until(2);
    expect(woken).toEqual(['past', 'later']);
    expect(times['later']).toBeGreaterThanOrEqual(start + 400);
  });

  it('come again when asked for while the same name is being handled', async () => {
    let first = true;
    wakeups.listen(async (name) => {
      if (first) {
        first = false;
        await wakeups.wake(name);
      }
      woken.push(name);
    });
    await wakeups.wake('advance a');
    await until(2);
    expect(woken).toEqual(['advance a', 'advance a']);
  });

  it('go on when a handler fails, which is reported', async () => {
    wakeups.listen(async (name) => {
      woken.push(name);
      throw new Error('a bug');
    });
    await wakeups.wake('a');
    await until(1);
    await wakeups.wake('b');
    await until(2);
    expect(woken).toEqual(['a', 'b']);
    for (let tries = 0; problems.length < 2 && tries < 800; tries++) {
      await pass(25);
    }
    expect(problems).toEqual(['handler failed', 'handler failed']);
  });

  it('come no more after the end', async () => {
    wakeups.listen(note);
    await wakeups.wake('a', now() + 100);
    await wakeups.close();
    await pass(300);
    expect(woken).toEqual([]);
  });
};

describe('wake-ups in memory', () => {
  wakeupsContract((onProblem) => {
    const clock = createVirtualClock();
    const wakeups = createMemoryWakeups({ clock, onProblem });
    return { wakeups, now: () => clock.now(), pass: (ms) => clock.advance(ms) };
  });
});

describe.skipIf(!hasRedis)('wake-ups on BullMQ (needs redis-server)', () => {
  let server: RedisServer;
  let names = 0;
  const open = (onProblem: WakeupProblem): Wakeups =>
    createBullmqWakeups({
      url: server.url,
      prefix: `wake-${names}`,
      clock: realClock,
      onProblem,
    });

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  wakeupsContract((onProblem) => {
    names += 1;
    return { wakeups: open(onProblem), now: () => Date.now(), pass: (ms) => sleep(ms) };
  });

  it('go to one replica each, and leave no job behind', async () => {
    names += 1;
    const woken: string[] = [];
    const replicas = [open(() => undefined), open(() => undefined)];
    for (const replica of replicas) {
      replica.listen(async (name) => void woken.push(name));
    }
    await Promise.all(Array.from({ length: 20 }, (_, n) => replicas[n % 2]?.wake(`advance ${n}`)));
    await expect.poll(() => woken.length, { timeout: 20_000 }).toBe(20);
    expect(new Set(woken).size).toBe(20);
    await Promise.all(replicas.map((replica) => replica.close()));
    const redis = new Redis(server.url);
    const jobs = await redis.keys(`{wake-${names}}:bull:wakeups:[0-9]*`);
    redis.disconnect();
    expect(jobs).toEqual([]);
  });
});
