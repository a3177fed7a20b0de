import { setTimeout as wait } from 'node:timers/promises';
import { type Row, row } from '#test/bench/numbers.ts';
import { startChild } from '#test/bench/processes/child.ts';
import type { WorldQuestion } from '#test/bench/processes/world.ts';
import { peakMemory, watchingBot, withBot } from '#test/bench/stage.ts';

const perCluster = 2_500;

const bytesPerObject = async (): Promise<number> => {
  const world = await startChild<WorldQuestion, readonly number[]>('world.ts');
  try {
    const [bytes] = await world.ask({ kind: 'heap', objects: perCluster });
    return bytes ?? Number.NaN;
  } finally {
    await world.stop();
  }
};

/** What a bot holds that hears of many objects and takes webhooks besides. */
export const measureMemory = (): Promise<readonly Row[]> =>
  withBot(perCluster, async (stage, bot) => {
    const port = Number(new URL(bot.publicUrl).port);
    const { loopMs } = await watchingBot(bot, async () => {
      await stage.load({ kind: 'steady', port, perSecond: 200, seconds: 10 });
      await wait(2_000);
    });
    return [
      row('peak RSS with 2 x 2,500 objects', await peakMemory(bot), 'MiB', {
        is: '<',
        limit: 256,
      }),
      row('event loop p99 with 2 x 2,500 objects', loopMs, 'ms'),
      row('heap per object', await bytesPerObject(), 'bytes'),
    ];
  });
