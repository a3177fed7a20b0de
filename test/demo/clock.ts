import { realClock, type SandboxClock, virtualClock } from '#test/sandbox/clock.ts';

export interface HeadStartClock extends SandboxClock {
  /** Moves on by `ms` at once; only before it goes live. */
  advance(ms: number): Promise<void>;
  /** From now on it is the real clock; what is not due yet stays due at its time. */
  goLive(): void;
}

interface Waiting {
  readonly at: number;
  readonly act: () => void;
  cancel: () => void;
}

/**
 * A clock that begins in the past and runs as fast as work allows, until it goes live. So clusters that
 * take minutes to come up are up in seconds, and their past lies before now.
 * @param startMs - ms since the epoch
 */
export const headStartClock = (startMs: number): HeadStartClock => {
  const past = virtualClock(startMs);
  const waiting = new Set<Waiting>();
  let current: SandboxClock = past;

  const schedule = (one: Waiting): void => {
    one.cancel = current.after(Math.max(0, one.at - current.now()), () => {
      waiting.delete(one);
      one.act();
    });
  };

  return {
    now: () => current.now(),
    during: (work) => current.during(work),
    after: (ms, act) => {
      const one: Waiting = { at: current.now() + ms, act, cancel: () => undefined };
      waiting.add(one);
      schedule(one);
      return () => {
        waiting.delete(one);
        one.cancel();
      };
    },
    advance: (ms) => past.advance(ms),
    goLive: () => {
      for (const one of waiting) {
        one.cancel();
      }
      current = realClock;
      for (const one of [...waiting].toSorted((left, right) => left.at - right.at)) {
        schedule(one);
      }
    },
  };
};
