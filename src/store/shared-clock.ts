import type { Clock } from '#src/clock.ts';
import type { Store } from '#src/store/store.ts';

/** A clock that agrees with those of the other replicas, because all of them follow the store's. */
export interface SharedClock extends Clock {
  /**
   * Resolves when it agrees; asks the store the first time only.
   * @throws when the store is unavailable
   */
  agreed(): Promise<void>;
  /** Keeps it in agreement until the signal is aborted. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface SharedClockOptions {
  /** Of this machine, which may be minutes off. */
  readonly clock: Clock;
  readonly store: Pick<Store, 'time'>;
  /**
   * ms that nobody sets: between two answers of the store, time goes by these. Otherwise a clock that is set
   * by minutes makes every wait of the last half minute too short or too long. The clock when left out.
   */
  readonly steady?: (() => number) | undefined;
}

const askEveryMs = 30_000;
const askAgainMs = 1_000;
/** An answer that took longer, as across a pause of this process, says too little. */
const promptMs = 1_000;
/** What the way of an answer may account for. */
const toleranceMs = 20;

/**
 * What one replica writes down another one reads: when a step began, when a journal is due, how long ago
 * an incident ended. So these times are by one clock, the store's; waiting is by our own.
 */
export const createSharedClock = (options: SharedClockOptions): SharedClock => {
  const { clock, store, steady = clock.now } = options;
  let offset = clock.now() - steady();
  let known = false;

  const ask = async (): Promise<void> => {
    const asked = steady();
    const theirs = await store.time();
    const tookMs = steady() - asked;
    const found = theirs - (asked + tookMs / 2);
    const telling = tookMs <= promptMs && Math.abs(found - offset) > tookMs / 2 + toleranceMs;
    if (!known || telling) {
      offset = Math.round(found);
    }
    known ||= tookMs <= promptMs;
  };

  return {
    now: () => steady() + offset,
    wait: (ms, signal) => clock.wait(ms, signal),
    agreed: async () => {
      if (!known) {
        await ask();
      }
    },
    follow: async (signal) => {
      while (!signal.aborted) {
        // while the store is away what was agreed still holds
        await ask().catch(() => undefined);
        await clock.wait(known ? askEveryMs : askAgainMs, signal);
      }
    },
  };
};
