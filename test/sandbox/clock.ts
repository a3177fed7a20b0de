/** Time for the sandbox: the real one in the demo, a virtual one in tests, which moves only when told. */
export interface SandboxClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `act` once after `ms`; gives the way to call it off. */
  after(ms: number, act: () => void): () => void;
  /** Real work (a process, a request) for which a virtual clock stands still until it is done. */
  during<Value>(work: Promise<Value>): Promise<Value>;
}

export const realClock: SandboxClock = {
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  during: (work) => work,
};

export interface ScopedClock extends SandboxClock {
  /** Calls off all that is waiting for its time, and takes nothing more. */
  stop(): void;
}

/** A clock for one part of the sandbox, so that nothing of it outlives it: a deadline holds a process. */
export const scopedClock = (clock: SandboxClock): ScopedClock => {
  const waiting = new Set<() => void>();
  let isStopped = false;
  return {
    now: clock.now,
    during: clock.during,
    after: (ms, act) => {
      if (isStopped) {
        return () => undefined;
      }
      const cancel = clock.after(ms, () => {
        waiting.delete(cancel);
        act();
      });
      waiting.add(cancel);
      return () => {
        waiting.delete(cancel);
        cancel();
      };
    },
    stop: () => {
      isStopped = true;
      for (const cancel of waiting) {
        cancel();
      }
      waiting.clear();
    },
  };
};

/** Resolves after `ms` of this clock. */
export const sleep = (clock: SandboxClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

export interface VirtualClock extends SandboxClock {
  /** Moves on by `ms`, and lets everything that falls due in between happen, in order of time. */
  advance(ms: number): Promise<void>;
  /** How many things are waiting for their time. */
  pending(): number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

// enough turns for a chain of promises that wait for nothing but each other
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
};

/** A clock that stands still until `advance`; two things due at one time happen in order of asking. */
export const virtualClock = (startMs: number): VirtualClock => {
  const due = new Set<Due>();
  const working = new Set<Promise<unknown>>();
  let now = startMs;
  let order = 0;

  const next = (until: number): Due | undefined => {
    let first: Due | undefined;
    for (const one of due) {
      const earlier =
        first === undefined ||
        one.at < first.at ||
        (one.at === first.at && one.order < first.order);
      first = one.at <= until && earlier ? one : first;
    }
    return first;
  };

  const rest = async (): Promise<void> => {
    await settle();
    while (working.size > 0) {
      await Promise.allSettled(working);
      await settle();
    }
  };

  return {
    now: () => now,
    during: async (work) => {
      const done = work.finally(() => working.delete(done));
      working.add(done);
      return done;
    },
    after: (ms, act) => {
      order += 1;
      const one = { at: now + Math.max(0, ms), order, act };
      due.add(one);
      return () => {
        due.delete(one);
      };
    },
    advance: async (ms) => {
      const until = now + ms;
      await rest();
      for (let one = next(until); one !== undefined; one = next(until)) {
        due.delete(one);
        now = one.at;
        one.act();
        await rest();
      }
      now = until;
    },
    pending: () => due.size,
  };
};

/** Whole seconds in UTC, as Kubernetes writes times. */
export const timestamp = (ms: number): string =>
  `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
