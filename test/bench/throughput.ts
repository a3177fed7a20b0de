import { median, type Row, repeat, row } from '#test/bench/numbers.ts';
import { watchingBot, withBot } from '#test/bench/stage.ts';

const underWay = 64;

/** How many webhooks are taken each second when more are always waiting. */
export const measureThroughput = (runs: number): Promise<readonly Row[]> =>
  withBot(20, async (stage, bot) => {
    const port = Number(new URL(bot.publicUrl).port);
    const saturate = (seconds: number) =>
      stage.load({ kind: 'saturated', port, underWay, seconds, prepared: seconds * 5_000 });
    await saturate(2); // warm-up
    const measured = await repeat(runs, () => watchingBot(bot, () => saturate(5)));
    const rates = measured.map(({ value }) => value.latencies.length / value.seconds);
    const refused = measured.flatMap(({ value }) => Object.values(value.refused));
    return [
      row('sustained accepts', median(rates), '/s', { is: '>=', limit: 1_600 }),
      row(
        'not accepted while saturated',
        refused.reduce((sum, one) => sum + one, 0),
        'webhooks',
      ),
      row(
        'bot CPU per webhook while saturated',
        median(measured.map(({ value, cpuMs }) => cpuMs / value.latencies.length)),
        'ms',
      ),
      row('event loop p99 while saturated', median(measured.map(({ loopMs }) => loopMs)), 'ms'),
    ];
  });
