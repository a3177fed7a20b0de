import { median, quantile, type Row, repeat, row } from '#test/bench/numbers.ts';
import { watchingBot, withBot } from '#test/bench/stage.ts';

/** How long a webhook waits for its 202 at 200 a second, with Redis writing each to the disk. */
export const measureAccept = (runs: number): Promise<readonly Row[]> =>
  withBot(20, async (stage, bot) => {
    const steady = (seconds: number) =>
      stage.load({
        kind: 'steady',
        port: Number(new URL(bot.publicUrl).port),
        perSecond: 200,
        seconds,
      });
    await steady(3); // warm-up
    const measured = await repeat(runs, () => watchingBot(bot, () => steady(5)));
    const p = (q: number): number =>
      median(measured.map(({ value }) => quantile(value.latencies, q)));
    const lost = measured.reduce((sum, { value }) => sum + 1_000 - value.latencies.length, 0);
    return [
      row('webhook accept p50 at 200/s', p(0.5), 'ms'),
      row('webhook accept p99 at 200/s', p(0.99), 'ms', { is: '<', limit: 25 }),
      row('webhooks not accepted at 200/s', lost, 'webhooks', { is: '<=', limit: 0 }),
      row('event loop p99 at 200/s', median(measured.map(({ loopMs }) => loopMs)), 'ms'),
    ];
  });
