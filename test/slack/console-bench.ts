import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { commands } from '#commands/index.ts';
import { createMemoryCluster, type MemoryCluster } from '#src/cluster/memory.ts';
import type { Policy } from '#src/command/policy.ts';
import { createConsole } from '#src/console/console.ts';
import { createIdentify } from '#src/console/identify.ts';
import { compose } from '#src/entry/compose.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryWakeups } from '#src/queue/memory.ts';
import { createSlackApp, type SlackApp, slackEventsPath } from '#src/slack/app.ts';
import { createPeople } from '#src/slack/people.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Store } from '#src/store/store.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { type LocalPage, openLocalPage } from '#test/slack/local-page.ts';
import { type LocalSlack, startLocalSlack } from '#test/slack/local-slack.ts';
import { type SlackProxy, startSlackProxy } from '#test/slack/proxy.ts';
import { realClock } from '#test/slack/real-clock.ts';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';

export interface ConsoleBench {
  readonly local: LocalSlack;
  readonly page: LocalPage;
  readonly proxy: SlackProxy;
  readonly infra: MemoryCluster;
  readonly apps: MemoryCluster;
  readonly eventsUrl: string | undefined;
  /** How long (ms) the store takes for each call from now on. */
  setStoreDelay(ms: number): void;
  setPolicy(policy: Policy): void;
  stop(): Promise<void>;
}

export const everyMember: Policy = {
  teams: [demoTeam],
  grants: [{ role: 'operator', permissions: ['*'], subjects: [`slack-member:${demoTeam}`] }],
};

const slowed = (store: Store, delay: () => number): Store =>
  Object.fromEntries(
    Object.entries(store).map(([verb, call]) => [
      verb,
      async (...given: readonly unknown[]) => {
        await realClock.wait(delay());
        return (call as (...all: readonly unknown[]) => Promise<unknown>)(...given);
      },
    ]),
  ) as unknown as Store;

/** The console on real Bolt before a local Slack, with a store and two clusters in memory. */
export const startConsoleBench = async (kind: 'socket' | 'http'): Promise<ConsoleBench> => {
  let serve: SlackApp['requestListener'];
  const server = createServer((request, response) => serve?.(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const eventsUrl = kind === 'http' ? `http://127.0.0.1:${port}${slackEventsPath}` : undefined;
  const local = await startLocalSlack(demoWorkspace(eventsUrl));
  const proxy = await startSlackProxy(local.apiUrl);
  const app = createSlackApp({
    mode:
      kind === 'socket'
        ? { kind, appToken: demoBot.appToken }
        : { kind, signingSecret: demoBot.signingSecret },
    botToken: demoBot.botToken,
    command: '/flux',
    clock: realClock,
    log: silentLog,
    apiUrl: proxy.apiUrl,
  });
  serve = app.requestListener;
  let storeDelay = 0;
  let policy = everyMember;
  const store = slowed(createMemoryStore({ clock: realClock }), () => storeDelay);
  const infra = createMemoryCluster('infra', realClock.now);
  const apps = createMemoryCluster('apps', realClock.now);
  const bot = compose(
    {
      incidents: () => defaultIncidentSettings,
      channelOf: () => undefined,
      defaultCluster: (channel) => (channel === 'C0INFRA' ? 'infra' : undefined),
      policy: () => policy,
      root: '/flux',
      journalKey: 'signs the journals',
    },
    {
      clock: realClock,
      ids: countingIds(kind),
      store,
      clusters: [apps, infra],
      slack: app,
      wakeups: createMemoryWakeups({ clock: realClock }),
      commit: (batch) => store.commit(batch),
      log: silentLog,
    },
  );
  const stopping = new AbortController();
  const running = bot.run(stopping.signal, { front: false, worker: true });
  const identify = createIdentify({
    people: createPeople({ slack: app, clock: realClock }),
    team: () => demoTeam,
    groups: () => [],
  });
  const { converse, forms } = createConsole({
    dispatch: bot.dispatch,
    commands,
    contextOf: bot.contextOf,
    slack: app,
    identify,
    store,
    clock: realClock,
    log: silentLog,
    team: () => demoTeam,
    audit: async () => undefined,
    onCards: bot.onCards,
    channelProblem: () => undefined,
    botName: 'flux',
  });
  app.start(async (incoming) => {
    if (incoming.kind !== 'home' && incoming.kind !== 'shortcut') {
      await converse(incoming);
    }
  }, forms);
  await vi.waitUntil(() => app.listening(), { timeout: 20_000 });
  const page = await openLocalPage(local.url);
  return {
    local,
    page,
    proxy,
    infra,
    apps,
    eventsUrl,
    setStoreDelay: (ms) => {
      storeDelay = ms;
    },
    setPolicy: (next) => {
      policy = next;
    },
    stop: async () => {
      storeDelay = 0;
      page.close();
      await app.close();
      stopping.abort();
      await running;
      await proxy.close();
      await local.stop();
      server.close();
      server.closeAllConnections();
    },
  };
};
