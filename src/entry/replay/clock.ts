import type { Clock, Ids } from '#src/clock.ts';

/** A clock that stands still until it is told to move; the same run is the same each time. */
export interface VirtualClock extends Clock {
  /** Moves on to `until` (ms since the epoch); what falls due in between happens in order of time. */
  advanceTo(until: number): Promise<void>;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

// promises that wait for nothing but each other run to their end between two turns of the event loop
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** @param start - ms since the epoch */
export const createVirtualClock = (start: number): VirtualClock => {
  const due = new Set<Due>();
  let now = start;
  let order = 0;

  const takeNext = (until: number): Due | undefined => {
    let next: Due | undefined;
    for (const one of due) {
      const earlier =
        next === undefined || one.at < next.at || (one.at === next.at && one.order < next.order);
      next = one.at <= until && earlier ? one : next;
    }
    if (next !== undefined) {
      due.delete(next);
    }
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
        order += 1;
        const stop = (): void => {
          due.delete(one);
          resolve();
        };
        const one: Due = {
          at: now + Math.max(ms, 0),
          order,
          act: () => {
            signal?.removeEventListener('abort', stop);
            resolve();
          },
        };
        due.add(one);
        signal?.addEventListener('abort', stop, { once: true });
      }),
    advanceTo: async (until) => {
      await settle();
      for (let next = takeNext(until); next !== undefined; next = takeNext(until)) {
        now = Math.max(now, next.at);
        next.act();
        await settle();
      }
      now = Math.max(now, until);
    },
  };
};

/** Ids that count up, so that the same run gives the same names. */
export const countingIds = (): Ids => {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return String(count).padStart(26, '0');
    },
  };
};
