import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, type RedisOptions, Worker } from 'bullmq';
import type { Clock } from '#src/clock.ts';
import type { WakeupProblem, Wakeups } from '#src/queue/wakeups.ts';

export interface BullmqWakeupsOptions {
  /** As for the store. */
  readonly url: string;
  /** All keys stand under `{prefix}`, in one slot of a Redis Cluster. */
  readonly prefix?: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly onProblem?: WakeupProblem;
  /** Handlers at a time in this process. */
  readonly concurrency?: number;
}

const queueName = 'wakeups';
const timeoutMs = 2_000;
const retryStrategy = (times: number): number => Math.min(100 * 2 ** Math.min(times, 4), 1_000);

interface Closing {
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Ends connections in good order when that is quick; a Redis that is away holds up nobody. */
const closeQuickly = async (part: Closing): Promise<void> => {
  const closing = part.close().catch(() => undefined);
  const done = new AbortController();
  const late = sleep(timeoutMs, 'late', { signal: done.signal }).catch(() => undefined);
  if ((await Promise.race([closing, late])) === 'late') {
    // not waited for: it waits for the other side in its turn
    part.disconnect().catch(() => undefined);
  }
  done.abort();
};

/**
 * Wake-ups on BullMQ. A job is a name and nothing else, is gone when it is done, and is never tried
 * again: whatever it was for is still due in the store.
 */
export const createBullmqWakeups = (options: BullmqWakeupsOptions): Wakeups => {
  const { url, clock, onProblem } = options;
  const prefix = `{${options.prefix ?? 'flux-chatops'}}:bull`;
  const report = (error: unknown): void => onProblem?.('queue', error);
  const connection: RedisOptions = { url, retryStrategy, connectTimeout: timeoutMs };

  const queue = new Queue(queueName, {
    prefix,
    // without these an add waits for as long as Redis is frozen or away
    connection: { ...connection, enableOfflineQueue: false, commandTimeout: timeoutMs },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  queue.on('error', report);
  let worker: Worker | undefined;

  const add = async (name: string, at: number | undefined): Promise<void> => {
    const delay = at === undefined ? 0 : Math.max(0, at - clock.now());
    await queue.add(name, {}, delay > 0 ? { delay } : {});
  };

  return {
    wake: async (name, at) => {
      const answered = new AbortController();
      const late = sleep(timeoutMs, undefined, { signal: answered.signal }).then(() => {
        throw new Error(`no answer within ${timeoutMs} ms`);
      });
      try {
        await Promise.race([add(name, at), late]);
      } catch (error) {
        onProblem?.('not sent', error);
      } finally {
        answered.abort();
        late.catch(() => undefined);
      }
    },
    listen: (handle) => {
      worker = new Worker(
        queueName,
        async ({ name }) => {
          try {
            await handle(name);
          } catch (error) {
            onProblem?.('handler failed', error);
          }
        },
        {
          prefix,
          connection: { ...connection, maxRetriesPerRequest: null },
          concurrency: options.concurrency ?? 32,
          removeOnComplete: { count: 0 },
          removeOnFail: { count: 0 },
        },
      );
      worker.on('error', report);
    },
    close: async () => {
      await Promise.all([worker, queue].map((part) => part && closeQuickly(part)));
    },
  };
};
