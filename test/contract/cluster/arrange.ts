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
  until,
} from '#test/contract/cluster/world.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';
import { type JsonRecord, listAt } from '#test/sandbox/api/json.ts';

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
      eventSources: ['Kustomization', 'GitRepository', 'HelmRelease', 'HelmChart'].map((kind) => ({
        kind,
        name: '*',
      })),
      providerRef: { name: 'chatops' },
    },
  });
};

const finalised = [
  'kustomize.toolkit.fluxcd.io/v1/namespaces/NS/kustomizations',
  'helm.toolkit.fluxcd.io/v2/namespaces/NS/helmreleases',
];

const isEmptied = async ({ client, namespace }: ContractCluster): Promise<boolean> => {
  const lists = await Promise.all(
    finalised.map((path) => client.get(`/apis/${path.replace('NS', namespace)}`)),
  );
  return lists.every(({ body }) => listAt(body, 'items').length === 0);
};

/** Removes the namespace of a run and all in it; gives what is left, as a person has to know it. */
const remove = async (cluster: ContractCluster): Promise<readonly string[]> => {
  const { client, namespace, name } = cluster;
  try {
    // these first: Flux takes its finalizers away while it can still write to the namespace
    for (const path of finalised) {
      await client.delete(`/apis/${path.replace('NS', namespace)}`);
    }
    await until(
      `${namespace} is emptied`,
      async () => ((await isEmptied(cluster)) ? true : undefined),
      60_000,
    );
    await client.delete(`${namespaces}/${namespace}`);
    await until(
      `${namespace} is gone`,
      async () => {
        const { code } = await client.get(`${namespaces}/${namespace}`);
        return code === 404 ? true : undefined;
      },
      60_000,
    );
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`namespace ${namespace} on ${name}: ${why}`];
  }
};

export interface ArrangeOptions {
  /** Address at which the clusters reach this machine. */
  readonly host: string;
  /** The clusters, by name. */
  readonly clients: ReadonlyMap<string, PlainClient>;
}

export interface Arranged {
  readonly world: ContractWorld;
  /** Removes what was made on the clusters, and stops the servers; gives what could not be removed. */
  clear(): Promise<readonly string[]>;
}

/** Sets the stage for the cases; or says which tool is missing. */
export const arrange = async (options: ArrangeOptions): Promise<Result<Arranged, string>> => {
  const git = await startGitServer(options.host);
  if (!git.ok) {
    return fail(git.failure);
  }
  const receiver = await startReceiver(options.host);
  const suffix = randomBytes(3).toString('hex');
  const clusters = [...options.clients].map(
    ([name, client]): ContractCluster => ({
      name,
      client,
      namespace: `flux-chatops-contract-${suffix}`,
      key: `contract-only-${name}-${suffix}`,
    }),
  );
  const clear = async (): Promise<readonly string[]> => {
    const left = await Promise.all(clusters.map(remove));
    await receiver.close();
    await git.value.close();
    return left.flat();
  };
  try {
    for (const cluster of clusters) {
      await furnish(cluster, receiver.address(cluster.name));
    }
  } catch (error) {
    const left = (await clear()).map((one) => `\nleft  ${one}; remove it by hand`);
    throw new Error(`${error instanceof Error ? error.message : String(error)}${left.join('')}`, {
      cause: error,
    });
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

/**
 * Runs one case on every cluster at once; rejects with what was wrong, and where. A cluster that fails does
 * not leave the other one behind in the middle of the case, to go on beneath the next one.
 */
export const runCase = async (world: ContractWorld, one: Case): Promise<void> => {
  const outcomes = await Promise.allSettled(
    world.clusters.map((cluster) => runOn(world, cluster, one)),
  );
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (reasons.length > 0) {
    throw new Error(reasons.map(({ message }) => message).join('\n      '), { cause: reasons });
  }
};
