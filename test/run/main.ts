/**
 * Runs every check and every test, one suite after the other, and ends with one line that counts them
 * all. A suite that hangs is ended and counts as failed; the others still run.
 *   npm test                    all
 *   npm test -- unit types      those suites
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { add, line, nothing, ofExit, ofLastLine, ofMissing, type Tally } from '#test/run/tally.ts';
import { ofVitest } from '#test/run/vitest-report.ts';

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** What is counted: the exit code, the last line, or the report of Vitest. */
  readonly counts: 'exit' | 'line' | 'vitest';
  readonly limitMinutes: number;
  /** The script of package.json that the command runs, if it is one. */
  readonly script?: string;
}

const npm = (script: string, ...args: readonly string[]): string[] => [
  ...['npm', 'run', '--silent', script],
  ...(args.length > 0 ? ['--', ...args] : []),
];

const check = (name: string): Suite => ({
  name,
  command: npm(name),
  counts: 'exit',
  limitMinutes: 2,
});

const vitest = (name: string, limitMinutes: number, projects = [name]): Suite => ({
  name,
  command: [
    ...['vitest', 'run', '--reporter=default', '--reporter=json'],
    `--outputFile.json=${reportOf(name)}`,
    ...projects.map((project) => `--project=${project}`),
  ],
  counts: 'vitest',
  limitMinutes,
});

/** A program of ours that prints its own last line. */
const counting = (
  name: string,
  limitMinutes: number,
  script: string,
  ...args: readonly string[]
): Suite => ({ name, command: npm(script, ...args), counts: 'line', limitMinutes, script });

const folder = '.cache/test';
const reportOf = (name: string): string => `${folder}/${name}.json`;

const suites: readonly Suite[] = [
  ...['types', 'lint', 'unused', 'drift'].map(check),
  vitest('unit', 10, ['unit', 'contract']),
  vitest('integration', 20),
  vitest('platform', 10),
  vitest('e2e', 10),
  // the table alone: the self-test and what is beside it run in the suite platform
  counting('platform-rules', 10, 'platform', '--rules'),
  counting('demo', 25, 'demo', 'check'),
  counting('faults', 5, 'faults', '--runs', '500', '--seed', '1'),
];

const Package = z.object({ scripts: z.record(z.string(), z.string()) });
const { scripts } = Package.parse(JSON.parse(await readFile('package.json', 'utf8')));

interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a suite in a process group of its own, so that ending it ends what it has started. */
function run(suite: Suite): Promise<Ended> {
  const [command = '', ...args] = suite.command;
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    const end = (signal: 'SIGTERM' | 'SIGKILL'): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended by itself.
      }
    };
    const stop = (): void => {
      end('SIGTERM');
      process.exit(130);
    };
    const timer = setTimeout(() => {
      console.error(`${suite.name} is ended: it ran longer than ${suite.limitMinutes} minutes`);
      end('SIGKILL');
    }, suite.limitMinutes * 60_000);
    process.once('SIGINT', stop).once('SIGTERM', stop);
    const settle = (exitCode: number): void => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ exitCode, output });
    };
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      output = (output + chunk.toString()).slice(-10_000);
    });
    child.on('error', (error) => {
      console.error(`${suite.name}: ${error.message}`);
      settle(127);
    });
    child.on('close', (code) => settle(code ?? 1));
  });
}

async function tallyOf(suite: Suite): Promise<Tally> {
  if (suite.script !== undefined && scripts[suite.script] === undefined)
    return ofMissing(suite.name, `package.json has no script ${suite.script}`);
  await rm(reportOf(suite.name), { force: true });
  const { exitCode, output } = await run(suite);
  if (suite.counts === 'exit') return ofExit(suite.name, exitCode);
  if (suite.counts === 'line') return ofLastLine(suite.name, output, exitCode);
  const report = await readFile(reportOf(suite.name), 'utf8').catch(() => 'null');
  return ofVitest(suite.name, JSON.parse(report), exitCode);
}

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => suites.every((suite) => suite.name !== name));
  if (unknown.length > 0) {
    const known = suites.map(({ name }) => name).join(', ');
    throw new Error(`no suite ${unknown.join(', ')}; there are ${known}`);
  }
  await mkdir(folder, { recursive: true });
  let total = nothing;
  for (const suite of suites) {
    if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
    console.log(`\n== ${suite.name}`);
    const started = performance.now();
    const tally = await tallyOf(suite);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`-- ${suite.name}: ${line(tally)} in ${seconds} s`);
    total = add(total, tally);
  }
  console.log(`\n${total.notes.join('\n')}`);
  console.log(line(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

await main(process.argv.slice(2));
