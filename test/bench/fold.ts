import { median, quantile, type Row, repeat, row } from '#test/bench/numbers.ts';
import { startChild } from '#test/bench/processes/child.ts';
import type { WorldQuestion } from '#test/bench/processes/world.ts';

const events = 4_000;

/** ms per event: the median over the runs of the 99th percentile of each. */
const foldP99 = async (objects: number, runs: number): Promise<number> => {
  const world = await startChild<WorldQuestion, readonly number[]>('world.ts');
  try {
    await world.ask({ kind: 'fold', objects, events }); // warm-up
    const times = await repeat(runs, () => world.ask({ kind: 'fold', objects, events }));
    return median(times.map((one) => quantile(one, 0.99)));
  } finally {
    await world.stop();
  }
};

/** The time that one event takes in the fold, and how it grows with what is known. */
export const measureFold = async (runs: number): Promise<readonly Row[]> => {
  const few = await foldP99(100, runs + 2);
  const many = await foldP99(5_000, runs + 2);
  return [
    row('fold p99 per event at 100 objects', few, 'ms', { is: '<', limit: 1 }),
    row('fold p99 per event at 5,000 objects', many, 'ms', { is: '<', limit: 1 }),
    row('fold p99 at 5,000 over 100 objects', many / few, 'x', { is: '<=', limit: 2 }),
  ];
};
