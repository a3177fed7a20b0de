import { commands } from '#commands/index.ts';
import { createAudit } from '#src/audit/audit.ts';
import { webhookRefused } from '#src/audit/webhook-refused.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { fenceWarning, insideFence } from '#src/cluster/fence.ts';
import { createKubernetesCluster } from '#src/cluster/kubernetes/cluster.ts';
import type { LoadedConfig, LoadOptions } from '#src/config/load.ts';
import { createConsole } from '#src/console/console.ts';
import { createDoor } from '#src/console/door.ts';
import { createHomeDoor } from '#src/console/home-door.ts';
import { createHomes } from '#src/console/homes.ts';
import { actorNowBy, createIdentify } from '#src/console/identify.ts';
import { createRefusal } from '#src/console/refusal.ts';
import { createShortcutDoor } from '#src/console/shortcut-door.ts';
import { compose, type Parts } from '#src/entry/compose.ts';
import { createLiveGit } from '#src/entry/git.ts';
import { createLiveConfig } from '#src/entry/live-config.ts';
import { systemClock as clock, systemIds as ids, steadyTime as steady } from '#src/entry/system.ts';
import { takesRequests } from '#src/flux/request.ts';
import { createHealthBoard, type Probe } from '#src/http/health.ts';
import { createIntake } from '#src/http/intake.ts';
import { createMetrics } from '#src/http/metrics.ts';
import { createInternalServer, createPublicServer, type Phase } from '#src/http/server.ts';
import type { Log } from '#src/log.ts';
import { createBullmqWakeups } from '#src/queue/bullmq.ts';
import { runSweeper } from '#src/retention/sweeper.ts';
import { createSlackApp, slackEventsPath } from '#src/slack/app.ts';
import { createPeople } from '#src/slack/people.ts';
import { createPulse } from '#src/slack/pulse.ts';
import { saySlackFailure } from '#src/slack/say-failure.ts';
import { createRedisStore } from '#src/store/redis.ts';
import { webhooks } from '#webhooks/index.ts';

export interface StartedBot {
  /** Ports that were bound; 0 where a role does not listen. */
  readonly publicPort: number;
  readonly internalPort: number;
  /** Stops taking work, ends what is under way, closes everything. */
  stop(): Promise<void>;
}

const secretOf = ({ secrets }: LoadedConfig, path: string): string => {
  const secret = secrets.get(path);
  if (secret === undefined) {
    throw new Error(`${path} is not in the configuration`);
  }
  return secret;
};

const slackMode = (loaded: LoadedConfig) =>
  loaded.config.slack.mode === 'socket'
    ? ({ kind: 'socket', appToken: secretOf(loaded, 'slack.appToken') } as const)
    : ({ kind: 'http', signingSecret: secretOf(loaded, 'slack.signingSecret') } as const);

/** What operators are told of a cluster's fence, probed on any object where nothing was done there yet. */
const fenceSaid = async (cluster: Cluster): Promise<string | undefined> => {
  const [any] = cluster.objects().filter(takesRequests);
  if (cluster.fence?.().required === true && any !== undefined) {
    await cluster.probeFence(any.ref);
  }
  const state = cluster.fence?.();
  return state === undefined ? undefined : fenceWarning(state);
};

/**
 * Starts the bot of a configuration: adapters around the one `compose`. A part that is away (Redis, Slack,
 * a cluster) hinders no other and no start; `/readyz` says what is away.
 */
export const startBot = async (
  loaded: LoadedConfig,
  load: LoadOptions,
  parts: Parts,
  log: Log,
): Promise<StartedBot> => {
  const { config } = loaded;
  const metrics = createMetrics();
  let reconnected = (): void => undefined;
  const store = createRedisStore({
    url: secretOf(loaded, 'redis.url'),
    onConnection: (state, detail) => {
      log.info({ state, detail }, 'connection to Redis');
      // after a fail-over the newest writes may be gone: what Slack shows is counted again
      reconnected();
    },
  });
  const audit = createAudit({ store, key: secretOf(loaded, 'keys.audit') });
  const live = createLiveConfig(loaded, load, clock, log);
  const clusters = config.clusters.map(({ name, kubeconfig, context }) => {
    const cluster = createKubernetesCluster({
      name,
      connection:
        kubeconfig === undefined
          ? { type: 'in-cluster' }
          : { type: 'kubeconfig', file: kubeconfig, context },
      clock,
      chance: Math.random,
      log,
    });
    return insideFence(cluster, { clock, log, required: () => live.fenceRequired(name) });
  });
  const { apiUrl } = config.slack;
  const slack = createSlackApp({
    mode: slackMode(loaded),
    botToken: secretOf(loaded, 'slack.botToken'),
    command: config.slack.command,
    clock,
    log: log.child({ part: 'slack' }),
    ...(apiUrl === undefined ? {} : { apiUrl }),
  });
  const wakeups = createBullmqWakeups({
    url: secretOf(loaded, 'redis.url'),
    clock,
    onProblem: (problem, error) =>
      log.debug({ problem, error }, 'a wake-up was lost; a scan makes up for it'),
  });
  const { commit } = audit;
  const identify = createIdentify({
    people: createPeople({ slack, clock }),
    team: () => live.current().config.slack.team,
    groups: live.groups,
  });
  const ports = { clock, steady, ids, store, clusters, slack, wakeups, commit, log };
  const bot = compose(live, {
    ...ports,
    git: createLiveGit(live.current, clock),
    actorNow: actorNowBy(identify),
  });
  reconnected = bot.recount;
  const stopping = new AbortController();
  let phase: Phase = 'starting';

  const slackProblem = (channel: string) =>
    bot.status().outbox?.problems.find((problem) => [channel, '*'].includes(problem.channel))
      ?.failure;
  const { converse, forms } = createConsole({
    dispatch: bot.dispatch,
    commands,
    contextOf: bot.contextOf,
    slack,
    identify,
    audit: audit.append,
    store,
    clock,
    log: log.child({ part: 'console' }),
    team: () => live.current().config.slack.team,
    channelProblem: slackProblem,
    onCards: bot.onCards,
    botName: config.slack.command.slice(1),
    sayTime: live.sayTime,
  });

  const homes = createHomes({
    slack,
    identify,
    gather: bot.gatherHome,
    clock,
    log: log.child({ part: 'home' }),
  });
  const team = () => live.current().config.slack.team;
  const consoleLog = log.child({ part: 'console' });
  const refusePerson = createRefusal({ audit: audit.append, clock, log: consoleLog });
  const doors = { slack, log: consoleLog, refusePerson, team, sayTime: live.sayTime };
  const hear = createDoor({
    converse,
    home: createHomeDoor({ ...doors, converse, homes }),
    shortcut: createShortcutDoor({ ...doors, identify, offer: bot.offer }),
  });

  const pulse = createPulse({
    ask: slack.identity,
    // without intake nothing is listened to
    listening: () => !parts.front || slack.listening(),
    clock,
  });
  const probes: Record<string, Probe> = {
    redis: async () => {
      const { reachable, problem, warnings } = await store.health();
      return { up: reachable && problem === undefined, detail: problem, warnings };
    },
    slack: async () => {
      const problems = bot.status().outbox?.problems ?? [];
      return {
        ...(await pulse()),
        warnings: problems.map(({ failure }) => saySlackFailure(failure)),
      };
    },
    ...Object.fromEntries(
      clusters.map((cluster): [string, Probe] => [
        `cluster ${cluster.name}`,
        async () => {
          const { synced, problem } = cluster.freshness();
          const warning = parts.worker ? await fenceSaid(cluster) : undefined;
          const warnings = warning === undefined ? [] : [warning];
          return { up: synced && problem === undefined, detail: problem, warnings };
        },
      ]),
    ),
  };
  const common = { clock, ids, metrics, log: log.child({ part: 'http' }) };
  const internal = await createInternalServer({
    ...config.listen.internal,
    ...common,
    phase: () => phase,
    health: createHealthBoard({ clock, probes }),
  });
  const intake = createIntake({
    store,
    clock,
    keys: live.webhookKeys,
    limits: live.intakeLimits,
    refused: (refusal) => audit.append([webhookRefused(refusal)]),
    taken: () => bot.wakeIntake(),
  });
  const { requestListener } = slack;
  const door = parts.front
    ? await createPublicServer({
        ...config.listen.public,
        ...common,
        webhooks,
        intake,
        routes:
          requestListener === undefined ? [] : [{ path: slackEventsPath, handle: requestListener }],
      })
    : undefined;
  if (parts.front) {
    slack.start(hear, forms);
  }
  const sweeper = {
    store,
    clock,
    holder: ids.next(),
    limits: () => {
      const { incidents, commands, audit: auditMs } = live.current().config.retention;
      return { incidentsMs: incidents, commandsMs: commands, auditMs };
    },
    channels: () => live.current().config.clusters.map((cluster) => cluster.channel),
    log: log.child({ part: 'retention' }),
  };
  const running = Promise.all([
    bot.run(stopping.signal, parts),
    ...(parts.front ? [homes.run(stopping.signal)] : []),
    live.watch(stopping.signal),
    runSweeper(sweeper, stopping.signal),
  ]);
  phase = 'ready';
  log.info({ public: door?.port, internal: internal.port }, 'ready');

  return {
    publicPort: door?.port ?? 0,
    internalPort: internal.port,
    stop: async () => {
      phase = 'draining';
      await door?.close();
      await slack.close();
      stopping.abort();
      await running;
      await Promise.all(clusters.map((cluster) => cluster.close()));
      await internal.close();
      await store.close();
    },
  };
};
