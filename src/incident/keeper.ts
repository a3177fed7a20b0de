import { createBell } from '#src/bell.ts';
import { createCatchUp } from '#src/incident/catch-up.ts';
import { createKeeping, type KeeperOptions } from '#src/incident/keeping.ts';
import { createOpening } from '#src/incident/opening.ts';
import { createReports } from '#src/incident/reports.ts';
import { createSuspects } from '#src/incident/suspects.ts';
import { createTenure, renewEveryMs } from '#src/incident/tenure.ts';
import { beginTurn, type Turn } from '#src/incident/turn.ts';
import { nextDue } from '#src/incident/world.ts';
import { isStoreUnavailable } from '#src/store/store.ts';

export interface Keeper {
  /** Something may be on the intake stream. */
  wake(): void;
  /** Runs until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether this replica is the one that keeps the incidents. */
  leads(): boolean;
}

const idleMs = 1_000;
const retryMs = 1_000;

/**
 * Turns what the clusters and the webhooks say into incidents: one lease holder, one thing at a time. Each
 * write is fenced by the lease, so a holder that was paused past it can write nothing.
 */
export const createKeeper = (options: KeeperOptions): Keeper => {
  const { store, clusters, clock, holder, clean, log } = options;
  const { commits } = options;
  const bell = createBell(clock);
  let turn: Turn | undefined;
  const tenure = createTenure({ store, clock, holder });
  const { work, endedAfter, unreadable } = createKeeping(options, tenure);

  const takeOver = async (token: number): Promise<Turn> => {
    const begun = await beginTurn({
      store,
      clusters,
      token,
      endedAfter: endedAfter(),
      now: clock.now(),
      reports: createReports({ store, clean, log }),
      opening: createOpening(store),
      catchUp: await createCatchUp(store, clock.now(), `${holder}-${token}`),
      suspects: createSuspects({
        git: undefined,
        personOf: () => undefined,
        ...commits,
        redact: clean.redact,
        clock,
        log,
        onNews: () => bell.ring(),
      }),
      onNews: () => bell.ring(),
      unreadable,
    });
    begun.suspects.askOpen(begun.world);
    log.info(
      { holder, token, incidents: begun.world.incidents.size },
      'keeping the incidents from now on',
    );
    return begun;
  };

  const stepDown = (why: string): void => {
    turn?.stop();
    turn = undefined;
    log.warn({ holder }, why);
  };

  const ensureTurn = async (): Promise<Turn | undefined> => {
    const lease = await tenure.take();
    if (!lease.held) {
      if (turn !== undefined) {
        stepDown('the lease went to another replica');
      }
      return undefined;
    }
    if (turn !== undefined && turn.token !== lease.token) {
      stepDown('the lease was lost and taken again');
    }
    if (turn === undefined) {
      turn = await takeOver(lease.token);
    }
    return turn;
  };

  const round = async (signal: AbortSignal): Promise<void> => {
    const current = await ensureTurn();
    if (current === undefined) {
      await bell.sleep(renewEveryMs, signal);
      return;
    }
    while (!signal.aborted && clock.now() < tenure.renewAt()) {
      if (!(await work(current))) {
        stepDown('another replica keeps the incidents now');
        return;
      }
      const due = nextDue(current.world) ?? Number.POSITIVE_INFINITY;
      const pause = Math.min(due - clock.now(), tenure.renewAt() - clock.now(), idleMs);
      if (current.queue.length === 0 && !current.unread && pause > 0) {
        await bell.sleep(pause, signal);
      }
    }
  };

  return {
    wake: () => bell.ring(),
    leads: () => turn !== undefined,
    run: async (signal) => {
      const keeping = tenure.keep(signal);
      while (!signal.aborted) {
        try {
          await round(signal);
        } catch (error) {
          if (isStoreUnavailable(error)) {
            log.warn({ holder }, 'the store does not answer; trying again');
            if (turn !== undefined) {
              turn.stale = true;
            }
          } else {
            log.error({ holder, error }, 'a round of keeping the incidents failed');
            stepDown('starting over');
          }
          await bell.sleep(retryMs, signal);
        }
      }
      turn?.stop();
      turn = undefined;
      await keeping;
      await tenure.release().catch((error: unknown) => {
        log.warn({ holder, error }, 'the lease could not be given back; it ends by itself');
      });
    },
  };
};
