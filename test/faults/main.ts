/**
 * Runs the composed bot through simulated faults: `npm run faults -- --runs 500 --seed 1`. The last line
 * counts the runs; a run that fails prints its seed and the fewest faults that make it fail.
 *   --seed N    the first seed; the runs take N, N + 1, …
 *   --trace     prints every call of a single run
 */
import { parseArgs } from 'node:util';
import { sayFault } from '#test/faults/schedule.ts';
import { shrink } from '#test/faults/shrink.ts';
import { simulate } from '#test/faults/simulate.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const runs = Number(values.runs);
const first = Number(values.seed);
if (!(Number.isInteger(runs) && runs > 0 && Number.isInteger(first))) {
  console.error('Usage: npm run faults -- --runs N --seed S [--trace] [--keep]');
  process.exit(2);
}

/** Every hundredth run is made twice, to see that it is the same. */
const repeatEvery = 100;

const runOne = async (seed: number): Promise<boolean> => {
  const onTrace = values.trace ? { onTrace: (line: string) => console.log(line) } : {};
  const outcome = await simulate({ seed, ...onTrace });
  const again = seed % repeatEvery === 0 ? await simulate({ seed }) : outcome;
  if (again.trace !== outcome.trace) {
    console.log(`seed ${seed}: the same run went another way the second time`);
    return false;
  }
  if (outcome.violations.length === 0) {
    return true;
  }
  const least = values.keep
    ? outcome
    : await shrink(outcome, (faults) => simulate({ seed, faults }));
  console.log(`seed ${seed} fails:`);
  for (const violation of least.violations) {
    console.log(`  ${violation}`);
  }
  console.log(`with ${least.fired.length} of ${outcome.fired.length} faults:`);
  for (const fault of least.fired) {
    console.log(`  ${sayFault(fault)}`);
  }
  return false;
};

let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  failed += (await runOne(seed)) ? 0 : 1;
}
console.log(`${runs} runs, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
