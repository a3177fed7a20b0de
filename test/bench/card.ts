import { setTimeout as wait } from 'node:timers/promises';
import { quantile, type Row, repeat, row } from '#test/bench/numbers.ts';
import { failurePair } from '#test/bench/sizes.ts';
import { type BenchCluster, type BenchStage, watchingBot, withBot } from '#test/bench/stage.ts';

const cards = 10;
// Slack takes one message a second and channel; two channels are used in turn
const pauseMs = 1_200;

/** ms from the change in the API server to the answer of Slack about the card. */
const timeToCard = async (stage: BenchStage, number: number): Promise<number> => {
  const name = failurePair(number).failed.metadata.name ?? '';
  const cluster: BenchCluster = number % 2 === 0 ? 'apps' : 'infra';
  await stage.cluster(cluster, { kind: 'well', number });
  await wait(pauseMs);
  const failedAt = Number(await stage.cluster(cluster, { kind: 'fail', number }));
  for (let attempt = 0; attempt < 500; attempt++) {
    const posted = (await stage.posts()).find(({ text }) => text.includes(name));
    if (posted !== undefined) {
      return posted.answeredAt - failedAt;
    }
    await wait(20);
  }
  throw new Error(`no card within ten seconds for failure ${number}`);
};

/** From a failure in a cluster to its card in Slack, one at a time. */
export const measureCard = (runs: number): Promise<readonly Row[]> =>
  withBot(20, async (stage, bot) => {
    await timeToCard(stage, 0); // warm-up
    const { value, loopMs } = await watchingBot(bot, () =>
      repeat(cards * runs, (run) => timeToCard(stage, run + 1)),
    );
    return [
      row('event to card p50, idle', quantile(value, 0.5), 'ms'),
      row('event to card p95, idle', quantile(value, 0.95), 'ms', { is: '<=', limit: 300 }),
      row('event loop p99 while idle', loopMs, 'ms'),
    ];
  });
