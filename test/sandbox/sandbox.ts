import type { SandboxUser } from '#test/sandbox/api/access.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { makeWhatChartsWould } from '#test/sandbox/chart-makings.ts';
import { realClock, type SandboxClock } from '#test/sandbox/clock.ts';
import { deliverByHttp } from '#test/sandbox/controllers/deliver.ts';
import { type Flux, startFlux } from '#test/sandbox/controllers/flux.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';
import type { Build } from '#test/sandbox/controllers/kustomize/build.ts';
import { operatorKinds, startOperators } from '#test/sandbox/controllers/operators.ts';
import type { ControllerSettings } from '#test/sandbox/controllers/world.ts';

export interface SandboxClusterOptions {
  readonly name: string;
  /** Where the tree of this cluster begins: `./kubernetes/clusters/infra`. */
  readonly path: string;
  /** Where its notification-controller sends what it would send to the bot; a function is asked each time. */
  readonly receiver?: string | (() => string | undefined);
  /** What the vault holds for a key of a Secret, such as the signing key of the webhooks. */
  readonly secretValue?: (namespace: string, secret: string, key: string) => string;
  readonly port?: number;
  /** What was there when it was last closed, instead of what bootstrap leaves: versions go on from there. */
  readonly restored?: { readonly objects: readonly KubeObject[]; readonly version: number };
}

export interface SandboxOptions {
  readonly clusters: readonly SandboxClusterOptions[];
  readonly git: GitHost;
  /** The repository that both clusters are loaded from, as `git` knows it. */
  readonly repositoryUrl: string;
  readonly build: Build;
  readonly users?: readonly SandboxUser[];
  readonly clock?: SandboxClock;
  readonly settings?: Partial<ControllerSettings>;
}

export interface SandboxCluster {
  readonly server: ApiServer;
  readonly flux: Flux;
  readonly operators: ReturnType<typeof startOperators>;
  readonly stopMaking: () => void;
}

const flux = { namespace: 'flux-system', name: 'flux-system' };

const nodes: readonly KubeObject[] = ['cp-1', 'cp-2', 'cp-3', 'worker-1'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
  status: {
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    nodeInfo: { kubeletVersion: 'v1.36.3', osImage: 'sandbox' },
  },
}));

/** What bootstrap leaves behind: Flux, and its way to the tree. */
const seed = (path: string, url: string): readonly KubeObject[] => [
  ...nodes,
  {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: flux,
    spec: { interval: '1m', url, ref: { name: 'refs/heads/main' } },
  },
  {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: flux,
    spec: {
      interval: '10m',
      retryInterval: '30s',
      path,
      prune: true,
      sourceRef: { kind: 'GitRepository', name: flux.name },
    },
  },
];

const startCluster = async (
  options: SandboxOptions,
  { name, path, receiver, secretValue, port, restored }: SandboxClusterOptions,
): Promise<SandboxCluster> => {
  const receiverNow = () => (typeof receiver === 'function' ? receiver() : receiver);
  const clock = options.clock ?? realClock;
  const server = await startApiServer({
    name,
    clock,
    kinds: operatorKinds,
    ...(options.users === undefined ? {} : { users: options.users }),
    ...(port === undefined ? {} : { port }),
    ...(restored === undefined
      ? {}
      : { objects: restored.objects, firstVersion: restored.version }),
  });
  const started = startFlux(server, {
    git: options.git,
    build: options.build,
    settings: { requeueDependencyMs: 5_000, ...options.settings },
    // the tree names the bot by a host that only a real cluster knows
    deliver: async (delivery) => {
      const address = receiverNow();
      return address === undefined ? 202 : clock.during(deliverByHttp({ ...delivery, address }));
    },
  });
  const operators = startOperators(started.world, secretValue === undefined ? {} : { secretValue });
  const stopMaking = makeWhatChartsWould(server);
  for (const object of restored === undefined ? seed(path, options.repositoryUrl) : []) {
    server.objects.put(object);
  }
  return { server, flux: started, operators, stopMaking };
};

/**
 * Starts clusters that behave as Flux does, loaded from a tree in Git; the tree itself is not known here.
 * @returns once their API servers listen; the tree comes up after that, as it does on a real cluster
 */
export const startSandbox = async (options: SandboxOptions) => {
  const clusters = new Map<string, SandboxCluster>();
  for (const one of options.clusters) {
    clusters.set(one.name, await startCluster(options, one));
  }
  return {
    clusters,
    /** The cluster of that name. */
    cluster: (name: string): SandboxCluster => {
      const found = clusters.get(name);
      if (found === undefined) {
        throw new Error(`the sandbox has no cluster ${name}`);
      }
      return found;
    },
    close: async (): Promise<void> => {
      for (const { server, flux: running, operators, stopMaking } of clusters.values()) {
        stopMaking();
        running.stop();
        operators.stop();
        await server.close();
      }
    },
  };
};

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;
