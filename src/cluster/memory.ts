import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type {
  AccessRight,
  Cluster,
  ClusterFailure,
  ObjectLock,
  Workload,
} from '#src/cluster/cluster.ts';
import { brokenLock, type ObjectChange } from '#src/cluster/lock.ts';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import { compareVersions, newerVersion } from '#src/cluster/versions.ts';
import { describeWorkload, podLabels, workloadRef } from '#src/cluster/workload.ts';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { type FluxKind, type FluxRef, fluxKinds, isFluxKind } from '#src/flux/ref.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** A cluster in memory: what its API server holds, and a watch that can be cut. */
export interface MemoryCluster extends Cluster {
  /**
   * Something happened on the API server, as its watch says it; told at once unless the watch is cut.
   * Objects that are not Flux's are kept for {@link Cluster.workloads}. A BOOKMARK only keeps fresh.
   * @throws when it is not a Kubernetes object
   */
  applyWatchEvent(type: WatchEventType, object: unknown): void;
  /** Says that each kind has been listed: the start is over. */
  listAll(): void;
  /** Cuts the watch: the API server goes on, the cache does not; with a failure, calls get it too. */
  cut(problem: string, failure?: ClusterFailure): void;
  /** The watch is back: lists all kinds, so that what was missed is told. */
  reconnect(): void;
  /** Puts the API server back to an older state, as a restored etcd does; seen at the next list. */
  restore(objects: readonly unknown[]): void;
  /** Takes the admission fence away (`false`) or puts it back. */
  setFence(stands: boolean): void;
  /** Takes a right away (`false`) or gives it back. */
  grant(right: AccessRight, granted: boolean): void;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

interface Cut {
  readonly at: number;
  readonly problem: string;
  readonly failure: ClusterFailure | undefined;
}

const Raw = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string().optional(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ suspend: z.boolean().optional() }).optional(),
});
type Raw = z.output<typeof Raw>;

const kindNames = Object.keys(fluxKinds).filter(isFluxKind);

const keyOf = (kind: string, namespace: string | undefined, name: string | undefined): string =>
  `${kind}/${namespace ?? ''}/${name ?? ''}`;

const rawKey = (raw: Raw): string => keyOf(raw.kind, raw.metadata.namespace, raw.metadata.name);

const rightKey = (right: AccessRight): string =>
  [right.verb, right.group, right.resource, right.namespace ?? '', right.name ?? ''].join(' ');

const next = (version: string): string => String(BigInt(version) + 1n);

const respecced = (raw: Raw, suspended: boolean | undefined): Partial<Raw> => {
  const { suspend, ...rest } = raw.spec ?? {};
  if (suspended === undefined || suspended === (suspend ?? false)) {
    return {};
  }
  // resuming removes the field; a generation counts changes of the spec
  return {
    metadata: { ...raw.metadata, generation: (raw.metadata.generation ?? 0) + 1 },
    spec: suspended ? { ...rest, suspend: true } : rest,
  };
};

const annotated = (raw: Raw, changes: ObjectChange['annotations']): Raw => {
  const wanted = Object.entries({ ...raw.metadata.annotations, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return wanted.length === 0 && raw.metadata.annotations === undefined
    ? raw
    : { ...raw, metadata: { ...raw.metadata, annotations: Object.fromEntries(wanted) } };
};

const changed = (raw: Raw, change: ObjectChange): Raw =>
  annotated({ ...raw, ...respecced(raw, change.suspended) }, change.annotations);

/**
 * Makes an empty {@link MemoryCluster}, with the locks and the patch semantics of an API server and no
 * waiting of its own: every change is told before the call that made it returns.
 * @param now - milliseconds since the epoch; freshness is counted by it
 */
export const createMemoryCluster = (name: string, now: () => number): MemoryCluster => {
  const cache = createObjectCache(name);
  const server = new Map<string, Raw>();
  const revoked = new Set<string>();
  let synced = false;
  let fenced = true;
  let version = '1';
  let cutBy: Cut | undefined;

  const fluxObjects = (kind: FluxKind): readonly FluxObject[] =>
    [...server.values()].flatMap((raw) => (raw.kind === kind ? (parseFluxObject(raw) ?? []) : []));

  const list = (): void => {
    for (const kind of kindNames) {
      cache.replace(kind, fluxObjects(kind), version);
    }
    synced = true;
  };

  const tell = (type: WatchEventType, raw: Raw): void => {
    const object = parseFluxObject(raw);
    if (cutBy !== undefined || object === undefined) {
      return;
    }
    if (type === 'DELETED') {
      cache.remove(object);
    } else {
      cache.put(object);
    }
  };

  const isOld = (raw: Raw): boolean =>
    compareVersions(
      raw.metadata.resourceVersion ?? '',
      server.get(rawKey(raw))?.metadata.resourceVersion ?? '',
    ) < 0;

  const applyWatchEvent = (type: WatchEventType, object: unknown): void => {
    const raw = Raw.parse(object);
    version = newerVersion(version, raw.metadata.resourceVersion ?? '');
    if (type === 'BOOKMARK' || isOld(raw)) {
      return;
    }
    if (type === 'DELETED') {
      server.delete(rawKey(raw));
    } else {
      server.set(rawKey(raw), raw);
    }
    tell(type, raw);
  };

  const find = (ref: FluxRef): Result<FluxObject, ClusterFailure> => {
    if (cutBy?.failure !== undefined) {
      return fail(cutBy.failure);
    }
    const object = parseFluxObject(server.get(keyOf(ref.kind, ref.namespace, ref.name)));
    return object === undefined ? fail({ code: 'not-found' }) : ok(object);
  };

  const refusal = (ref: FluxRef, verb: string): ClusterFailure | undefined => {
    const { group, plural } = fluxKinds[ref.kind];
    const rights = [
      { verb, group, resource: plural },
      { verb, group, resource: plural, namespace: ref.namespace },
    ];
    return rights.some((right) => revoked.has(rightKey(right)))
      ? { code: 'forbidden', right: `${verb} ${plural}.${group} in namespace ${ref.namespace}` }
      : undefined;
  };

  const read = (ref: FluxRef): Result<FluxObject, ClusterFailure> => {
    const refused = refusal(ref, 'get');
    return refused === undefined ? find(ref) : fail(refused);
  };

  const patch = (
    ref: FluxRef,
    change: ObjectChange,
    lock: ObjectLock,
  ): Result<FluxObject, ClusterFailure> => {
    const refused = refusal(ref, 'patch');
    const found = refused === undefined ? find(ref) : fail(refused);
    const raw = server.get(keyOf(ref.kind, ref.namespace, ref.name));
    if (!found.ok || raw === undefined) {
      return found;
    }
    const broken = brokenLock(lock, found.value);
    if (broken !== undefined) {
      return fail({ code: 'changed', what: broken });
    }
    const after = changed(raw, change);
    // what changes nothing makes no new version
    if (!isDeepStrictEqual(after, raw)) {
      const metadata = { ...after.metadata, resourceVersion: next(version) };
      applyWatchEvent('MODIFIED', { ...after, metadata });
    }
    return find(ref);
  };

  const workload = (id: string): readonly Workload[] => {
    const ref = workloadRef(id);
    if (ref === undefined) {
      return [];
    }
    const raw = server.get(keyOf(ref.kind, ref.namespace, ref.name));
    const labels = Object.entries(podLabels(raw));
    const pods = [...server.values()].filter(
      (pod) =>
        pod.kind === 'Pod' &&
        pod.metadata.namespace === ref.namespace &&
        labels.length > 0 &&
        labels.every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    return [describeWorkload(ref, raw, pods)];
  };

  return {
    name,
    objects: cache.objects,
    cached: cache.get,
    freshness: () => ({
      synced,
      // an uncut watch brings bookmarks all the time
      heardAt: synced ? (cutBy?.at ?? now()) : undefined,
      problem: cutBy?.problem,
      unheard: cutBy === undefined ? [] : kindNames,
      listed: synced ? kindNames : [],
    }),
    epoch: cache.epoch,
    subscribe: cache.subscribe,
    read: async (ref) => read(ref),
    annotate: async (ref, annotations, lock) =>
      patch(ref, { annotations, suspended: undefined }, lock),
    setSuspended: async (ref, suspended, annotations, lock) =>
      patch(ref, { annotations, suspended }, lock),
    probeFence: async (ref) => {
      const refused = refusal(ref, 'patch');
      const found = refused === undefined ? find(ref) : fail(refused);
      return found.ok ? ok(fenced ? 'closed' : 'open') : found;
    },
    workloads: async (ids) =>
      cutBy?.failure === undefined ? ok(ids.flatMap(workload)) : fail(cutBy.failure),
    whoAmI: async () =>
      cutBy?.failure === undefined
        ? ok({ username: 'system:serviceaccount:flux-chatops:flux-chatops', groups: [] })
        : fail(cutBy.failure),
    mayI: async (right) =>
      cutBy?.failure === undefined ? ok(!revoked.has(rightKey(right))) : fail(cutBy.failure),
    close: async () => {
      cutBy = {
        at: now(),
        problem: 'closed',
        failure: { code: 'unreachable', detail: 'closed' },
      };
    },
    applyWatchEvent,
    listAll: list,
    cut: (problem, failure) => {
      cutBy = { at: now(), problem, failure };
    },
    reconnect: () => {
      cutBy = undefined;
      list();
    },
    restore: (objects) => {
      server.clear();
      version = '1';
      for (const object of objects) {
        const raw = Raw.parse(object);
        version = newerVersion(version, raw.metadata.resourceVersion ?? '');
        server.set(rawKey(raw), raw);
      }
    },
    setFence: (stands) => {
      fenced = stands;
    },
    grant: (right, granted) => {
      if (granted) {
        revoked.delete(rightKey(right));
      } else {
        revoked.add(rightKey(right));
      }
    },
  };
};
