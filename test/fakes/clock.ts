import type { Clock, Ids } from '#src/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves on by `ms`; whatever falls due in between happens in order of time. */
  advance(ms: number): Promise<void>;
}

interface Due {
  readonly at: number;
  readonly act: () => void;
}

/** Lets promises that wait for nothing but each other run until they stand still. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
};

/** A clock that stands still until it is told to move. */
export const createVirtualClock = (start = 1_795_000_000_000): VirtualClock => {
  let now = start;
  let due: readonly Due[] = [];

  const takeNext = (until: number): Due | undefined => {
    const next = due.find(({ at }) => at <= until);
    due = due.filter((one) => one !== next);
    return next;
  };

  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const one = { at: now + Math.max(ms, 0), act: resolve };
        due = [...due, one].sort((left, right) => left.at - right.at);
        signal?.addEventListener(
          'abort',
          () => {
            due = due.filter((other) => other !== one);
            resolve();
          },
          { once: true },
        );
      }),
    advance: async (ms) => {
      const until = now + ms;
      await settle();
      for (let next = takeNext(until); next !== undefined; next = takeNext(until)) {
        now = Math.max(now, next.at);
        next.act();
        await settle();
      }
      now = until;
    },
  };
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
