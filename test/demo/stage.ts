import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { Kustomize } from '#src/render/kustomize.ts';
import {
  type ClusterName,
  clusterNames,
  type DemoClusters,
  startDemoClusters,
} from '#test/demo/clusters.ts';
import { choosePorts, inFolder, type Ports, writeState } from '#test/demo/folder.ts';
import { type DemoGit, gitOwner, gitToken, startDemoGit } from '#test/demo/git-host.ts';
import { type RedisServer, startRedis } from '#test/redis/redis-server.ts';
import { botAccount } from '#test/sandbox/bot-account.ts';
import { type LocalSlack, startLocalSlack } from '#test/slack/local-slack.ts';
import { type SlackProxy, startSlackProxy } from '#test/slack/proxy.ts';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';
import { type BotProcess, startBotProcess } from '#test/spine/bot-process.ts';

export const channelOf: Readonly<Record<ClusterName, string>> = {
  infra: 'C0INFRA',
  apps: 'C0APPS',
};

export const webhookKey = (cluster: string): string => `recordings-only-not-a-secret-${cluster}`;

const clone = `${import.meta.dirname}/../..`;

const botConfig = (ports: Ports, git: DemoGit, slackApiUrl: string, mode: 'socket' | 'http') => ({
  clusters: [...clusterNames].reverse().map((name) => ({
    ...{ name, kubeconfig: inFolder(`bot-on-${name}.yaml`), channel: channelOf[name] },
  })),
  webhooks: {
    keys: clusterNames.map((cluster) => ({
      cluster,
      key: { env: `KEY_${cluster.toUpperCase()}` },
    })),
  },
  slack: {
    ...{ mode, team: demoTeam },
    botToken: { env: 'SLACK_BOT_TOKEN' },
    appToken: { env: 'SLACK_APP_TOKEN' },
    signingSecret: { env: 'SLACK_SIGNING_SECRET' },
    apiUrl: slackApiUrl,
  },
  git: {
    hosts: [
      {
        ...{ host: git.hostName, kind: 'github', webUrl: git.apiUrl, apiUrl: git.apiUrl },
        token: { env: 'GIT_TOKEN' },
        owners: [gitOwner],
      },
    ],
  },
  people: [
    { name: 'robin', slack: 'U0ROBIN', github: 'robin', emails: ['robin@example.com'] },
    { name: 'sam', slack: 'U0SAM', github: 'sam', emails: ['sam@example.com'] },
  ],
  access: {
    roles: { viewer: ['status', 'get'], operator: ['*'] },
    grants: [
      { role: 'viewer', members: true },
      { role: 'operator', people: ['robin'] },
    ],
  },
  // shorter than usual: who tries something does not want to wait
  incidents: { dwell: '3s' },
  redis: { url: { env: 'REDIS_URL' } },
  keys: { journal: { env: 'JOURNAL_KEY' }, audit: { env: 'AUDIT_KEY' } },
  listen: {
    public: { host: '127.0.0.1', port: ports.bot },
    internal: { host: '127.0.0.1', port: ports.health },
  },
});

/** The bot and everything around it, each part on a port of 127.0.0.1. */
export interface Stage {
  readonly ports: Ports;
  readonly git: DemoGit;
  readonly redis: RedisServer;
  readonly slack: LocalSlack | undefined;
  /** Between bot and Slack: makes it slow, or away. */
  readonly proxy: SlackProxy;
  readonly clusters: DemoClusters;
  readonly configFile: string;
  readonly healthUrl: string;
  bot(): BotProcess | undefined;
  startBot(): Promise<void>;
  killBot(): Promise<void>;
  close(): Promise<void>;
}

/** What a Slack without a page answers to, where the local one does not run. */
export interface OtherSlack {
  readonly apiUrl: string;
  close(): Promise<void>;
}

/**
 * Starts all of it, as it was left the last time.
 * @param otherSlack - used in place of the local Slack
 */
export const raiseStage = async (
  kustomize: Kustomize,
  otherSlack?: (ports: Ports) => Promise<OtherSlack>,
): Promise<Stage> => {
  mkdirSync(inFolder('redis'), { recursive: true });
  const ports = await choosePorts();
  const pids: Record<string, number> = { demo: process.pid };
  const note = (name: string, pid: number): void => {
    pids[name] = pid;
    writeState('pids.json', pids);
  };
  const slack =
    otherSlack === undefined
      ? startLocalSlack(demoWorkspace(), { port: ports.slack, stateFile: inFolder('slack.json') })
      : undefined;
  const other = otherSlack?.(ports);
  const redis = await startRedis({
    ...{ appendFsync: 'always', folder: inFolder('redis'), port: ports.redis },
  });
  note('redis-server', redis.pid());
  const local = await slack;
  note('local-slack', local?.pid ?? 0);
  const apiUrl = local?.apiUrl ?? (await other)?.apiUrl ?? '';
  const proxy = await startSlackProxy(apiUrl);
  const git = await startDemoGit(clone, ports.git);
  let bot: BotProcess | undefined;
  const clusters = await startDemoClusters({
    ...{ git, kustomize, ports, webhookKey },
    receiver: (name) =>
      bot === undefined ? undefined : `http://127.0.0.1:${ports.bot}/webhooks/flux/${name}`,
  });
  for (const name of clusterNames) {
    const { kubeconfig } = clusters.cluster(name).server;
    // the bot comes with the rights that the tree gives it, inside the fence that the tree puts up
    writeFileSync(inFolder(`bot-on-${name}.yaml`), kubeconfig(botAccount), { mode: 0o600 });
    writeFileSync(inFolder(`kubeconfig-${name}.yaml`), kubeconfig(), { mode: 0o600 });
  }
  const configFile = inFolder('flux-chatops.yaml');
  writeFileSync(
    configFile,
    stringify(botConfig(ports, git, proxy.apiUrl, local === undefined ? 'http' : 'socket')),
  );

  const startBot = async (): Promise<void> => {
    bot ??= await startBotProcess({
      ...{ config: configFile, logLevel: 'info', logFile: inFolder('bot.log') },
      environment: {
        ...Object.fromEntries(
          clusterNames.map((name) => [`KEY_${name.toUpperCase()}`, webhookKey(name)]),
        ),
        SLACK_BOT_TOKEN: demoBot.botToken,
        SLACK_APP_TOKEN: demoBot.appToken,
        SLACK_SIGNING_SECRET: demoBot.signingSecret,
        GIT_TOKEN: gitToken,
        REDIS_URL: redis.url,
        JOURNAL_KEY: 'journal-key-of-the-demo-only-0123456789',
        AUDIT_KEY: 'audit-key-of-the-demo-only-0123456789ab',
      },
    });
    note('bot', bot.pid);
  };

  return {
    ...{ ports, git, redis, slack: local, proxy, clusters, configFile },
    healthUrl: `http://127.0.0.1:${ports.health}`,
    bot: () => bot,
    startBot,
    killBot: async () => {
      await bot?.kill();
      bot = undefined;
    },
    close: async () => {
      redis.thaw();
      await bot?.stop();
      await clusters.close();
      await Promise.all([local?.stop(), redis.close(), git.close(), proxy.close()]);
      await (await other)?.close();
      writeState('pids.json', {});
    },
  };
};
