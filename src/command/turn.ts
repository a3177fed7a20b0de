import type { StepOutcome } from '#src/command/define.ts';
import { heldByStep, type Journal } from '#src/command/journal.ts';
import type { Store } from '#src/store/store.ts';

/** How often a step looks whether it is its turn, and how long at most; ms. */
const lookMs = 1_000;
const patienceMs = 15 * 60_000;

interface Turn {
  readonly journal: Journal;
  /** The same, with the step begun. */
  readonly begun: Journal;
  readonly at: number;
  readonly now: number;
}

/**
 * Whether a step that needs an object for itself has to wait for whoever works on it. Unlike the objects a
 * person named, which are refused at once while they are busy, a source is shared by many, and free again
 * as soon as it was fetched.
 * @returns undefined when it is its turn; the locks are then taken by the commit that begins the step
 */
export const waitForTurn = async (
  store: Pick<Store, 'readAll'>,
  { journal, begun, at, now }: Turn,
): Promise<StepOutcome | undefined> => {
  const had = heldByStep(journal);
  const wanted = heldByStep(begun).filter((lock) => !had.includes(lock));
  const found = wanted.length === 0 ? [] : await store.readAll(wanted);
  const holder = found.find((lock) => lock !== undefined)?.value;
  if (holder === undefined) {
    return undefined;
  }
  const waitedMs = now - (journal.steps[at - 1]?.endedAt ?? journal.startedAt);
  return waitedMs < patienceMs
    ? { kind: 'wait', afterMs: lookMs, detail: [`until ${holder} is done with it`] }
    : {
        kind: 'failed',
        failure: {
          code: 'timed-out',
          what: `The wait until ${holder} is done with ${begun.steps[at]?.name ?? 'it'}`,
          afterMs: waitedMs,
        },
      };
};
