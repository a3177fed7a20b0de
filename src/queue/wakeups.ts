/**
 * Wake-ups, as a port: "look at this now", or at a time. Nothing but the name travels, and nothing may
 * depend on one arriving: what is due stands in the store, and a scan finds it. So a wake-up may come
 * twice, late, after its reason is gone, or (all keys deleted) never.
 */
export interface Wakeups {
  /**
   * Asks that somebody be woken for `name`.
   * Resolves within about two seconds, also when the queue is away; it never rejects.
   * @param at - ms since the epoch; left out: now
   */
  wake(name: string, at?: number): Promise<void>;
  /** Calls `handle` for each wake-up from now on, also for those that waited; several at a time. */
  listen(handle: (name: string) => Promise<void>): void;
  /** Ends listening; wake-ups that were not handled stay for another replica. */
  close(): Promise<void>;
}

/** What went wrong with a wake-up; the scan makes up for it. */
export type WakeupProblem = (
  problem: 'not sent' | 'handler failed' | 'queue',
  error: unknown,
) => void;

export const advanceJournal = (id: string): string => `advance ${id}`;
export const drainOutbox = 'drain outbox';

/** Reads {@link advanceJournal} back; undefined for any other name. */
export const journalOf = (name: string): string | undefined =>
  name.startsWith('advance ') ? name.slice('advance '.length) : undefined;
