import { commands } from '#commands/index.ts';
import { createAudit } from '#src/audit/audit.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createKubernetesCluster } from '#src/cluster/kubernetes/cluster.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Surroundings } from '#src/command/context.ts';
import { createDispatch, type Reply } from '#src/command/dispatch.ts';
import { journalKey } from '#src/command/journal.ts';
import { progressOf, readJournal } from '#src/command/journals.ts';
import type { Policy } from '#src/command/policy.ts';
import { createRunner } from '#src/command/runner.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import { policyOf } from '#src/config/policy.ts';
import type { OwnCluster } from '#src/entry/cli/clusters.ts';
import { systemClock as clock, systemIds as ids } from '#src/entry/system.ts';
import type { Failure } from '#src/failure.ts';
import { silentLog } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface TerminalRun {
  /** The command and its words. */
  readonly words: readonly string[];
  readonly clusters: readonly OwnCluster[];
  /** Needed by commands that act: what is done is recorded where the bot records it. */
  readonly loaded: LoadedConfig | undefined;
  /** Called with each new state of a command that acts. */
  readonly onProgress: (view: View) => void;
}

export type TerminalResult =
  | { readonly kind: 'view'; readonly view: View; readonly succeeded: boolean }
  | { readonly kind: 'failed'; readonly failure: Failure };

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

const synced = async (clusters: readonly Cluster[]): Promise<void> => {
  const deadline = clock.now() + syncPatienceMs;
  const settled = (cluster: Cluster) => {
    const { synced: done, problem } = cluster.freshness();
    return done || problem !== undefined;
  };
  while (clock.now() < deadline && !clusters.every(settled)) {
    await clock.wait(50);
  }
};

const identify = async (clusters: readonly Cluster[]): Promise<Result<Actor, Failure>> => {
  const [first] = clusters;
  if (first === undefined) {
    return fail({ code: 'unknown-cluster', name: '', known: [] });
  }
  const who = await first.whoAmI();
  return who.ok
    ? ok({ kind: 'terminal', cluster: first.name, ...who.value })
    : fail({
        code: 'cluster-unreachable',
        cluster: first.name,
        detail: 'detail' in who.failure ? who.failure.detail : who.failure.code,
      });
};

const acts = (words: readonly string[]): boolean =>
  commands.some((command) => command.doc.name === words[0] && command.doc.kind === 'act');

const secret = (loaded: LoadedConfig, path: string): string => loaded.secrets.get(path) ?? '';

/** Runs a journal to its end in this process, with the caller's own clusters. */
const follow = async (
  run: TerminalRun,
  store: Store,
  surroundings: Surroundings,
  loaded: LoadedConfig,
  reply: Extract<Reply, { kind: 'queued' }>,
): Promise<TerminalResult> => {
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
  for (;;) {
    await runner.advance(reply.journal);
    const stored = readJournal(await store.read(journalKey(reply.journal)));
    const journal = stored?.journal;
    const recalled = commands
      .find((command) => command.doc.name === journal?.command)
      ?.recall(journal?.plan);
    if (journal === undefined || recalled?.ok !== true) {
      return { kind: 'failed', failure: { code: 'unexpected', reference: reply.invocation } };
    }
    const now = clock.now();
    const context = { now, root: 'flux-chatops', actor: journal.actor };
    const view = recalled.value.view(progressOf(journal, now), context);
    if (journal.status !== 'running') {
      return { kind: 'view', view, succeeded: journal.status === 'succeeded' };
    }
    run.onProgress(view);
    await clock.wait(followMs);
  }
};

/** Carries out one command from a terminal, with the caller's own kubeconfig. */
export const runFromTerminal = async (run: TerminalRun): Promise<TerminalResult> => {
  const { loaded, words } = run;
  const acting = acts(words);
  if (acting && loaded === undefined) {
    return {
      kind: 'failed',
      failure: {
        code: 'not-supported',
        what: `${words[0]} is recorded where the bot records it, so it needs the bot's configuration.`,
        instead: 'Give it with --config, with Redis and its keys within reach.',
      },
    };
  }
  // no fence is probed here: it is drawn around the bot's service accounts, while a person acts with the
  // person's own kubeconfig, which the cluster's roles bound and which the fence would let pass
  const clusters = run.clusters.map(({ name, file, context }) =>
    createKubernetesCluster({
      name,
      connection: { type: 'kubeconfig', file, context },
      clock,
      chance: Math.random,
      log: silentLog,
    }),
  );
  const store =
    acting && loaded !== undefined
      ? createRedisStore({ url: secret(loaded, 'redis.url') })
      : undefined;
  try {
    const actor = await identify(clusters);
    if (!actor.ok) {
      return { kind: 'failed', failure: actor.failure };
    }
    await synced(clusters);
    const policy =
      acting && loaded !== undefined ? policyOf(loaded.config) : everything(actor.value);
    const surroundings: Surroundings = {
      clusters,
      policy: () => policy,
      root: 'flux-chatops',
      defaultCluster: () => undefined,
      incidents: async () => [],
      commands: commands.map((command) => command.doc),
    };
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
    const text = words.map((word) => JSON.stringify(word)).join(' ');
    const reply = await dispatch({
      origin: 'terminal',
      actor: actor.value,
      place: {},
      request: { text },
    });
    switch (reply.kind) {
      case 'failed':
        return { kind: 'failed', failure: reply.failure };
      case 'view':
        return { kind: 'view', view: reply.view, succeeded: true };
      case 'queued':
        return store === undefined || loaded === undefined
          ? { kind: 'failed', failure: { code: 'store-unavailable' } }
          : await follow(run, store, surroundings, loaded, reply);
      default:
        return reply satisfies never;
    }
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()));
    await store?.close();
  }
};
