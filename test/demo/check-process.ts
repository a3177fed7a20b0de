import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isFree } from '#test/net/free-port.ts';

const repository = join(import.meta.dirname, '../..');
const startWithinMs = 180_000;

/** A demo as a person starts it, in a folder of its own. */
export interface RunningDemo {
  readonly slackUrl: string;
  readonly healthUrl: string;
  /** From starting the process to `Up`. */
  readonly seconds: number;
  /** What it has printed so far. */
  printed(): string;
  /** Types a line into its terminal. */
  type(line: string): void;
  /** One command of the control; throws when it is refused. */
  run(...words: readonly string[]): Promise<{ readonly text: string }>;
  /** What a second start in the same folder prints. */
  tryStart(): Promise<string>;
  /** Ctrl-C; throws when something is left behind. */
  stop(): Promise<void>;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const read = (folder: string, name: string): Readonly<Record<string, number>> =>
  existsSync(join(folder, name))
    ? (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Readonly<Record<string, number>>)
    : {};

const execute = promisify(execFile);

/**
 * @param folder - where it keeps its state
 * @param more - further environment, as a person sets it before the command
 * @param clone - which clone of the repository to start
 */
export const startDemo = async (
  folder: string,
  more: Readonly<Record<string, string>> = {},
  clone = repository,
): Promise<RunningDemo> => {
  const main = join(clone, 'test/demo/main.ts');
  const env = { ...process.env, ...more, FLUX_CHATOPS_DEMO: folder };
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], {
    cwd: clone,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  const up = Promise.withResolvers<void>();
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.includes('Up after')) {
      up.resolve();
    }
  });
  child.once('exit', (code) => up.reject(new Error(`the demo ended with ${code}:\n${printed}`)));
  const timer = setTimeout(() => up.reject(new Error(`not up:\n${printed}`)), startWithinMs);
  try {
    await up.promise;
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const ports = read(folder, 'ports.json');
  const pids = Object.values(read(folder, 'pids.json')).filter((pid) => pid > 0);

  return {
    slackUrl: `http://127.0.0.1:${ports['slack']}`,
    healthUrl: `http://127.0.0.1:${ports['health']}`,
    seconds,
    printed: () => printed,
    type: (line) => {
      child.stdin.write(`${line}\n`);
    },
    run: async (...words) => {
      const { stdout } = await execute(process.execPath, [main, ...words], { env });
      return { text: stdout };
    },
    tryStart: async () => {
      const tried = await execute(process.execPath, [main], { env }).catch(
        (error: unknown) => error,
      );
      return String((tried as { stderr?: string }).stderr);
    },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      const alive = pids.filter(isAlive);
      const taken: string[] = [];
      for (const [name, port] of Object.entries(ports)) {
        if (!(await isFree(port))) {
          taken.push(`${name} ${port}`);
        }
      }
      if (alive.length > 0 || taken.length > 0) {
        throw new Error(`left behind: processes ${alive.join(', ')}; ports ${taken.join(', ')}`);
      }
    },
  };
};
