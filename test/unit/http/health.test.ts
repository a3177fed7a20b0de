import { describe, expect, it } from 'vitest';
import { createHealthBoard } from '#src/http/health.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

describe('the health board', () => {
  it('says what each component says, and that one which fails is down', async () => {
    const board = createHealthBoard({
      clock: createVirtualClock(),
      probes: {
        redis: async () => ({ up: true, warnings: ['weak'] }),
        slack: async () => {
          throw new Error('no token');
        },
      },
    });
    expect(await board.read()).toEqual([
      { name: 'redis', up: true, warnings: ['weak'] },
      { name: 'slack', up: false, detail: 'no token' },
    ]);
  });

  it('gives what was last known when a component does not answer', async () => {
    const clock = createVirtualClock();
    let answer: Promise<{ up: boolean }> = Promise.resolve({ up: true });
    const board = createHealthBoard({ clock, probes: { redis: () => answer } });
    await board.read();
    answer = new Promise(() => undefined);
    await clock.advance(5_000);
    const reading = board.read();
    await clock.advance(300);
    expect(await reading).toEqual([{ name: 'redis', up: true }]);
  });

  it('does not ask again what it has just asked', async () => {
    const clock = createVirtualClock();
    let asked = 0;
    const probe = async () => {
      asked += 1;
      return { up: true };
    };
    const board = createHealthBoard({ clock, probes: { redis: probe } });
    await Promise.all([board.read(), board.read()]);
    expect(asked).toBe(1);
    await clock.advance(2_000);
    await board.read();
    expect(asked).toBe(2);
  });
});
