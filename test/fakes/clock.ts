import type { Clock, Ids } from '#src/clock.ts';
import { createVirtualClock as createStillClock } from '#src/entry/replay/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves on by `ms`; whatever falls due in between happens in order of time. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still until it is told to move. */
export const createVirtualClock = (start = 1_795_000_000_000): VirtualClock => {
  const clock = createStillClock(start);
  return { ...clock, advance: (ms) => clock.advanceTo(clock.now() + ms) };
};

/** Ids that count up, so that the same run gives the same names. */
export const countingIds = (prefix = ''): Ids => {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return prefix + String(count).padStart(26 - prefix.length, '0');
    },
  };
};
