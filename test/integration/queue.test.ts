import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBullmqWakeups } from '#src/queue/bullmq.ts';
import type { Wakeups } from '#src/queue/wakeups.ts';
import { realClock } from '#test/http/real-clock.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

describe.skipIf(!hasRedis)('wake-ups when Redis fails (needs redis-server)', () => {
  let server: RedisServer;
  let wakeups: Wakeups;
  let problems: string[];
  let woken: string[];

  beforeEach(async () => {
    problems = [];
    woken = [];
    server = await startRedis();
    wakeups = createBullmqWakeups({
      url: server.url,
      clock: realClock,
      onProblem: (problem) => problems.push(problem),
    });
    wakeups.listen(async (name) => void woken.push(name));
    await wakeups.wake('first');
    await expect.poll(() => woken, { timeout: 20_000 }).toContain('first');
  });
  afterEach(async () => {
    await wakeups.close();
    await server.close();
  });

  const comesThrough = (name: string): Promise<void> =>
    expect
      .poll(
        async () => {
          await wakeups.wake(name);
          return woken;
        },
        { timeout: 20_000, interval: 100 },
      )
      .toContain(name);

  it('are given up after two seconds while it is frozen, and come through after', async () => {
    server.freeze();
    const start = performance.now();
    await wakeups.wake('lost perhaps');
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(problems).toContain('not sent');
    server.thaw();
    await comesThrough('after');
  });

  it('fail quietly while it is away, and come through when it is back', async () => {
    await server.kill();
    await wakeups.wake('lost');
    await wakeups.wake('lost');
    expect(problems).toContain('not sent');
    await server.restart();
    await comesThrough('after');
  });

  it('go on after every key was deleted', async () => {
    const redis = new Redis(server.url);
    await wakeups.wake('gone', Date.now() + 60_000);
    await redis.flushall();
    redis.disconnect();
    await comesThrough('after');
    expect(woken).not.toContain('gone');
  });

  it('end soon even when it is frozen', async () => {
    server.freeze();
    const start = performance.now();
    await wakeups.close();
    expect(performance.now() - start).toBeLessThan(5_000);
    server.thaw();
  });
});
