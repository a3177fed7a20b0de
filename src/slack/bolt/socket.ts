import type { SocketModeReceiver } from '@slack/bolt';
import type { Clock } from '#src/clock.ts';
import type { Log } from '#src/log.ts';

const shortestPauseMs = 1_000;
const longestPauseMs = 30_000;
const closeWithinMs = 2_000;

interface SocketOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly closing: AbortSignal;
}

/** Opens the socket, and opens it again whenever it ends, until closing. */
export const keepSocket = (
  receiver: SocketModeReceiver,
  { clock, log, closing }: SocketOptions,
) => {
  let isOpen = false;
  let running: Promise<void> | undefined;

  const ended = (): Promise<void> =>
    new Promise((resolve) => {
      receiver.client.once('disconnected', () => resolve());
    });

  const run = async (): Promise<void> => {
    let pauseMs = shortestPauseMs;
    while (!closing.aborted) {
      try {
        await receiver.start();
        isOpen = true;
        pauseMs = shortestPauseMs;
        log.info({}, 'socket to Slack open');
        await ended();
      } catch (error) {
        log.warn({ error }, 'socket to Slack could not be opened');
      }
      isOpen = false;
      await clock.wait(pauseMs, closing);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };

  return {
    open: () => {
      running ??= run();
    },
    isOpen: () => isOpen,
    close: async () => {
      if (running === undefined) {
        return;
      }
      // A socket that is only being opened does not always say that it has ended.
      receiver.stop().catch(() => undefined);
      const ended = new AbortController();
      await Promise.race([running, clock.wait(closeWithinMs, ended.signal)]);
      ended.abort();
    },
  };
};
