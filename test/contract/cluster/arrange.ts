import { randomBytes } from 'node:crypto';
import { fail, ok, type Result } from '#src/result.ts';
import type { Case } from '#test/contract/cluster/api-cases.ts';
import { startGitServer } from '#test/contract/cluster/git-server.ts';
import { startReceiver } from '#test/contract/cluster/receiver.ts';
import {
  apiVersionOf,
  type ContractCluster,
  type ContractWorld,
  must,
  pathOf,
} from '#test/contract/cluster/world.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';
import type { JsonRecord } from '#test/sandbox/api/json.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';

const namespaces = '/api/v1/namespaces';

const create = async (
  cluster: ContractCluster,
  kind: string,
  name: string,
  rest: JsonRecord,
): Promise<void> => {
  const { namespace, client } = cluster;
  const reply = await client.post(pathOf(cluster, kind), {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name, namespace },
    ...rest,
  });
  must(reply.code === 201, `${kind} ${name} is made on ${cluster.name}`, reply);
};

/** The namespace of a run, with the Provider and Alert that tell the receiver of it. */
const furnish = async (cluster: ContractCluster, address: string): Promise<void> => {
  const { namespace, client, key, name } = cluster;
  const reply = await client.post(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  must(reply.code === 201, `namespace ${namespace} is made on ${name}`, reply);
  await create(cluster, 'Secret', 'chatops', {
    data: { token: Buffer.from(key).toString('base64') },
  });
  await create(cluster, 'Provider', 'chatops', {
    spec: { type: 'generic-hmac', address, secretRef: { name: 'chatops' } },
  });
  await create(cluster, 'Alert', 'chatops', {
    spec: {
      eventMetadata: { cluster: name },
      eventSeverity: 'info',
      eventSources: ['Kustomization', 'GitRepository'].map((kind) => ({ kind, name: '*' })),
      providerRef: { name: 'chatops' },
    },
  });
};

export interface ArrangeOptions {
  /** Address at which the clusters reach this machine. */
  readonly host: string;
  /** The clusters, by name; they are made last, because a sandbox reads the Git server. */
  readonly connect: (git: GitHost) => Promise<ReadonlyMap<string, PlainClient>>;
}

export interface Arranged {
  readonly world: ContractWorld;
  /** Removes what was made on the clusters, and stops the servers. */
  clear(): Promise<void>;
}

/** Sets the stage for the cases; or says which tool is missing. */
export const arrange = async (options: ArrangeOptions): Promise<Result<Arranged, string>> => {
  const git = await startGitServer(options.host);
  if (!git.ok) {
    return fail(git.failure);
  }
  const receiver = await startReceiver(options.host);
  const clients = await options.connect(git.value.host);
  const suffix = randomBytes(3).toString('hex');
  const clusters = [...clients].map(
    ([name, client]): ContractCluster => ({
      name,
      client,
      namespace: `flux-chatops-contract-${suffix}`,
      key: `contract-only-${name}-${suffix}`,
    }),
  );
  const clear = async (): Promise<void> => {
    for (const { client, namespace } of clusters) {
      // Kustomizations first: Flux must still be able to take its finalizers away
      const base = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${namespace}/kustomizations`;
      await client.delete(base).catch(() => undefined);
      await client.delete(`${namespaces}/${namespace}`).catch(() => undefined);
    }
    await receiver.close();
    await git.value.close();
  };
  try {
    for (const cluster of clusters) {
      await furnish(cluster, receiver.address(cluster.name));
    }
  } catch (error) {
    await clear();
    throw error;
  }
  return ok({ world: { clusters, git: git.value, receiver }, clear });
};

const runOn = async (world: ContractWorld, cluster: ContractCluster, one: Case): Promise<void> => {
  try {
    await one.run(world, cluster);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`on ${cluster.name}: ${why}`, { cause: error });
  }
};

/** Runs one case on every cluster at once; rejects with what was wrong, and where. */
export const runCase = async (world: ContractWorld, one: Case): Promise<void> => {
  await Promise.all(world.clusters.map((cluster) => runOn(world, cluster, one)));
};
