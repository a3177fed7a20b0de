import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The bot as its own process: `src/entry/serve.ts` with a configuration file. */
export interface BotProcess {
  readonly pid: number;
  readonly publicUrl: string;
  readonly internalUrl: string;
  /** Log lines so far, parsed. */
  log(): readonly Readonly<Record<string, unknown>>[];
  /** SIGTERM, as Kubernetes does. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL: a crash. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT: a pause of the whole process. */
  freeze(): void;
  thaw(): void;
}

export interface BotProcessOptions {
  readonly config: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly role?: 'all' | 'front' | 'worker';
  readonly logLevel?: 'debug' | 'info';
  /** Where its log lines go, besides `log()`. */
  readonly logFile?: string;
}

const entry = `${import.meta.dirname}/../../src/entry/serve.ts`;

const ended = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
};

/** Starts it and resolves when it says that it is ready. */
export const startBotProcess = async (options: BotProcessOptions): Promise<BotProcess> => {
  const child = spawn(
    process.execPath,
    [
      ...[entry, '--config', options.config, '--role', options.role ?? 'all'],
      ...['--log-level', options.logLevel ?? 'debug'],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal is for whoever started us, who then ends the parts in order
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', ...options.environment },
    },
  );
  const lines: Record<string, unknown>[] = [];
  if (options.logFile !== undefined) {
    child.stdout.pipe(createWriteStream(options.logFile, { flags: 'a' }));
  }
  const errors: string[] = [];
  const ready = Promise.withResolvers<{ readonly public: number; readonly internal: number }>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    lines.push(parsed);
    if (parsed['msg'] === 'ready') {
      ready.resolve({ public: Number(parsed['public']), internal: Number(parsed['internal']) });
    }
  });
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  child.once('exit', (code) => {
    ready.reject(new Error(`the bot ended with ${code}:\n${errors.join('\n')}`));
  });
  const ports = await ready.promise;
  return {
    pid: child.pid ?? 0,
    publicUrl: `http://127.0.0.1:${ports.public}`,
    internalUrl: `http://127.0.0.1:${ports.internal}`,
    log: () => lines,
    stop: () => {
      child.kill('SIGTERM');
      return ended(child);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended(child);
    },
    freeze: () => {
      child.kill('SIGSTOP');
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
  };
};
