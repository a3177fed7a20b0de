import { median, type Row, repeat, row } from '#test/bench/numbers.ts';
import { startStage } from '#test/bench/stage.ts';

/** From starting the process to `ready`, which is when it takes webhooks. */
export const measureReady = async (runs: number): Promise<readonly Row[]> => {
  const stage = await startStage(20);
  try {
    const times = await repeat(runs + 2, async () => {
      const startedAt = performance.now();
      const bot = await stage.startBot();
      const took = performance.now() - startedAt;
      await bot.stop();
      return took;
    });
    return [row('ready after start', median(times) / 1_000, 's', { is: '<', limit: 2 })];
  } finally {
    await stage.close();
  }
};
