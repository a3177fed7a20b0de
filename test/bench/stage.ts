import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startChild } from '#test/bench/processes/child.ts';
import type { ClusterQuestion } from '#test/bench/processes/cluster.ts';
import type { LoadAnswer, LoadQuestion } from '#test/bench/processes/load.ts';
import type { BenchPost, SlackQuestion } from '#test/bench/processes/slack.ts';
import { recordingKey } from '#test/fixtures/recordings.ts';
import { startRedis } from '#test/redis/redis-server.ts';
import { demoTeam } from '#test/slack/workspace.ts';
import { type BotProcess, startBotProcess } from '#test/spine/bot-process.ts';

const clusterNames = ['apps', 'infra'] as const;
export type BenchCluster = (typeof clusterNames)[number];

/** Everything around the bot, each part in a process of its own. */
export interface BenchStage {
  startBot(): Promise<BotProcess>;
  load(question: LoadQuestion): Promise<LoadAnswer>;
  cluster(name: BenchCluster, question: ClusterQuestion): Promise<string | number>;
  posts(): Promise<readonly BenchPost[]>;
  close(): Promise<void>;
}

// as the image starts it
const nodeOptions = '--max-semi-space-size=8';

const configOf = (folder: string, apiUrl: string) => ({
  clusters: clusterNames.map((name) => ({
    name,
    kubeconfig: join(folder, `${name}.yaml`),
    channel: `C0${name.toUpperCase()}`,
  })),
  webhooks: {
    // recordings are of another day
    replayWindow: '36500d',
    // what is measured is how many are taken, not how many are allowed
    perSecond: 100_000,
    keys: clusterNames.map((cluster) => ({
      cluster,
      key: { env: `KEY_${cluster.toUpperCase()}` },
    })),
  },
  slack: {
    mode: 'http',
    team: demoTeam,
    botToken: { env: 'SLACK_BOT_TOKEN' },
    signingSecret: { env: 'SLACK_SIGNING_SECRET' },
    apiUrl,
  },
  access: { roles: { viewer: ['status'] }, grants: [{ role: 'viewer', members: true }] },
  redis: { url: { env: 'REDIS_URL' } },
  keys: { journal: { env: 'JOURNAL_KEY' }, audit: { env: 'AUDIT_KEY' } },
  listen: {
    public: { host: '127.0.0.1', port: 0 },
    internal: { host: '127.0.0.1', port: 0 },
  },
});

/** @param objects - in each of the two clusters */
export const startStage = async (objects: number): Promise<BenchStage> => {
  const folder = await mkdtemp(join(tmpdir(), 'flux-chatops-bench-'));
  const [redis, slack, load, apps, infra] = await Promise.all([
    startRedis({ appendFsync: 'always' }),
    startChild<SlackQuestion, string | BenchPost[]>('slack.ts'),
    startChild<LoadQuestion, LoadAnswer>('load.ts'),
    startChild<ClusterQuestion, string | number>('cluster.ts'),
    startChild<ClusterQuestion, string | number>('cluster.ts'),
  ]);
  const clusters = { apps, infra };
  const apiUrl = String(await slack.ask({ kind: 'address' }));
  for (const name of clusterNames) {
    const kubeconfig = await clusters[name].ask({ kind: 'start', name, objects });
    await writeFile(join(folder, `${name}.yaml`), String(kubeconfig));
  }
  const config = join(folder, 'flux-chatops.yaml');
  await writeFile(config, stringify(configOf(folder, apiUrl)));
  const environment = {
    NODE_OPTIONS: nodeOptions,
    KEY_APPS: recordingKey('apps'),
    KEY_INFRA: recordingKey('infra'),
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_SIGNING_SECRET: 'bench-signing-secret',
    REDIS_URL: redis.url,
    JOURNAL_KEY: 'journal-key-of-the-bench-only-0123456789',
    AUDIT_KEY: 'audit-key-of-the-bench-only-0123456789ab',
  };
  return {
    startBot: () => startBotProcess({ config, environment, logLevel: 'info' }),
    load: (question) => load.ask(question),
    cluster: (name, question) => clusters[name].ask(question),
    posts: async () => (await slack.ask({ kind: 'posts' })) as BenchPost[],
    close: async () => {
      await Promise.all([slack, load, apps, infra].map((child) => child.stop()));
      await redis.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Runs something on a stage with a bot that has heard all of both clusters; ends both afterwards. */
export const withBot = async <Value>(
  objects: number,
  run: (stage: BenchStage, bot: BotProcess) => Promise<Value>,
): Promise<Value> => {
  const stage = await startStage(objects);
  try {
    const bot = await stage.startBot();
    try {
      await untilSynced(bot);
      return await run(stage, bot);
    } finally {
      await bot.stop();
    }
  } finally {
    await stage.close();
  }
};

interface Readiness {
  readonly components: readonly { readonly name: string; readonly up: boolean }[];
}

const untilSynced = async (bot: BotProcess): Promise<void> => {
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(`${bot.internalUrl}/readyz`);
    const { components } = (await answer.json()) as Readiness;
    if (components.every(({ up }) => up)) {
      await wait(2_000); // what it heard is worked off
      return;
    }
    await wait(200);
  }
  throw new Error('the bot did not hear of its clusters within a minute');
};

const metric = async (bot: BotProcess, name: string): Promise<number> => {
  const answer = await fetch(`${bot.internalUrl}/metrics`);
  const text = await answer.text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

export interface Watched<Value> {
  readonly value: Value;
  /** The bot's event-loop delay meanwhile: p99 in ms. */
  readonly loopMs: number;
  /** Processor time of the bot meanwhile, ms; who else runs on the machine hardly changes it. */
  readonly cpuMs: number;
}

/** Does something. @returns what came of it, and how the bot fared meanwhile */
export const watchingBot = async <Value>(
  bot: BotProcess,
  run: () => Promise<Value>,
): Promise<Watched<Value>> => {
  const loop = 'nodejs_eventloop_lag_p99_seconds';
  const cpu = 'process_cpu_seconds_total';
  await metric(bot, loop); // reading it starts it anew
  const before = await metric(bot, cpu);
  const value = await run();
  const loopMs = (await metric(bot, loop)) * 1_000;
  return { value, loopMs, cpuMs: ((await metric(bot, cpu)) - before) * 1_000 };
};

const mebibyte = 1024 * 1024;

/** The most memory that the bot ever held, MiB; where the system does not say it, what it holds now. */
export const peakMemory = async (bot: BotProcess): Promise<number> => {
  const status = await readFile(`/proc/${bot.pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined
    ? (await metric(bot, 'process_resident_memory_bytes')) / mebibyte
    : Number(kibibytes) / 1024;
};
