import { spawn } from 'node:child_process';
import type { Suite } from '#test/run/suites.ts';

export interface Ended {
  readonly exitCode: number;
  /** The end of what it printed. */
  readonly output: string;
}

const keptCharacters = 10_000;

/** How long the last words of a suite may take after its end. */
const lastWordsMs = 2_000;

/**
 * Runs a suite in a process group of its own, so that ending it ends what it has started. One that hangs
 * is ended.
 * @param environment - more than our own
 * @param say - told what it prints
 * @param stopped - ends it, too
 */
export const runSuite = (
  { name, command: [command = '', ...args], limitMinutes }: Suite,
  environment: Readonly<Record<string, string>>,
  say: (text: string) => void,
  stopped: AbortSignal,
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let output = '';
    const hear = (text: string): void => {
      say(text);
      output = (output + text).slice(-keptCharacters);
    };
    const end = (signal: 'SIGTERM' | 'SIGKILL'): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended by itself.
      }
    };
    const stop = (): void => end('SIGTERM');
    const timer = setTimeout(() => {
      hear(`${name} is ended: it ran longer than ${limitMinutes} minutes\n`);
      end('SIGKILL');
    }, limitMinutes * 60_000);
    stopped.addEventListener('abort', stop);
    const settle = (exitCode: number): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', stop);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ exitCode, output });
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => {
      hear(`${name}: ${error.message}\n`);
      settle(127);
    });
    child.on('close', (code) => settle(code ?? 1));
    // something that it left behind may hold its outputs open for ever
    child.on('exit', (code) => setTimeout(() => settle(code ?? 1), lastWordsMs).unref());
  });
