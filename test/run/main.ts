/**
 * Runs every check and every test, and ends with what failed and why, and one line that counts them all.
 * A suite that hangs is ended and counts as failed; the others still run.
 *   npm test                    all
 *   npm test -- unit types      those suites
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { ending } from '#test/run/ending.ts';
import { createFloor } from '#test/run/floor.ts';
import { runSuite } from '#test/run/run-suite.ts';
import { type Lane, only, type Suite, stages, suiteNames } from '#test/run/suites.ts';
import { add, line, nothing, ofExit, ofLastLine, ofMissing, type Tally } from '#test/run/tally.ts';
import { ofVitest } from '#test/run/vitest-report.ts';

const folder = '.cache/test';
const Package = z.object({ scripts: z.record(z.string(), z.string()) });
const { scripts } = Package.parse(JSON.parse(await readFile('package.json', 'utf8')));

const floor = createFloor((text) => process.stdout.write(text));
const stopping = new AbortController();
const stop = (): void => {
  stopping.abort();
  process.exit(130);
};
process.once('SIGINT', stop).once('SIGTERM', stop);

const tallyOf = async (suite: Suite, say: (text: string) => void): Promise<Tally> => {
  const { name, counts, script } = suite;
  if (script !== undefined && scripts[script] === undefined) {
    return ofMissing(name, `package.json has no script ${script}`);
  }
  const report = `${folder}/${name}.json`;
  await rm(report, { force: true });
  const environment: Record<string, string> =
    counts === 'vitest' ? { FLUX_CHATOPS_TEST_REPORT: report } : {};
  const { exitCode, output } = await runSuite(suite, environment, say, stopping.signal);
  switch (counts) {
    case 'exit':
      return ofExit(name, output, exitCode);
    case 'nothing':
      return nothing;
    case 'line':
      return ofLastLine(name, output, exitCode);
    case 'vitest': {
      const written = await readFile(report, 'utf8').catch(() => 'null');
      return ofVitest(name, JSON.parse(written), exitCode);
    }
    default:
      return counts satisfies never;
  }
};

const runLane = async (lane: Lane): Promise<Tally> => {
  let total = nothing;
  for (const suite of lane) {
    const { say, end } = floor.enter();
    say(`\n== ${suite.name}\n`);
    const started = performance.now();
    const tally = await tallyOf(suite, say);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    const result = suite.counts === 'nothing' ? 'done' : line(tally);
    say(`-- ${suite.name}: ${result} in ${seconds} s\n`);
    end();
    total = add(total, tally);
  }
  return total;
};

const main = async (wanted: readonly string[]): Promise<void> => {
  const unknown = wanted.filter((name) => !suiteNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(`no suite ${unknown.join(', ')}; there are ${suiteNames.join(', ')}`);
  }
  await mkdir(folder, { recursive: true });
  let total = nothing;
  for (const lanes of wanted.length > 0 ? only(wanted) : stages) {
    total = (await Promise.all(lanes.map(runLane))).reduce(add, total);
  }
  process.stdout.write(`\n${ending(total)}\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
};

await main(process.argv.slice(2));
