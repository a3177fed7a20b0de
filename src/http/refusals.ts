import type { Clock } from '#src/clock.ts';

/** Something signed that its key may not speak for. */
export interface Refusal {
  readonly webhook: string;
  readonly key: string;
  /** The cluster that was claimed by the path. */
  readonly cluster: string;
  readonly reason: string;
  /** ms since the epoch. */
  readonly at: number;
  /** How many more of the kind there were since it was told last. */
  readonly further?: number;
}

/** What is refused in the same way within this is counted and not told again. */
const toldEveryMs = 10 * 60_000;

interface Told {
  readonly at: number;
  further: number;
}

/**
 * Tells of refused deliveries, of each kind once in ten minutes: a Provider with the path of another cluster
 * sends an event every few seconds for as long as nobody looks, and a year of that would fill the store.
 */
export const tellRefusals = (
  { now }: Pick<Clock, 'now'>,
  tell: (refusal: Refusal) => Promise<void>,
) => {
  // as many as there are keys and reasons; what the sender writes is in neither
  const told = new Map<string, Told>();

  return async (refusal: Omit<Refusal, 'at' | 'further'>): Promise<void> => {
    const kind = `${refusal.webhook}\n${refusal.key}\n${refusal.reason}`;
    const before = told.get(kind);
    const at = now();
    if (before !== undefined && at - before.at < toldEveryMs) {
      before.further += 1;
      return;
    }
    told.set(kind, { at, further: 0 });
    try {
      await tell({
        ...refusal,
        at,
        ...(before === undefined || before.further === 0 ? {} : { further: before.further }),
      });
    } catch (error) {
      told.delete(kind);
      throw error;
    }
  };
};
