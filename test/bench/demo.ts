import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, type Row, repeat, row } from '#test/bench/numbers.ts';
import { startDemo } from '#test/demo/check-process.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';

const execute = promisify(execFile);
const repository = `${import.meta.dirname}/../..`;

/**
 * From nothing but a clone to a demo that can be used, npm's packages included; and from there, again. What
 * the clone holds is the last commit.
 */
export const measureDemo = async (runs: number): Promise<readonly Row[]> => {
  const place = await mkdtemp(join(tmpdir(), 'flux-chatops-clone-'));
  const clone = join(place, 'flux-chatops');
  const state = join(place, 'state');
  // the page is what takes longest to come; where it does not run there is the terminal
  const view: Record<string, string> =
    localSlackBinary === undefined ? { FLUX_CHATOPS_DEMO_VIEW: 'terminal' } : {};
  try {
    const startedAt = performance.now();
    await execute('git', ['clone', '--quiet', '--depth', '1', `file://${repository}`, clone]);
    await execute('.ci/setup', ['npm'], { cwd: clone });
    const first = await startDemo(state, view, clone);
    const cold = (performance.now() - startedAt) / 1_000;
    await first.stop();
    const warm = await repeat(runs, async () => {
      const demo = await startDemo(state, view, clone);
      await demo.stop();
      return demo.seconds;
    });
    return [
      row('demo start, from a fresh clone', cold, 's', { is: '<', limit: 180 }),
      row('demo start, again', median(warm), 's', { is: '<', limit: 15 }),
    ];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
};
