import { commands as standard } from '#commands/index.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Surroundings } from '#src/command/context.ts';
import type { AnyCommand } from '#src/command/define.ts';
import { createDispatch, type Invocation } from '#src/command/dispatch.ts';
import type { AuditFact } from '#src/command/journal.ts';
import { Journal, journalKey } from '#src/command/journal.ts';
import type { Policy } from '#src/command/policy.ts';
import { createRunner } from '#src/command/runner.ts';
import { type FluxRef, fluxKinds, printRef } from '#src/flux/ref.ts';
import { requestedAt } from '#src/flux/request.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Store } from '#src/store/store.ts';
import { countingIds, createVirtualClock } from '#test/fakes/clock.ts';

export const robin: Actor = { kind: 'slack', team: 'T1', user: 'U1', name: 'robin', groups: [] };
export const everything: Policy = {
  teams: ['T1'],
  grants: [{ role: 'all', permissions: ['*'], subjects: ['slack-member:T1'] }],
};
const api: FluxRef = { kind: 'Kustomization', namespace: 'data', name: 'api' };
/** Another one that reads the same source. */
const web: FluxRef = { kind: 'Kustomization', namespace: 'media', name: 'web' };
const source: FluxRef = { kind: 'GitRepository', namespace: 'flux-system', name: 'platform' };
const key = 'signs the journals';

const wire = (
  { kind, namespace, name }: FluxRef,
  handled?: string,
  annotations: Readonly<Record<string, string>> = {},
) => ({
  apiVersion: `${fluxKinds[kind].group}/v1`,
  kind,
  metadata: { namespace, name, uid: `uid-of-${name}`, generation: 1, annotations },
  spec: {
    interval: '1m',
    timeout: '20s',
    ...(kind === 'Kustomization' ? { sourceRef: source } : {}),
  },
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }],
    ...(kind === 'Kustomization'
      ? { lastAppliedRevision: 'main@sha1:0123' }
      : { artifact: { revision: 'main@sha1:0123' } }),
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
  },
});

interface CommandBenchOptions {
  /** Commands besides those that there are. */
  readonly further?: readonly AnyCommand[];
}

/**
 * Commands on `ks/data/api`, `ks/media/web` and the source that both read, on `apps`, through a store and a
 * cluster in memory.
 */
export const createCommandBench = ({ further = [] }: CommandBenchOptions = {}) => {
  const commands = [...standard, ...further];
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const cluster = createMemoryCluster('apps', clock.now);
  const patches: Readonly<Record<string, string | null>>[] = [];
  const asked: string[] = [];
  const facts: AuditFact[] = [];
  let version = 100;
  let policy = everything;
  let actorNow: Surroundings['actorNow'];

  const put = (
    ref: FluxRef,
    handled?: string,
    annotations?: Readonly<Record<string, string>>,
  ): void => {
    const found = cluster.cached(ref);
    version = Math.max(version, Number(found?.resourceVersion ?? 0)) + 1;
    const raw = wire(ref, handled, { ...keptAnnotations(found?.annotations), ...annotations });
    cluster.applyWatchEvent('MODIFIED', {
      ...raw,
      metadata: { ...raw.metadata, resourceVersion: String(version) },
    });
  };
  for (const ref of [api, web, source]) {
    put(ref);
  }
  cluster.listAll();

  let onRead = (): void => undefined;
  const watched: Cluster = {
    ...cluster,
    read: (ref) => {
      onRead();
      return cluster.read(ref);
    },
    annotate: async (ref, annotations, lock) => {
      const result = await cluster.annotate(ref, annotations, lock);
      if (result.ok) {
        patches.push(annotations);
        asked.push(printRef(ref));
      }
      return result;
    },
  };
  const surroundings = (reached: Cluster): Surroundings => ({
    clusters: [reached],
    policy: () => policy,
    root: '/flux',
    defaultCluster: () => undefined,
    commands: commands.map(({ doc }) => doc),
    incidents: async () => [],
    actorNow: async (actor) =>
      (await actorNow?.(actor)) ?? { kind: 'known', actor, groupsKnown: true },
  });
  const commitTo =
    (into: Store) => async (batch: Parameters<Store['commit']>[0], said: readonly AuditFact[]) => {
      const result = await into.commit(batch);
      if (result === 'committed') {
        facts.push(...said);
      }
      return result;
    };
  const ids = countingIds();
  const common = { clock, commands, key, log: silentLog };

  return {
    clock,
    store,
    cluster: watched,
    surroundings: () => surroundings(watched),
    patches,
    /** The objects that were patched, in order. */
    asked,
    facts,
    api,
    web,
    source,
    setPolicy: (next: Policy): void => {
      policy = next;
    },
    /** Called with each read of the API server. */
    spyOnRead: (spy: () => void): void => {
      onRead = spy;
    },
    /** What Slack says of whoever asked, from now on. */
    setActorNow: (next: Surroundings['actorNow']): void => {
      actorNow = next;
    },
    /** The controller has done what was asked. */
    handle: (ref: FluxRef = api): void => put(ref, cluster.cached(ref)?.annotations[requestedAt]),
    /** What the API server says of any other object, or of one of these in another state. */
    tell: cluster.applyWatchEvent,
    /** Somebody else asks. */
    overtake: (): void => put(api, undefined, { [requestedAt]: 'of somebody else' }),
    dispatcher: (into: Store = store) => {
      const dispatch = createDispatch({
        ...common,
        store: into,
        ids,
        surroundings: surroundings(watched),
        commit: commitTo(into),
        onJournal: () => undefined,
      });
      return (text: string, change: Partial<Invocation> = {}) =>
        dispatch({
          origin: 'slash',
          actor: robin,
          place: { channel: 'C1' },
          request: { text },
          ...change,
        });
    },
    commands,
    runner: (holder: string, reached: Cluster = watched, known: readonly AnyCommand[] = commands) =>
      createRunner({
        ...common,
        commands: known,
        store,
        surroundings: surroundings(reached),
        commit: commitTo(store),
        holder,
        onCards: () => undefined,
        wakeAt: () => undefined,
      }),
    journal: async (id: string) => Journal.parse((await store.read(journalKey(id)))?.value),
  };
};

const keptAnnotations = (
  annotations: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
