import { randomBytes } from 'node:crypto';
import type { ContractGit } from '#test/contract/cluster/git-server.ts';
import type { Received, Receiver } from '#test/contract/cluster/receiver.ts';
import type { PlainClient, Reply } from '#test/sandbox/api/client.ts';
import { at, isRecord, type JsonRecord, listAt, textAt } from '#test/sandbox/api/json.ts';

export interface ContractCluster {
  readonly name: string;
  readonly client: PlainClient;
  /** Made for this run, and removed after it. */
  readonly namespace: string;
  /** Key of its webhooks. */
  readonly key: string;
}

/** What every case works with: two clusters, sandbox or real, a Git server and a receiver. */
export interface ContractWorld {
  readonly clusters: readonly ContractCluster[];
  readonly git: ContractGit;
  readonly receiver: Receiver;
}

const groups: Readonly<Record<string, string>> = {
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1/namespaces/NS/kustomizations',
  GitRepository: 'source.toolkit.fluxcd.io/v1/namespaces/NS/gitrepositories',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2/namespaces/NS/helmreleases',
  HelmChart: 'source.toolkit.fluxcd.io/v1/namespaces/NS/helmcharts',
  Alert: 'notification.toolkit.fluxcd.io/v1beta3/namespaces/NS/alerts',
  Provider: 'notification.toolkit.fluxcd.io/v1beta3/namespaces/NS/providers',
  Event: 'events.k8s.io/v1/namespaces/NS/events',
  Role: 'rbac.authorization.k8s.io/v1/namespaces/NS/roles',
  RoleBinding: 'rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings',
};

/** The path of a kind's objects in the namespace of this run, or of one of them. */
export const pathOf = (cluster: ContractCluster, kind: string, name = ''): string => {
  const core: Readonly<Record<string, string>> = { ConfigMap: 'configmaps', Secret: 'secrets' };
  const plural = core[kind];
  const base =
    plural === undefined
      ? `/apis/${(groups[kind] ?? '').replace('NS', cluster.namespace)}`
      : `/api/v1/namespaces/${cluster.namespace}/${plural}`;
  return name === '' ? base : `${base}/${name}`;
};

export const apiVersionOf = (kind: string): string =>
  (groups[kind] ?? 'v1').split('/namespaces/')[0] ?? 'v1';

/** Fails the case when a condition does not hold, with what was seen. */
export const must = (isSo: boolean, what: string, seen?: unknown): void => {
  if (!isSo) {
    throw new Error(
      seen === undefined ? what : `${what}; seen: ${JSON.stringify(seen).slice(0, 600)}`,
    );
  }
};

/** Asks again and again until there is an answer. */
export const until = async <Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs = 60_000,
): Promise<Value> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) {
      return found;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
};

export const conditionIn = (object: JsonRecord, type: string): JsonRecord | undefined =>
  listAt(object, 'status', 'conditions')
    .filter(isRecord)
    .find((condition) => condition['type'] === type);

/** Makes an object in the namespace of this run. */
export const make = async (
  cluster: ContractCluster,
  kind: string,
  name: string,
  rest: JsonRecord,
): Promise<JsonRecord> => {
  const reply = await cluster.client.post(pathOf(cluster, kind), {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name, namespace: cluster.namespace },
    ...rest,
  });
  must(reply.code === 201, `${kind} ${name} is made`, reply);
  return reply.body;
};

/** Waits until an object is as wanted, and gives it. */
export const when = (
  cluster: ContractCluster,
  kind: string,
  name: string,
  what: string,
  wanted: (object: JsonRecord) => boolean,
  timeoutMs?: number,
): Promise<JsonRecord> =>
  until(
    `${kind} ${name} ${what}`,
    async () => {
      const { code, body } = await cluster.client.get(pathOf(cluster, kind, name));
      return code === 200 && wanted(body) ? body : undefined;
    },
    timeoutMs,
  );

export const isReadyAt =
  (world: ContractWorld, sha: string) =>
  (object: JsonRecord): boolean =>
    conditionIn(object, 'Ready')?.['status'] === 'True' &&
    conditionIn(object, 'Reconciling') === undefined &&
    world.git.isAtOrAfter(textAt(object, 'status', 'lastAppliedRevision') ?? '', sha);

export const isFailing =
  (reason: string) =>
  (object: JsonRecord): boolean =>
    conditionIn(object, 'Ready')?.['status'] === 'False' &&
    conditionIn(object, 'Ready')?.['reason'] === reason;

/**
 * Asks for a reconcile, as the bot does, and gives the token.
 * @param also - `forceAt` or `resetAt`, which a HelmRelease heeds when their token is the same
 */
export const request = async (
  cluster: ContractCluster,
  kind: string,
  name: string,
  also: readonly string[] = [],
): Promise<string> => {
  const token = `contract/${randomBytes(6).toString('hex')}`;
  const asked = ['requestedAt', ...also].map((one) => [`reconcile.fluxcd.io/${one}`, token]);
  const reply = await patch(cluster, kind, name, {
    metadata: { annotations: Object.fromEntries(asked) },
  });
  must(reply.code === 200, 'a request is taken', reply);
  return token;
};

export const patch = (
  cluster: ContractCluster,
  kind: string,
  name: string,
  body: JsonRecord,
  manager = 'flux-chatops',
): Promise<Reply> =>
  cluster.client.patch(`${pathOf(cluster, kind, name)}?fieldManager=${manager}`, 'merge', body);

export const isHandled =
  (token: string) =>
  (object: JsonRecord): boolean =>
    textAt(object, 'status', 'lastHandledReconcileAt') === token;

/** What arrived about an object, in order. */
export const eventsAbout = (
  world: ContractWorld,
  cluster: ContractCluster,
  kind: string,
  name: string,
): readonly Received[] =>
  world.receiver.received.filter(
    ({ cluster: from, event }) =>
      from === cluster.name &&
      at(event, 'involvedObject', 'kind') === kind &&
      at(event, 'involvedObject', 'name') === name &&
      at(event, 'involvedObject', 'namespace') === cluster.namespace,
  );

export const heard = (
  world: ContractWorld,
  cluster: ContractCluster,
  kind: string,
  name: string,
  reason: string,
  timeoutMs?: number,
): Promise<Received> =>
  until(
    `${reason} about ${kind} ${name} arrives`,
    () => eventsAbout(world, cluster, kind, name).find(({ event }) => event['reason'] === reason),
    timeoutMs,
  );
