import type { Clock } from '#src/clock.ts';
import type { Lease, LeaseHeld, Store } from '#src/store/store.ts';

/** The lease of the one replica that keeps the incidents. */
export interface Tenure {
  /** Takes or renews it. */
  take(): Promise<Lease | LeaseHeld>;
  /** Whether it stands at this token, as far as is known. */
  stands(token: number): boolean;
  /** When it is to be renewed, ms. */
  renewAt(): number;
  /**
   * Renews it beside the work until the signal is aborted: a long list of writes, or a store that answers
   * slowly, would outlast it, and replicas would take it from each other without end.
   */
  keep(signal: AbortSignal): Promise<void>;
  release(): Promise<void>;
}

export const keeperLease = 'keeper';
// short, so that a keeper that was killed is followed within the ten seconds that are promised
const leaseMs = 5_000;
export const renewEveryMs = 1_500;

interface TenureOptions {
  readonly store: Pick<Store, 'lease' | 'release'>;
  readonly clock: Clock;
  /** Name of this replica. */
  readonly holder: string;
}

export const createTenure = ({ store, clock, holder }: TenureOptions): Tenure => {
  let lease: Lease | LeaseHeld | undefined;
  let renewAt = Number.NEGATIVE_INFINITY;

  const take = async (): Promise<Lease | LeaseHeld> => {
    lease = await store.lease(keeperLease, holder, leaseMs);
    renewAt = clock.now() + renewEveryMs;
    return lease;
  };

  return {
    take,
    stands: (token) => lease?.held === true && lease.token === token,
    renewAt: () => renewAt,
    keep: async (signal) => {
      while (!signal.aborted) {
        await clock.wait(renewEveryMs, signal);
        const late = lease?.held === true && clock.now() >= renewAt && !signal.aborted;
        // where the store is away the work meets that itself
        await (late ? take().catch(() => undefined) : undefined);
      }
    },
    release: () => store.release(keeperLease, holder),
  };
};
