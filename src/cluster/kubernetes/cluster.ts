import type { Clock } from '#src/clock.ts';
import { createActs } from '#src/cluster/acts.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createFinder } from '#src/cluster/finder.ts';
import { createKindsHeard } from '#src/cluster/kinds-heard.ts';
import { createApi } from '#src/cluster/kubernetes/client.ts';
import { createConnection, type KubernetesConnection } from '#src/cluster/kubernetes/connection.ts';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import type { Outcome } from '#src/cluster/reflection.ts';
import { type Reflector, type ReflectorTimes, startReflector } from '#src/cluster/reflector.ts';
import { askMayI, askWhoAmI } from '#src/cluster/self.ts';
import { describeTrouble } from '#src/cluster/trouble.ts';
import { compareVersions } from '#src/cluster/versions.ts';
import { readWorkloads } from '#src/cluster/workloads.ts';
import { type FluxKind, fluxKinds, isFluxKind } from '#src/flux/ref.ts';
import type { Log } from '#src/log.ts';

export interface KubernetesTimes extends ReflectorTimes {
  /** For each verb that asks the API server, all of its requests together. */
  readonly deadlineMs: number;
  /** So long, what was found about served versions is not asked for again. */
  readonly discoveryFreshMs: number;
}

export const kubernetesTimes: KubernetesTimes = {
  firstMs: 500,
  capMs: 30_000,
  absentMs: 75_000,
  silenceMs: 90_000,
  listSilenceMs: 30_000,
  watchSeconds: 300,
  pageSize: 500,
  deadlineMs: 10_000,
  discoveryFreshMs: 2_000,
};

export interface KubernetesOptions {
  readonly name: string;
  readonly connection: KubernetesConnection;
  readonly clock: Clock;
  /** From 0 to below 1; spreads waits. */
  readonly chance: () => number;
  readonly log: Log;
  readonly times?: KubernetesTimes;
}

const kindNames = Object.keys(fluxKinds).filter(isFluxKind);

/**
 * One real cluster. Begins to follow it at once and never fails to start: a cluster that does not answer
 * is a problem of its {@link Cluster.freshness} and is tried again for ever.
 */
export const createKubernetesCluster = (options: KubernetesOptions): Cluster => {
  const { name, clock, chance } = options;
  const times = options.times ?? kubernetesTimes;
  const log = options.log.child({ cluster: name });
  const api = createApi(createConnection(options.connection), times.deadlineMs);
  const finder = createFinder(api, clock, times.discoveryFreshMs);
  const acts = createActs(api, finder);
  const cache = createObjectCache(name);
  const heard = createKindsHeard(kindNames, clock.now);
  const stopping = new AbortController();
  const reflectors = new Map<FluxKind, Reflector>();

  const listed = (kind: FluxKind, wentBack: boolean): void => {
    heard.listed(kind);
    log.debug({ kind, epoch: cache.epoch() }, 'kind listed');
    if (!wentBack) {
      return;
    }
    log.warn({ kind, epoch: cache.epoch() }, 'versions went back: the cluster was restored');
    // who still holds versions of the old history would wait for them without a word
    const reached = cache.version(kind) ?? '';
    for (const [other, reflector] of reflectors) {
      if (other !== kind && compareVersions(cache.version(other) ?? '', reached) > 0) {
        reflector.restored();
      }
    }
  };

  const after = (kind: FluxKind, outcome: Outcome): void => {
    heard.after(kind, outcome);
    if (outcome.type === 'trouble' && !stopping.signal.aborted) {
      log.info({ kind, problem: describeTrouble(outcome.trouble) }, 'watch lost');
    }
  };

  const parts = { api, cache, clock, chance, times, find: finder.look, heard: heard.heard };
  for (const kind of kindNames) {
    reflectors.set(kind, startReflector(kind, { ...parts, after, listed }, stopping.signal));
  }

  const deadline = (): AbortSignal => AbortSignal.timeout(times.deadlineMs);

  return {
    name,
    objects: cache.objects,
    cached: cache.get,
    freshness: heard.freshness,
    epoch: cache.epoch,
    subscribe: cache.subscribe,
    read: (ref) => acts.read(ref, deadline()),
    annotate: (ref, annotations, lock) =>
      acts.change(ref, { annotations, suspended: undefined }, lock, deadline()),
    setSuspended: (ref, suspended, annotations, lock) =>
      acts.change(ref, { annotations, suspended }, lock, deadline()),
    probeFence: (ref) => acts.probe(ref, deadline()),
    workloads: (ids) => readWorkloads(api, ids, deadline()),
    whoAmI: () => askWhoAmI(api, deadline()),
    mayI: (right) => askMayI(api, right, deadline()),
    close: async () => {
      stopping.abort();
      api.close();
      await Promise.all([...reflectors.values()].map(({ stopped }) => stopped));
    },
  };
};
