import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { fail, ok, type Result } from '#src/result.ts';

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stopped?: 'time' | 'size';
}

export interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly directory?: string;
}

const gather = (child: ChildProcess, maxBytes: number, excess: () => void) => {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let bytes = 0;
  const listen = (name: 'stdout' | 'stderr') =>
    child[name]?.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > maxBytes) {
        excess();
        return;
      }
      parts[name].push(part);
    });
  listen('stdout');
  listen('stderr');
  return (name: 'stdout' | 'stderr') => Buffer.concat(parts[name]).toString('utf8');
};

/** Runs a program to its end; it is killed when it takes too long or writes too much. */
export const runProgram = (run: Run): Promise<Result<Finished, string>> =>
  new Promise((resolve) => {
    const child = spawn(run.command, [...run.args], {
      env: run.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.directory === undefined ? {} : { cwd: run.directory }),
    });
    let stopped: 'time' | 'size' | undefined;
    const stop = (why: 'time' | 'size') => {
      stopped ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop('time'), run.timeoutMs);
    const text = gather(child, run.maxOutputBytes, () => stop('size'));
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve(fail(error.message));
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const finished = { exitCode, stdout: text('stdout'), stderr: text('stderr') };
      resolve(ok(stopped === undefined ? finished : { ...finished, stopped }));
    });
  });

export const isExecutable = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
