import type { Fault } from '#test/faults/schedule.ts';
import type { Outcome } from '#test/faults/simulate.ts';

/**
 * Takes faults out of a failing run, many at first, then one by one, as long as it still fails.
 * @param run - runs with just these faults
 * @returns the smallest run that was found, itself failing
 */
export const shrink = async (
  failing: Outcome,
  run: (faults: readonly Fault[]) => Promise<Outcome>,
): Promise<Outcome> => {
  let best = failing;
  for (let size = Math.ceil(best.fired.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.fired.length; ) {
      const fewer = best.fired.filter((_, index) => index < at || index >= at + size);
      const outcome = await run(fewer);
      if (outcome.violations.length > 0 && outcome.fired.length < best.fired.length) {
        best = outcome;
      } else {
        at += size;
      }
    }
  }
  return best;
};
