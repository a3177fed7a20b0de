import { commands } from '#commands/index.ts';
import { createAudit } from '#src/audit/audit.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createKubernetesCluster } from '#src/cluster/kubernetes/cluster.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Surroundings } from '#src/command/context.ts';
import type { AnyCommand, Progress } from '#src/command/define.ts';
import { createDispatch, type Reply } from '#src/command/dispatch.ts';
import { journalKey } from '#src/command/journal.ts';
import { progressOf, readJournal } from '#src/command/journals.ts';
import type { Policy } from '#src/command/policy.ts';
import { createRunner } from '#src/command/runner.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import { policyOf } from '#src/config/policy.ts';
import type { OwnCluster } from '#src/entry/cli/clusters.ts';
import { failedBy, type Outcome } from '#src/entry/cli/outcome.ts';
import { systemClock as clock, systemIds as ids } from '#src/entry/system.ts';
import type { Failure } from '#src/failure.ts';
import { silentLog } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Json, Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface TerminalRun {
  readonly command: AnyCommand;
  readonly input: Readonly<Record<string, Json>>;
  readonly clusters: readonly OwnCluster[];
  /** Needed by commands that act: what is done is recorded where the bot records it. */
  readonly loaded: LoadedConfig | undefined;
  /** Called with each new state of a command that acts. */
  readonly onProgress: (view: View, progress: Progress, plan: unknown) => void;
}

const syncPatienceMs = 15_000;
const headStartMs = 15_000;
const followMs = 250;

// what the caller's kubeconfig may read, the API server decides; no policy of ours widens or narrows it
const everything = (actor: Actor): Policy => ({
  teams: [],
  grants: [
    {
      role: 'your kubeconfig',
      permissions: ['*'],
      subjects: actor.kind === 'terminal' ? [`kubernetes:${actor.cluster}:${actor.username}`] : [],
    },
  ],
});

/** Opens the clusters as the caller's kubeconfig reaches them. */
export const openClusters = (own: readonly OwnCluster[]): readonly Cluster[] =>
  own.map(({ name, file, context }) =>
    // no fence is probed here: it is drawn around the bot's service accounts, while a person acts with the
    // person's own kubeconfig, which the cluster's roles bound and which the fence would let pass
    createKubernetesCluster({
      name,
      connection: { type: 'kubeconfig', file, context },
      clock,
      chance: Math.random,
      log: silentLog,
    }),
  );

/** Waits until each cluster has listed everything or has said what hinders. */
export const synced = async (clusters: readonly Cluster[], patienceMs: number): Promise<void> => {
  const deadline = clock.now() + patienceMs;
  const settled = (cluster: Cluster) => {
    const { synced: done, problem } = cluster.freshness();
    return done || problem !== undefined;
  };
  while (clock.now() < deadline && !clusters.every(settled)) {
    await clock.wait(20);
  }
};

/** Who the first of the clusters that answers says we are. */
const identify = async (clusters: readonly Cluster[]): Promise<Result<Actor, Failure>> => {
  let failure: Failure = { code: 'unknown-cluster', name: '', known: [] };
  for (const cluster of clusters) {
    const who = await cluster.whoAmI();
    if (who.ok) {
      return ok({ kind: 'terminal', cluster: cluster.name, ...who.value });
    }
    const detail = 'detail' in who.failure ? who.failure.detail : who.failure.code;
    if (failure.code === 'unknown-cluster') {
      failure = { code: 'cluster-unreachable', cluster: cluster.name, detail };
    }
  }
  return fail(failure);
};

const secret = (loaded: LoadedConfig, path: string): string => loaded.secrets.get(path) ?? '';

const interruption = (): { readonly isAsked: () => boolean; readonly end: () => void } => {
  let isAsked = false;
  const ask = (): void => {
    isAsked = true;
  };
  process.once('SIGINT', ask);
  return { isAsked: () => isAsked, end: () => process.off('SIGINT', ask) };
};

interface Following {
  readonly run: TerminalRun;
  readonly store: Store;
  readonly surroundings: Surroundings;
  readonly loaded: LoadedConfig;
  readonly reply: Extract<Reply, { kind: 'queued' }>;
}

const stateOf = async ({ run, store, reply }: Following) => {
  const journal = readJournal(await store.read(journalKey(reply.journal)))?.journal;
  const recalled = run.command.recall(journal?.plan);
  if (journal === undefined || !recalled.ok) {
    return undefined;
  }
  const now = clock.now();
  const progress = progressOf(journal, now);
  const context = { now, root: 'flux-chatops', actor: journal.actor };
  return { progress, plan: journal.plan, view: recalled.value.view(progress, context) };
};

/** Runs a journal to its end in this process, with the caller's own clusters. */
const follow = async (following: Following): Promise<Outcome> => {
  const { run, store, surroundings, loaded, reply } = following;
  const runner = createRunner({
    store,
    clock,
    commands,
    surroundings,
    commit: createAudit({ store, key: secret(loaded, 'keys.audit') }).commit,
    holder: ids.next(),
    key: secret(loaded, 'keys.journal'),
    log: silentLog,
    onCards: () => undefined,
    wakeAt: () => undefined,
  });
  const interrupt = interruption();
  try {
    for (;;) {
      await runner.advance(reply.journal);
      const state = await stateOf(following);
      if (state === undefined) {
        return failedBy({ code: 'unexpected', reference: reply.invocation });
      }
      const { view, progress, plan } = state;
      if (progress.status !== 'running') {
        const exit = progress.status === 'succeeded' ? 'done' : 'failed';
        return { kind: 'answer', exit, result: plan, shown: view, progress };
      }
      if (interrupt.isAsked()) {
        const remark = `${reply.journal} is recorded: the bot carries it on and shows it as usual.`;
        const remarks = [remark];
        return {
          kind: 'answer',
          exit: 'interrupted',
          result: plan,
          shown: view,
          progress,
          remarks,
        };
      }
      run.onProgress(view, progress, plan);
      await clock.wait(followMs);
    }
  } finally {
    interrupt.end();
  }
};

/** What makes an answer incomplete: a cluster that is not heard. */
const gaps = (clusters: readonly Cluster[]): readonly string[] =>
  clusters.flatMap((cluster) => {
    const { synced: isComplete, problem } = cluster.freshness();
    return isComplete && problem === undefined
      ? []
      : [`${cluster.name} is not shown whole: ${problem ?? 'it has not answered yet'}.`];
  });

const surroundingsOf = (clusters: readonly Cluster[], policy: Policy): Surroundings => ({
  clusters,
  policy: () => policy,
  root: 'flux-chatops',
  defaultCluster: () => undefined,
  incidents: async () => [],
  commands: commands.map((command) => command.doc),
});

interface Opened {
  readonly clusters: readonly Cluster[];
  readonly store: Store | undefined;
}

const carryOut = async (run: TerminalRun, { clusters, store }: Opened): Promise<Outcome> => {
  const { loaded } = run;
  const actor = await identify(clusters);
  if (!actor.ok) {
    return failedBy(actor.failure);
  }
  await synced(clusters, syncPatienceMs);
  const policy = loaded === undefined ? everything(actor.value) : policyOf(loaded.config);
  const surroundings = surroundingsOf(clusters, policy);
  const dispatch = createDispatch({
    store,
    clock,
    ids,
    commands,
    surroundings,
    commit:
      store === undefined || loaded === undefined
        ? async () => 'committed'
        : createAudit({ store, key: secret(loaded, 'keys.audit') }).commit,
    key: loaded === undefined ? '' : secret(loaded, 'keys.journal'),
    log: silentLog,
    onJournal: () => undefined,
    headStartMs,
  });
  const reply = await dispatch({
    origin: 'terminal',
    actor: actor.value,
    place: {},
    request: { command: run.command.doc.name, input: run.input },
  });
  switch (reply.kind) {
    case 'failed':
      return failedBy(reply.failure);
    case 'view': {
      const remarks = gaps(clusters);
      const exit = remarks.length === 0 ? 'done' : 'away';
      return { kind: 'answer', exit, result: reply.plan, shown: reply.view, remarks };
    }
    case 'queued':
      return store === undefined || loaded === undefined
        ? failedBy({ code: 'store-unavailable' })
        : follow({ run, store, surroundings, loaded, reply });
    default:
      return reply satisfies never;
  }
};

/** Carries out one command from a terminal, with the caller's own kubeconfig. */
export const runFromTerminal = async (run: TerminalRun): Promise<Outcome> => {
  const clusters = openClusters(run.clusters);
  const store =
    run.loaded === undefined
      ? undefined
      : createRedisStore({ url: secret(run.loaded, 'redis.url') });
  try {
    return await carryOut(run, { clusters, store });
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()));
    await store?.close();
  }
};
