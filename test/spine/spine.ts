import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RecordedWebhook } from '#test/fixtures/recordings.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '#test/redis/redis-server.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { botAccount, botRights, botUsers } from '#test/sandbox/bot-account.ts';
import { type LocalSlack, startLocalSlack } from '#test/slack/local-slack.ts';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';
import { type BotProcess, startBotProcess } from '#test/spine/bot-process.ts';

export const clusterNames = ['apps', 'infra'] as const;
export type ClusterName = (typeof clusterNames)[number];
export const channels: Record<ClusterName, string> = { apps: 'C0APPS', infra: 'C0INFRA' };

export const webhookKey = (cluster: string): string => `recordings-only-not-a-secret-${cluster}`;

/** Everything real around the bot: Redis, a Slack, two API servers, and the bot as its own process. */
export interface Spine {
  readonly redis: RedisServer;
  readonly slack: LocalSlack;
  readonly clusters: Readonly<Record<ClusterName, ApiServer>>;
  readonly configFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  startBot(role?: 'all' | 'front' | 'worker'): Promise<BotProcess>;
  close(): Promise<void>;
}

export interface SpineOptions {
  readonly redis?: RedisServerOptions;
  readonly mode?: 'socket' | 'http';
  /** Public port of the bot; needed in mode http, where Slack must know it before. */
  readonly publicPort?: number;
  /** Between the bot and the Slack, a proxy that enforces limits or makes faults. */
  readonly slackApiUrl?: (apiUrl: string) => Promise<string>;
  /** Merged over the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const botConfig = (
  options: SpineOptions,
  kubeconfigs: Record<ClusterName, string>,
  apiUrl: string,
) => ({
  clusters: clusterNames.map((name) => ({
    name,
    kubeconfig: kubeconfigs[name],
    channel: channels[name],
  })),
  webhooks: {
    // recordings are of another day: what is old is decided by tests of its own
    replayWindow: '36500d',
    keys: clusterNames.map((cluster) => ({
      cluster,
      key: { env: `KEY_${cluster.toUpperCase()}` },
    })),
  },
  slack: {
    mode: options.mode ?? 'socket',
    team: demoTeam,
    botToken: { env: 'SLACK_BOT_TOKEN' },
    appToken: { env: 'SLACK_APP_TOKEN' },
    signingSecret: { env: 'SLACK_SIGNING_SECRET' },
    apiUrl,
  },
  people: [{ name: 'robin', slack: 'U0ROBIN' }],
  access: {
    roles: { viewer: ['status', 'get'], operator: ['*'] },
    grants: [
      { role: 'viewer', members: true },
      { role: 'operator', people: ['robin'] },
    ],
  },
  incidents: { dwell: '2s' },
  redis: { url: { env: 'REDIS_URL' } },
  keys: { journal: { env: 'JOURNAL_KEY' }, audit: { env: 'AUDIT_KEY' } },
  listen: {
    public: { host: '127.0.0.1', port: options.publicPort ?? 0 },
    internal: { host: '127.0.0.1', port: 0 },
  },
  ...options.config,
});

/** Starts everything but the bot; each part on a free port of 127.0.0.1. */
export const startSpine = async (options: SpineOptions = {}): Promise<Spine> => {
  const folder = await mkdtemp(join(tmpdir(), 'flux-chatops-spine-'));
  const requestUrl =
    options.mode === 'http' ? `http://127.0.0.1:${options.publicPort}/slack/events` : undefined;
  const [redis, slack, apps, infra] = await Promise.all([
    startRedis(options.redis),
    startLocalSlack(demoWorkspace(requestUrl)),
    startApiServer({ name: 'apps', users: botUsers, objects: botRights() }),
    startApiServer({ name: 'infra', users: botUsers, objects: botRights() }),
  ]);
  const clusters = { apps, infra };
  const kubeconfigs = {
    apps: join(folder, 'bot-apps.yaml'),
    infra: join(folder, 'bot-infra.yaml'),
  };
  for (const name of clusterNames) {
    await writeFile(kubeconfigs[name], clusters[name].kubeconfig(botAccount));
    // a person's own, for the command line
    await writeFile(join(folder, `${name}.yaml`), clusters[name].kubeconfig());
  }
  const apiUrl = (await options.slackApiUrl?.(slack.apiUrl)) ?? slack.apiUrl;
  const configFile = join(folder, 'flux-chatops.yaml');
  await writeFile(configFile, stringify(botConfig(options, kubeconfigs, apiUrl)));
  const environment = {
    KEY_APPS: webhookKey('apps'),
    KEY_INFRA: webhookKey('infra'),
    SLACK_BOT_TOKEN: demoBot.botToken,
    SLACK_APP_TOKEN: demoBot.appToken,
    SLACK_SIGNING_SECRET: demoBot.signingSecret,
    REDIS_URL: redis.url,
    JOURNAL_KEY: 'journal-key-of-the-demo-only-0123456789',
    AUDIT_KEY: 'audit-key-of-the-demo-only-0123456789ab',
  };
  return {
    redis,
    slack,
    clusters,
    configFile,
    environment,
    folder,
    startBot: (role = 'all') => startBotProcess({ config: configFile, environment, role }),
    close: async () => {
      await Promise.all([apps.close(), infra.close(), slack.stop(), redis.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Delivers a recorded webhook as notification-controller did. @returns the answer's status */
export const deliver = async (bot: BotProcess, webhook: RecordedWebhook): Promise<number> => {
  const { cluster, body } = webhook;
  const answer = await fetch(`${bot.publicUrl}/webhooks/flux/${cluster}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-signature': `sha256=${createHmac('sha256', webhookKey(cluster)).update(body).digest('hex')}`,
    },
    body,
  });
  await answer.arrayBuffer();
  return answer.status;
};
