import type { Clock } from '#src/clock.ts';

/** Wakes a loop that sleeps: rung before or during the sleep, it ends it at once. */
export interface Bell {
  ring(): void;
  /** Resolves after `ms`, when rung, or when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const createBell = (clock: Clock): Bell => {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    sleep: async (ms, signal) => {
      if (!(rung || signal?.aborted)) {
        const woken = new AbortController();
        wake = () => woken.abort();
        const either =
          signal === undefined ? woken.signal : AbortSignal.any([woken.signal, signal]);
        await clock.wait(ms, either);
        wake = undefined;
      }
      rung = false;
    },
  };
};
