import type { Clock } from '#src/clock.ts';

/** Headers by lower-case name. */
type Headers = Readonly<Record<string, string | number | undefined>>;

/**
 * Keeps us from asking a host that has said "no more for now": whoever goes on asking is shut out for
 * longer.
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export interface RateGate {
  /** Until when (ms) nothing may be asked; undefined while it may. */
  closedUntil(): number | undefined;
  /** Takes in an answer. @returns until when the gate is closed by it; undefined where it stays open */
  note(status: number, headers: Headers): number | undefined;
}

/** Where a host does not say for how long; ms. */
const unsaidMs = 60_000;
/** A wrong clock on either side must not shut the gate for good; ms. */
const longestMs = 3_600_000;

const numberIn = (value: string | number | undefined): number | undefined =>
  value !== undefined && /^\d+$/.test(String(value)) ? Number(value) : undefined;

export const createRateGate = (clock: Pick<Clock, 'now'>): RateGate => {
  let until = Number.NEGATIVE_INFINITY;

  /** How long the answer asks us to wait, ms. */
  const wait = (status: number, headers: Headers): number | undefined => {
    const after = numberIn(headers['retry-after']);
    const spent = numberIn(headers['x-ratelimit-remaining']) === 0;
    const limited = status === 429 || (status === 403 && (after !== undefined || spent));
    if (!(limited || spent)) {
      return undefined;
    }
    if (after !== undefined) {
      return after * 1_000;
    }
    const reset = numberIn(headers['x-ratelimit-reset']);
    return spent && reset !== undefined ? reset * 1_000 - clock.now() : unsaidMs;
  };

  return {
    closedUntil: () => (clock.now() < until ? until : undefined),
    note: (status, headers) => {
      const ms = wait(status, headers);
      if (ms === undefined) {
        return undefined;
      }
      until = Math.max(until, clock.now() + Math.min(Math.max(ms, 1_000), longestMs));
      return until;
    },
  };
};
