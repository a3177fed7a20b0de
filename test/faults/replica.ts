import { createAudit } from '#src/audit/audit.ts';
import { insideFence } from '#src/cluster/fence.ts';
import type { Dispatch } from '#src/command/dispatch.ts';
import type { AuditedCommit } from '#src/command/journals.ts';
import { actorNowBy, createIdentify } from '#src/console/identify.ts';
import { compose, type Settings } from '#src/entry/compose.ts';
import type { Git } from '#src/git/git.ts';
import { createIntake } from '#src/http/intake.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import type { Log } from '#src/log.ts';
import { createPeople } from '#src/slack/people.ts';
import type { Slack } from '#src/slack/slack.ts';
import type { Store } from '#src/store/store.ts';
import { viewOf } from '#test/faults/cluster-view.ts';
import type { FluxCluster } from '#test/faults/flux.ts';
import { gitOf, slackOf, storeOf } from '#test/faults/ports.ts';
import { createProcess, type Process, type Surface } from '#test/faults/process.ts';
import type { WakeupExchange } from '#test/faults/wakeups.ts';
import { flux } from '#webhooks/flux.ts';

export const webhookKey = 'a key of the simulation';
export const auditKey = 'the audit key of the simulation';
export const team = 'T1';
export const clusterNames = ['apps', 'infra'] as const;
export const channelOf = (cluster: string): string => `C-${cluster}`;

const settings: Settings = {
  incidents: () => defaultIncidentSettings,
  channelOf,
  defaultCluster: (channel) => channel?.replace('C-', ''),
  policy: () => ({
    teams: [team],
    grants: [{ role: 'all', permissions: ['*'], subjects: [`slack-member:${team}`] }],
  }),
  root: '/flux',
  journalKey: 'the journal key of the simulation',
};

/** One running copy of the bot, composed as in production, of ports that fail. */
export interface Replica {
  readonly process: Process;
  readonly dispatch: Dispatch;
  readonly receive: (cluster: string, body: Buffer, signature: string) => Promise<number>;
}

/** Planted bugs: what the ports of a run are made of, for proving that the simulation sees them. */
export interface Sabotage {
  readonly store?: (store: Store) => Store;
  readonly slack?: (slack: Slack) => Slack;
  readonly hide?: string;
}

export interface ReplicaOptions {
  readonly name: string;
  readonly skewMs: number;
  readonly surface: Surface;
  readonly store: Store;
  readonly slack: Slack;
  readonly git: Git;
  readonly clusters: readonly FluxCluster[];
  readonly wakeups: WakeupExchange;
  readonly sabotage: Sabotage;
  /** An error that nobody expected. */
  readonly onError: (what: string) => void;
  readonly onCrash: (restartMs: number) => void;
}

const logTo = (name: string, onError: (what: string) => void): Log => ({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => {
    const { error } = fields;
    onError(
      `${name}: ${message}: ${error instanceof Error ? error.stack : JSON.stringify(fields)}`,
    );
  },
  child: () => logTo(name, onError),
});

const idsOf = (name: string) => {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return name + String(count).padStart(26 - name.length, '0');
    },
  };
};

export const startReplica = (options: ReplicaOptions): Replica => {
  const { name, surface, clusters, sabotage, onError } = options;
  const process = createProcess(options);
  const reached = storeOf(process, options.store);
  const store = sabotage.store?.(reached) ?? reached;
  const calls = slackOf(process, options.slack);
  const slack = sabotage.slack?.(calls) ?? calls;
  const audit = createAudit({ store, key: auditKey });
  const commit: AuditedCommit = (batch, facts) => audit.commit(batch, facts);
  const views = clusters.map(({ server }) =>
    insideFence(viewOf(process, server, surface, sabotage.hide), {
      clock: process.clock,
      required: () => true,
      log: logTo(name, onError),
    }),
  );
  const identify = createIdentify({
    people: createPeople({ slack, clock: process.clock }),
    team: () => team,
    groups: () => [],
  });
  const bot = compose(settings, {
    clock: process.clock,
    ids: idsOf(name),
    store,
    clusters: views,
    slack,
    git: gitOf(process, options.git),
    wakeups: options.wakeups.of(process),
    commit,
    actorNow: actorNowBy(identify),
    log: logTo(name, onError),
  });
  const keys = clusterNames.map((cluster) => ({ id: cluster, secret: webhookKey, cluster }));
  const intake = createIntake({ store, clock: process.clock, keys: () => keys });
  bot.run(new AbortController().signal).catch((error: unknown) => {
    onError(`${name}: the bot ended: ${String(error)}`);
  });
  return {
    process,
    dispatch: bot.dispatch,
    receive: async (cluster, raw, signature) => {
      const headers = { 'content-type': 'application/json', 'x-signature': signature };
      const answer = await intake.receive(flux, { cluster, headers, raw });
      bot.wakeIntake();
      return answer.status;
    },
  };
};
