/**
 * Time as a port. The core is given `now` as a value and never waits by itself; loops at the edge wait
 * through this, so that production, a replay and a simulation differ only in the clock they hand over.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Names for new things as a port, so that the same run gives the same names. */
export interface Ids {
  /** An unguessable word of 26 characters from `0-9a-z`; sorts by time of making. */
  next(): string;
}
