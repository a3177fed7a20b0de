import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '#test/net/free-port.ts';

const found = (): boolean => {
  try {
    execFileSync('redis-server', ['--version']);
    return true;
  } catch {
    return false;
  }
};

/** Whether this machine can run the tests that need a real Redis; without it they are skipped by name. */
export const hasRedis = found();

export interface RedisServer {
  readonly pid: () => number;
  readonly port: number;
  readonly url: string;
  /** Stops the process without ending it: connections stay open and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it as a crash does (SIGKILL), keeping its files. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same files. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** `off` = no append-only file. */
  readonly appendFsync?: 'always' | 'everysec' | 'no' | 'off';
  readonly maxMemoryPolicy?: string;
  /** Where its files are, and stay after `close`; a new temporary folder, removed by `close`, when left out. */
  readonly folder?: string;
  /** Tried first; a free one is taken where somebody else has it. */
  readonly port?: number;
  /** Further words of the command line. */
  readonly extra?: readonly string[];
}

/** Whether it is this very process that answers: another may have taken the port. */
const answers = async (child: ChildProcess, port: number): Promise<boolean> => {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.info('server')).includes(`process_id:${child.pid}\r`);
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
};

const startWithinMs = 20_000;

const started = async (child: ChildProcess, port: number): Promise<boolean> => {
  const deadline = performance.now() + startWithinMs;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await answers(child, port)) {
      return true;
    }
    await sleep(25);
  }
  return false;
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL'); // ends a frozen process, too
    await exit;
  }
};

/**
 * A real redis-server on a free port of 127.0.0.1 with its files in a folder of its own.
 * @throws when it does not start
 */
export const startRedis = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'flux-chatops-redis-')));
  const fsync = options.appendFsync ?? 'off';
  const words = [
    ...['--bind', '127.0.0.1', '--save', '', '--dir', folder],
    ...['--appendonly', fsync === 'off' ? 'no' : 'yes'],
    ...['--appendfsync', fsync === 'off' ? 'no' : fsync],
    ...['--maxmemory-policy', options.maxMemoryPolicy ?? 'noeviction'],
    ...(options.extra ?? []),
  ];
  const launch = (port: number): ChildProcess =>
    spawn('redis-server', ['--port', String(port), ...words], { detached: true, stdio: 'ignore' });

  let port = options.port ?? (await freePort());
  let child = launch(port);
  // another process may have taken the port in between
  for (let attempt = 0; attempt < 3 && !(await started(child, port)); attempt++) {
    await ended(child);
    port = await freePort();
    child = launch(port);
  }
  if (!(await answers(child, port))) {
    await ended(child);
    throw new Error('redis-server does not start');
  }
  return {
    pid: () => child.pid ?? 0,
    port,
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => ended(child),
    restart: async () => {
      child = launch(port);
      if (!(await started(child, port))) {
        throw new Error('redis-server does not start again');
      }
    },
    close: async () => {
      await ended(child);
      if (options.folder === undefined) {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
};
