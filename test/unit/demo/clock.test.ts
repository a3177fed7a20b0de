import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { headStartClock } from '#test/demo/clock.ts';

const hour = 3_600_000;

describe('a clock with a head start', () => {
  it('lives through its past at once, in order', async () => {
    const startMs = Date.now() - hour;
    const clock = headStartClock(startMs);
    const seen: string[] = [];
    clock.after(hour / 2, () => seen.push(`later, at ${clock.now() - startMs}`));
    clock.after(60_000, () => seen.push(`sooner, at ${clock.now() - startMs}`));

    await clock.advance(hour);

    expect(seen).toEqual(['sooner, at 60000', `later, at ${hour / 2}`]);
    expect(clock.now()).toBe(startMs + hour);
  });

  it('keeps what is not due yet for its time, and goes on with the real time', async () => {
    const clock = headStartClock(Date.now() - hour);
    const seen: string[] = [];
    clock.after(hour + 40, () => seen.push('due'));
    clock.after(2 * hour, () => seen.push('far away'))();
    const callOff = clock.after(hour + 40, () => seen.push('called off'));
    await clock.advance(hour);

    clock.goLive();
    callOff();
    const before = [...seen];
    await wait(150);

    expect(before).toEqual([]);
    expect(seen).toEqual(['due']);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  });
});
