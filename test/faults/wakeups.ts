import type { Wakeups } from '#src/queue/wakeups.ts';
import { isStoreUnavailable } from '#src/store/store.ts';
import { between, chance, pick } from '#test/faults/chance.ts';
import type { Process, Surface } from '#test/faults/process.ts';

/** A queue between the processes that loses many wake-ups and brings others late. */
export interface WakeupExchange {
  of(process: Process): Wakeups;
}

export const createWakeupExchange = ({ clock, seed, trace }: Surface): WakeupExchange => {
  const listeners: { process: Process; handle: (name: string) => Promise<void> }[] = [];
  let sent = 0;

  const deliver = async (lot: string, name: string, delayMs: number): Promise<void> => {
    await clock.wait(delayMs);
    const up = listeners.filter(({ process }) => process.alive());
    if (up.length === 0) {
      return;
    }
    const { process, handle } = pick(`${lot}/to`, up);
    await process.running();
    trace(`${process.name} woken: ${name}`);
    await handle(name).catch((error: unknown) => {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
    });
  };

  return {
    of: (process) => ({
      wake: async (name, at) => {
        sent += 1;
        const lot = `${seed}/wake/${sent}`;
        const waitMs = at === undefined ? 0 : Math.max(at - process.clock.now(), 0);
        if (chance(lot) < 0.7) {
          void deliver(lot, name, waitMs + between(`${lot}/ms`, 0, 200));
        }
      },
      listen: (handle) => {
        listeners.push({ process, handle });
      },
      close: async () => undefined,
    }),
  };
};
