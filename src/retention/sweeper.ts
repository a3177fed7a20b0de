import type { Clock } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import { type RetentionLimits, sweepOld } from '#src/retention/retention.ts';
import type { Store } from '#src/store/store.ts';

export interface SweeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly holder: string;
  readonly limits: () => RetentionLimits;
  readonly channels: () => readonly string[];
  readonly log: Log;
}

const sweepEveryMs = 60 * 60_000;
const firstSweepMs = 60_000;
const leaseMs = 10 * 60_000;

/** Sweeps each hour, in one replica; a sweep that fails is made up for by the next. */
export const runSweeper = async (options: SweeperOptions, signal: AbortSignal): Promise<void> => {
  const { store, clock, holder, limits, channels, log } = options;
  const sweep = async (): Promise<void> => {
    const lease = await store.lease('retention', holder, leaseMs);
    if (lease.held) {
      // the records bear the store's time; by a wrong clock of ours the audit trail would be swept away
      const swept = await sweepOld(store, limits(), channels(), await store.time());
      log.info({ ...swept }, 'old records removed');
      await store.release('retention', holder);
    }
  };
  await clock.wait(firstSweepMs, signal);
  while (!signal.aborted) {
    try {
      await sweep();
    } catch (error) {
      log.warn({ error }, 'old records could not be removed; trying again in an hour');
    }
    await clock.wait(sweepEveryMs, signal);
  }
};
