import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createSchedule } from '#src/incident/schedule.ts';

const step = fc.oneof(
  fc.record({
    key: fc.integer({ min: 0, max: 60 }).map(String),
    due: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({ key: fc.integer({ min: 0, max: 60 }).map(String), due: fc.constant(undefined) }),
);

describe('what is due', () => {
  test.prop([fc.array(step, { maxLength: 400 }), fc.integer({ min: 0, max: 50 })])(
    'is what a plain map says, in the same order',
    (steps, now) => {
      const plain = new Map<string, number>();
      const schedule = createSchedule();
      for (const { key, due } of steps) {
        if (due === undefined) {
          plain.delete(key);
          schedule.delete(key);
        } else {
          plain.set(key, due);
          schedule.set(key, due);
        }
        const next = plain.size === 0 ? undefined : Math.min(...plain.values());
        expect(schedule.next()).toBe(next);
      }
      const due = [...plain].filter(([, at]) => at <= now).map(([key]) => key);
      expect(schedule.dueBy(now)).toEqual(due);
      // asking takes nothing out
      expect(schedule.dueBy(now)).toEqual(due);
    },
  );

  it('is nothing in an empty schedule', () => {
    const schedule = createSchedule();
    expect(schedule.dueBy(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(schedule.next()).toBeUndefined();
  });
});
