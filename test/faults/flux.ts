import type { Clock } from '#src/clock.ts';
import { createMemoryCluster, type MemoryCluster } from '#src/cluster/memory.ts';
import { newerVersion } from '#src/cluster/versions.ts';
import { type FluxRef, fluxKinds, printRef } from '#src/flux/ref.ts';
import { requestedAt } from '#src/flux/request.ts';
import { between } from '#test/faults/chance.ts';
import type { Platform } from '#test/faults/git.ts';

type Standing = 'healthy' | 'failing' | 'waiting' | 'progressing';

/** One Flux object and what its controller makes of it. */
export interface Thing {
  readonly ref: FluxRef;
  readonly dependsOn: FluxRef | undefined;
  exists: boolean;
  uid: string;
  generation: number;
  suspended: boolean;
  /** What the next pass will find. */
  broken: boolean;
  standing: Standing;
  message: string;
  handled: string | undefined;
  busy: boolean;
  again: boolean;
}

/** A cluster whose objects are reconciled: failing, recovering, answering to requests. */
export interface FluxCluster {
  readonly server: MemoryCluster;
  readonly things: readonly Thing[];
  change(thing: Thing, change: Change): void;
  /** A pass over all of them, those that others depend on first. */
  passAll(): Promise<void>;
  /** An API server that was put back to how it stood at the last `snapshot`. */
  snapshot(): void;
  restore(): void;
}

export type Change = 'break' | 'mend' | 'suspend' | 'resume' | 'delete' | 'create' | 'request';

/** A controller has something to say by webhook. */
export type OnEvent = (cluster: string, event: Readonly<Record<string, unknown>>) => void;

const namesOf: readonly (readonly [FluxRef, FluxRef | undefined])[] = (() => {
  const ks = (namespace: string, name: string): FluxRef => ({
    kind: 'Kustomization',
    namespace,
    name,
  });
  const source: FluxRef = { kind: 'GitRepository', namespace: 'flux-system', name: 'platform' };
  const db = ks('data', 'postgres');
  return [
    [source, undefined],
    [db, undefined],
    [ks('media', 'plex'), undefined],
    [ks('data', 'api'), db],
    [{ kind: 'HelmRelease', namespace: 'media', name: 'radarr' }, undefined],
  ];
})();

const apiVersions: Readonly<Record<string, string>> = {
  GitRepository: 'source.toolkit.fluxcd.io/v1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2',
};

interface FluxClusterOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly onEvent: OnEvent;
  readonly platform: Pick<Platform, 'url' | 'good' | 'bad'>;
}

export const createFluxCluster = (options: FluxClusterOptions): FluxCluster => {
  const { name, clock, seed, onEvent, platform } = options;
  const revision = (sha: string): string => `main@sha1:${sha}`;
  const server = createMemoryCluster(name, clock.now);
  let version = '1000';
  let made = 0;
  let passes = 0;
  let kept: { readonly version: string; readonly things: readonly Thing[] } | undefined;

  const nextUid = (): string => {
    made += 1;
    return `${name}-uid-${made}`;
  };
  const things: Thing[] = namesOf.map(([ref, dependsOn]) => ({
    ref,
    dependsOn,
    exists: true,
    uid: nextUid(),
    generation: 1,
    suspended: false,
    broken: false,
    standing: 'healthy',
    message: 'Applied revision: main@sha1:0123456789012345678901234567890123456789',
    handled: undefined,
    busy: false,
    again: false,
  }));

  const iso = (): string => new Date(clock.now()).toISOString();
  const nextVersion = (): string => {
    version = String(BigInt(version) + 1n);
    return version;
  };

  const conditionsOf = (thing: Thing) => {
    const condition = (type: string, status: string, reason: string) => ({
      type,
      status,
      reason,
      message: thing.message,
      observedGeneration: thing.generation,
      lastTransitionTime: iso(),
    });
    switch (thing.standing) {
      case 'healthy':
        return [condition('Ready', 'True', 'ReconciliationSucceeded')];
      case 'progressing':
        return [
          condition('Reconciling', 'True', 'Progressing'),
          condition('Ready', 'Unknown', 'Progressing'),
        ];
      case 'failing':
        return [
          condition('Reconciling', 'True', 'ProgressingWithRetry'),
          condition('Ready', 'False', 'ReconciliationFailed'),
        ];
      case 'waiting':
        return [
          condition('Reconciling', 'True', 'ProgressingWithRetry'),
          condition('Ready', 'False', 'DependencyNotReady'),
        ];
      default:
        return thing.standing satisfies never;
    }
  };

  const sourceSpec = (ref: FluxRef) => {
    const [source] = namesOf[0] ?? [];
    return {
      ...(ref.kind === 'Kustomization' ? { path: `./${ref.name}`, sourceRef: { ...source } } : {}),
      ...(ref.kind === 'GitRepository' ? { url: platform.url } : {}),
    };
  };

  const revisions = ({ ref, broken }: Thing) => ({
    ...(ref.kind === 'Kustomization'
      ? {
          lastAppliedRevision: revision(platform.good),
          lastAttemptedRevision: revision(broken ? platform.bad : platform.good),
        }
      : {}),
    ...(ref.kind === 'GitRepository' ? { artifact: { revision: revision(platform.bad) } } : {}),
  });

  const rawOf = (thing: Thing, resourceVersion: string) => {
    const { ref, dependsOn } = thing;
    const found = server.cached(ref);
    return {
      apiVersion: apiVersions[ref.kind],
      kind: ref.kind,
      metadata: {
        name: ref.name,
        namespace: ref.namespace,
        uid: thing.uid,
        resourceVersion,
        generation: thing.generation,
        creationTimestamp: '2026-11-01T00:00:00Z',
        annotations: found?.uid === thing.uid ? found.annotations : {},
      },
      spec: {
        suspend: thing.suspended,
        interval: '1m',
        timeout: '20s',
        ...sourceSpec(ref),
        ...(dependsOn === undefined
          ? {}
          : { dependsOn: [{ name: dependsOn.name, namespace: dependsOn.namespace }] }),
      },
      status: {
        observedGeneration: thing.generation,
        conditions: conditionsOf(thing),
        ...(thing.handled === undefined ? {} : { lastHandledReconcileAt: thing.handled }),
        ...revisions(thing),
      },
    };
  };

  const publish = (thing: Thing): void => {
    server.applyWatchEvent('MODIFIED', rawOf(thing, nextVersion()));
  };

  const report = (thing: Thing): void => {
    const { ref } = thing;
    onEvent(name, {
      involvedObject: { ...ref, uid: thing.uid, apiVersion: apiVersions[ref.kind] },
      severity: thing.standing === 'healthy' ? 'info' : 'error',
      timestamp: iso(),
      message: `${thing.message} (pass ${passes})`,
      reason: thing.standing === 'waiting' ? 'DependencyNotReady' : 'ReconciliationFailed',
      metadata: { cluster: name },
      reportingController: `${fluxKinds[ref.kind].plural}-controller`,
    });
  };

  const dependencyOf = (thing: Thing): Thing | undefined =>
    things.find((other) => thing.dependsOn !== undefined && other.ref === thing.dependsOn);

  const conclude = (thing: Thing): Standing => {
    const dependency = dependencyOf(thing);
    if (dependency !== undefined && !(dependency.exists && dependency.standing === 'healthy')) {
      const { namespace, name: other } = dependency.ref;
      thing.standing = 'waiting';
      thing.message = `dependency '${namespace}/${other}' is not ready`;
    } else if (thing.broken) {
      thing.standing = 'failing';
      thing.message = `${printRef(thing.ref)} dry-run failed: field is immutable`;
    } else {
      thing.standing = 'healthy';
      thing.message = 'Applied revision: main@sha1:0123';
    }
    return thing.standing;
  };

  const onePass = async (thing: Thing): Promise<void> => {
    const { uid } = thing;
    passes += 1;
    const lasts = between(`${seed}/${name}/pass/${passes}`, 100, 3_000);
    const asked = server.cached(thing.ref)?.annotations[requestedAt];
    const before = thing.standing;
    thing.standing = 'progressing';
    thing.message = 'reconciliation in progress';
    publish(thing);
    await clock.wait(lasts);
    if (thing.uid !== uid || !thing.exists) {
      return;
    }
    const after = conclude(thing);
    thing.handled = asked ?? thing.handled;
    publish(thing);
    if (after !== before || after === 'failing') {
      report(thing);
    }
    const followers = things.filter((other) => other.dependsOn === thing.ref);
    for (const follower of after === before ? [] : followers) {
      void pass(follower);
    }
  };

  const pass = async (thing: Thing): Promise<void> => {
    thing.again = true;
    if (thing.busy) {
      return;
    }
    thing.busy = true;
    while (thing.again && thing.exists && !thing.suspended) {
      thing.again = false;
      await onePass(thing);
    }
    thing.busy = false;
  };

  server.subscribe((observation) => {
    if (observation.type !== 'object') {
      return;
    }
    version = newerVersion(version, observation.object.resourceVersion);
    const { ref, annotations } = observation.object;
    const thing = things.find(
      (one) =>
        one.ref.kind === ref.kind &&
        one.ref.namespace === ref.namespace &&
        one.ref.name === ref.name,
    );
    const asked = annotations[requestedAt];
    if (thing !== undefined && asked !== undefined && asked !== thing.handled) {
      void clock.wait(between(`${seed}/${name}/${asked}`, 50, 1_000)).then(() => pass(thing));
    }
  });

  const create = (thing: Thing): void => {
    thing.exists = true;
    thing.uid = nextUid();
    thing.generation = 1;
    thing.suspended = false;
    thing.handled = undefined;
    thing.standing = 'progressing';
    thing.message = 'reconciliation in progress';
    publish(thing);
    void pass(thing);
  };

  const remove = (thing: Thing): void => {
    server.applyWatchEvent('DELETED', rawOf(thing, nextVersion()));
    thing.exists = false;
  };

  const suspend = (thing: Thing, suspended: boolean): void => {
    thing.suspended = suspended;
    thing.generation += 1;
    publish(thing);
    void pass(thing);
  };

  const request = (thing: Thing): void => {
    const token = `somebody-else-${clock.now()}`;
    void server.annotate(thing.ref, { [requestedAt]: token }, { uid: thing.uid });
  };

  const change: FluxCluster['change'] = (thing, what) => {
    if (what === 'create' ? thing.exists : !thing.exists) {
      return;
    }
    switch (what) {
      case 'break':
      case 'mend':
        thing.broken = what === 'break';
        void pass(thing);
        return;
      case 'suspend':
      case 'resume':
        suspend(thing, what === 'suspend');
        return;
      case 'delete':
        remove(thing);
        return;
      case 'create':
        create(thing);
        return;
      case 'request':
        request(thing);
        return;
      default:
        what satisfies never;
    }
  };

  for (const thing of things) {
    publish(thing);
  }
  server.listAll();

  return {
    server,
    things,
    change,
    passAll: async () => {
      for (const thing of things) {
        while (thing.busy) {
          await clock.wait(500);
        }
        await pass(thing);
      }
    },
    snapshot: () => {
      kept = { version, things: structuredClone(things) };
    },
    restore: () => {
      if (kept === undefined) {
        return;
      }
      const { things: before } = kept;
      things.forEach((thing, at) => {
        const old = before[at];
        if (old !== undefined) {
          const { ref: _, dependsOn: __, busy: ___, again: ____, ...state } = old;
          Object.assign(thing, state);
        }
      });
      version = kept.version;
      const raws = things.filter((thing) => thing.exists).map((thing) => rawOf(thing, version));
      server.cut('restored');
      server.restore(raws);
      server.reconnect();
      for (const thing of things) {
        void pass(thing);
      }
    },
  };
};
