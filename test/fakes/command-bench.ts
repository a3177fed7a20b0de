import { commands } from '#commands/index.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Surroundings } from '#src/command/context.ts';
import { createDispatch, type Invocation } from '#src/command/dispatch.ts';
import type { AuditFact } from '#src/command/journal.ts';
import { Journal, journalKey } from '#src/command/journal.ts';
import type { Policy } from '#src/command/policy.ts';
import { createRunner } from '#src/command/runner.ts';
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
const api = { kind: 'Kustomization', namespace: 'data', name: 'api' } as const;
const key = 'signs the journals';

const wire = (handled?: string, annotations: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: api.kind,
  metadata: {
    namespace: api.namespace,
    name: api.name,
    uid: 'uid-1',
    generation: 1,
    annotations,
  },
  spec: { interval: '1m', timeout: '20s' },
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }],
    lastAppliedRevision: 'main@sha1:0123',
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
  },
});

/** Commands on one Kustomization, `ks/data/api` on `apps`, through a store and a cluster in memory. */
export const createCommandBench = () => {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const cluster = createMemoryCluster('apps', clock.now);
  const patches: Readonly<Record<string, string | null>>[] = [];
  const facts: AuditFact[] = [];
  let version = 100;
  let policy = everything;

  const put = (handled?: string, annotations?: Readonly<Record<string, string>>): void => {
    const found = cluster.cached(api);
    version = Math.max(version, Number(found?.resourceVersion ?? 0)) + 1;
    const raw = wire(handled, { ...keptAnnotations(found?.annotations), ...annotations });
    cluster.applyWatchEvent('MODIFIED', {
      ...raw,
      metadata: { ...raw.metadata, resourceVersion: String(version) },
    });
  };
  put();
  cluster.listAll();

  const watched: Cluster = {
    ...cluster,
    annotate: async (ref, annotations, lock) => {
      const result = await cluster.annotate(ref, annotations, lock);
      if (result.ok) {
        patches.push(annotations);
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
    patches,
    facts,
    api,
    setPolicy: (next: Policy): void => {
      policy = next;
    },
    /** The controller has done what was asked. */
    handle: (): void => put(cluster.cached(api)?.annotations[requestedAt]),
    /** Somebody else asks. */
    overtake: (): void => put(undefined, { [requestedAt]: 'of somebody else' }),
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
    runner: (holder: string, reached: Cluster = watched) =>
      createRunner({
        ...common,
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
