import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#src/clock.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import {
  createKubernetesCluster,
  type KubernetesTimes,
  kubernetesTimes,
} from '#src/cluster/kubernetes/cluster.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import type { FluxRef } from '#src/flux/ref.ts';
import { silentLog } from '#src/log.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '#test/sandbox/api/server.ts';

/** A cluster under test, and the hand that changes what its API server holds. */
export interface World {
  readonly cluster: Cluster;
  put(object: KubeObject): void | Promise<void>;
  remove(object: KubeObject): void | Promise<void>;
  /** The watch is cut, things happen that nobody tells, and it is back. */
  miss(change: () => void | Promise<void>): Promise<void>;
  /** The API server is put back to what it held when `moment` was taken. */
  moment(): () => Promise<void>;
  /** Takes away the right to patch Kustomizations. */
  forbidPatch(): void;
  close(): Promise<void>;
}

/** The real clock, behind the port. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

/** Waits that let a test see many of them. */
export const quickTimes: KubernetesTimes = {
  ...kubernetesTimes,
  firstMs: 10,
  capMs: 100,
  absentMs: 100,
  deadlineMs: 3_000,
  discoveryFreshMs: 0,
};

/** Resolves as soon as it is so; rejects with what is instead after `ms`. */
export const eventually = async (check: () => void | Promise<void>, ms = 30_000): Promise<void> => {
  const end = Date.now() + ms;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await sleep(10);
    }
  }
};

export interface ServerWorld extends World {
  readonly server: ApiServer;
  readonly kubeconfig: string;
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
}

/** Stands between the adapter and its API server; gives its address. */
export type Between = (url: string) => Promise<{ readonly url: string; close(): Promise<void> }>;

const nothingBetween: Between = async (url) => ({ url, close: async () => undefined });

/** The adapter, with a kubeconfig file, against an API server over HTTP. */
export const serverWorld = async (
  times: Partial<KubernetesTimes> = {},
  { as, ...options }: Partial<ApiServerOptions> & { readonly as?: string } = {},
  between: Between = nothingBetween,
): Promise<ServerWorld> => {
  const server = await startApiServer({ name: 'infra', ...options });
  const way = await between(server.url);
  const folder = await mkdtemp(join(tmpdir(), 'flux-chatops-cluster-'));
  const file = join(folder, 'kubeconfig');
  await writeFile(file, server.kubeconfig(as).replaceAll(server.url, way.url));
  const cluster = createKubernetesCluster({
    name: 'infra',
    connection: { type: 'kubeconfig', file },
    clock: systemClock,
    chance: Math.random,
    log: silentLog,
    times: { ...quickTimes, ...times },
  });
  return {
    server,
    kubeconfig: file,
    cluster,
    put: (object) => {
      server.objects.put(object);
    },
    remove: ({ apiVersion, kind, metadata: { namespace, name } }) => {
      server.objects.remove({ apiVersion, kind, namespace, name });
    },
    miss: async (change) => {
      await server.faults.down();
      await change();
      await server.faults.up();
    },
    moment: () => {
      const version = server.storage.version();
      return async () => {
        server.faults.restoreTo(version);
        server.faults.cutConnections();
      };
    },
    forbidPatch: () => server.faults.set({ forbid: { verb: 'patch', resource: 'kustomizations' } }),
    close: async () => {
      await cluster.close();
      await way.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
};

/** The cluster in memory; versions and uids are given as an API server does. */
export const memoryWorld = async (): Promise<World> => {
  const cluster = createMemoryCluster('infra', systemClock.now);
  const held = new Map<string, KubeObject>();
  let version = 100;
  const keyOf = ({ kind, metadata }: KubeObject): string =>
    `${kind}/${metadata.namespace}/${metadata.name}`;
  const stamped = (object: KubeObject): KubeObject => {
    const before = held.get(keyOf(object));
    version = Math.max(version, ...[...held.values()].map(versionOf)) + 1;
    return {
      ...object,
      metadata: {
        uid: before?.metadata.uid ?? `uid-${version}`,
        generation: 1,
        creationTimestamp: '2026-11-23T10:00:00Z',
        ...object.metadata,
        resourceVersion: String(version),
      },
    };
  };
  cluster.listAll();
  return {
    cluster,
    put: (object) => {
      const next = stamped(object);
      const type = held.has(keyOf(object)) ? 'MODIFIED' : 'ADDED';
      held.set(keyOf(object), next);
      cluster.applyWatchEvent(type, next);
    },
    remove: (object) => {
      const last = held.get(keyOf(object));
      held.delete(keyOf(object));
      version += 1;
      cluster.applyWatchEvent('DELETED', {
        ...last,
        metadata: { ...last?.metadata, resourceVersion: String(version) },
      });
    },
    miss: async (change) => {
      cluster.cut('away', { code: 'unreachable', detail: 'away' });
      await change();
      cluster.reconnect();
    },
    moment: () => {
      const then = [...held.values()];
      return async () => {
        cluster.cut('restoring');
        cluster.restore(then);
        cluster.reconnect();
      };
    },
    forbidPatch: () =>
      cluster.grant(
        { verb: 'patch', group: 'kustomize.toolkit.fluxcd.io', resource: 'kustomizations' },
        false,
      ),
    close: cluster.close,
  };
};

const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);

export const kustomization = (
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  metadata: Readonly<Record<string, unknown>> = {},
): KubeObject => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { namespace: 'media', name, ...metadata },
  spec: {
    interval: '10m',
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'platform' },
    ...spec,
  },
});

export const kustomizationRef = (name: string): FluxRef => ({
  kind: 'Kustomization',
  namespace: 'media',
  name,
});
