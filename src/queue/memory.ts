import type { Clock } from '#src/clock.ts';
import type { WakeupProblem, Wakeups } from '#src/queue/wakeups.ts';

/** The queue's twin in memory, on the clock it is given: for replays, simulations and tests. */
export const createMemoryWakeups = ({
  clock,
  onProblem,
}: {
  readonly clock: Clock;
  readonly onProblem?: WakeupProblem;
}): Wakeups => {
  const closed = new AbortController();
  let waiting: readonly string[] = [];
  let listener: ((name: string) => Promise<void>) | undefined;

  const deliver = (name: string): void => {
    if (listener === undefined) {
      waiting = [...waiting, name];
      return;
    }
    listener(name).catch((error: unknown) => onProblem?.('handler failed', error));
  };

  const deliverAt = async (name: string, at: number): Promise<void> => {
    await clock.wait(at - clock.now(), closed.signal);
    if (!closed.signal.aborted) {
      deliver(name);
    }
  };

  return {
    wake: async (name, at) => {
      // also a wake-up for now comes after the caller has gone on, as from a real queue
      void deliverAt(name, at ?? clock.now());
    },
    listen: (handle) => {
      listener = handle;
      const names = waiting;
      waiting = [];
      names.forEach(deliver);
    },
    close: async () => {
      closed.abort();
    },
  };
};
