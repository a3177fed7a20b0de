import { spawnSync } from 'node:child_process';
import { median, type Row, repeat, row } from '#test/bench/numbers.ts';

const program = `${import.meta.dirname}/../../bin/flux-chatops.js`;
const example = `${import.meta.dirname}/../../deploy/bot/flux-chatops.yaml`;

const asked = {
  'command line, help': ['help'],
  'command line, completion of a word': ['__complete', '--', 'flux-chatops get '],
  'command line, config check': ['config', 'check', example, '--no-secrets'],
} as const;

/** From starting the process to its end, with what Node compiled before, as every time but the first. */
export const measureTerminal = async (runs: number): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const [name, words] of Object.entries(asked)) {
    const once = async (): Promise<number> => {
      const startedAt = performance.now();
      const ended = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
      if (ended.status !== 0) {
        throw new Error(`${words.join(' ')} ended with ${ended.status}: ${ended.stderr}`);
      }
      return performance.now() - startedAt;
    };
    await once();
    const times = await repeat(runs + 6, once);
    rows.push(row(name, median(times), 'ms', { is: '<', limit: 300 }));
  }
  return rows;
};
