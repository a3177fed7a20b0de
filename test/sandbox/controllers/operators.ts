import {
  type JsonRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import { customKind, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

type Row = readonly [group: string, version: string, kind: string, plural: string];

const namespaced: readonly Row[] = [
  ['cert-manager.io', 'v1', 'Certificate', 'certificates'],
  ['cert-manager.io', 'v1', 'Issuer', 'issuers'],
  ['external-secrets.io', 'v1', 'ExternalSecret', 'externalsecrets'],
  ['external-secrets.io', 'v1', 'SecretStore', 'secretstores'],
  ['gateway.networking.k8s.io', 'v1', 'Gateway', 'gateways'],
  ['gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'],
  ['gateway.networking.k8s.io', 'v1', 'GRPCRoute', 'grpcroutes'],
  ['gateway.networking.k8s.io', 'v1beta1', 'ReferenceGrant', 'referencegrants'],
  ['cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'],
  ['cilium.io', 'v2', 'CiliumEndpoint', 'ciliumendpoints'],
  ['postgresql.cnpg.io', 'v1', 'Cluster', 'clusters'],
  ['postgresql.cnpg.io', 'v1', 'ScheduledBackup', 'scheduledbackups'],
  ['postgresql.cnpg.io', 'v1', 'Backup', 'backups'],
  ['postgresql.cnpg.io', 'v1', 'Database', 'databases'],
  ['barmancloud.cnpg.io', 'v1', 'ObjectStore', 'objectstores'],
  ['ceph.rook.io', 'v1', 'CephCluster', 'cephclusters'],
  ['ceph.rook.io', 'v1', 'CephBlockPool', 'cephblockpools'],
  ['ceph.rook.io', 'v1', 'CephFilesystem', 'cephfilesystems'],
  ['ceph.rook.io', 'v1', 'CephObjectStore', 'cephobjectstores'],
  ['ceph.rook.io', 'v1', 'CephObjectStoreUser', 'cephobjectstoreusers'],
  ['snapshot.storage.k8s.io', 'v1', 'VolumeSnapshot', 'volumesnapshots'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors'],
  ['operator.victoriametrics.com', 'v1beta1', 'VMRule', 'vmrules'],
  ['operator.victoriametrics.com', 'v1beta1', 'VMServiceScrape', 'vmservicescrapes'],
  ['operator.victoriametrics.com', 'v1beta1', 'VMPodScrape', 'vmpodscrapes'],
  ['fluxcd.controlplane.io', 'v1', 'FluxInstance', 'fluxinstances'],
  ['fluxcd.controlplane.io', 'v1', 'ResourceSet', 'resourcesets'],
  ['fluxcd.controlplane.io', 'v1', 'ResourceSetInputProvider', 'resourcesetinputproviders'],
  ['fluxcd.controlplane.io', 'v1', 'FluxReport', 'fluxreports'],
  ['kyverno.io', 'v1', 'Policy', 'policies'],
  ['k8s.keycloak.org', 'v2alpha1', 'Keycloak', 'keycloaks'],
  ['velero.io', 'v1', 'Schedule', 'schedules'],
];

const clusterWide: readonly Row[] = [
  ['cert-manager.io', 'v1', 'ClusterIssuer', 'clusterissuers'],
  ['external-secrets.io', 'v1', 'ClusterSecretStore', 'clustersecretstores'],
  ['external-secrets.io', 'v1', 'ClusterExternalSecret', 'clusterexternalsecrets'],
  ['gateway.networking.k8s.io', 'v1', 'GatewayClass', 'gatewayclasses'],
  ['cilium.io', 'v2', 'CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies'],
  ['cilium.io', 'v2', 'CiliumLoadBalancerIPPool', 'ciliumloadbalancerippools'],
  ['cilium.io', 'v2', 'CiliumBGPClusterConfig', 'ciliumbgpclusterconfigs'],
  ['cilium.io', 'v2', 'CiliumBGPPeerConfig', 'ciliumbgppeerconfigs'],
  ['cilium.io', 'v2', 'CiliumBGPAdvertisement', 'ciliumbgpadvertisements'],
  ['cilium.io', 'v2', 'CiliumNode', 'ciliumnodes'],
  ['snapshot.storage.k8s.io', 'v1', 'VolumeSnapshotClass', 'volumesnapshotclasses'],
  ['kyverno.io', 'v1', 'ClusterPolicy', 'clusterpolicies'],
];

/** The kinds that the operators of a platform bring; served from the start, whatever installs them. */
export const operatorKinds: readonly ResourceKind[] = [
  ...namespaced.map((row) => customKind(...row)),
  ...clusterWide.map((row) => customKind(...row, { namespaced: false })),
];

const condition = (type: string, status: 'True' | 'False', reason: string, now: string) => ({
  type,
  status,
  reason,
  message: '',
  lastTransitionTime: now,
});

type StatusFor = (object: KubeObject, now: string) => JsonRecord;

const readyWith =
  (...types: readonly string[]): StatusFor =>
  (_, now) => ({ conditions: types.map((type) => condition(type, 'True', type, now)) });

const clear =
  (...types: readonly string[]): StatusFor =>
  (object, now) => ({
    conditions: types.map((type) => ({
      ...condition(type, 'False', 'NoProblem', now),
      observedGeneration: object.metadata.generation,
    })),
  });

const routed: StatusFor = (object, now) => ({
  parents: listAt(object, 'spec', 'parentRefs').map((parentRef) => ({
    parentRef,
    controllerName: 'io.cilium/gateway-controller',
    conditions: ['Accepted', 'ResolvedRefs'].map((type) => condition(type, 'True', type, now)),
  })),
});

const healthy: Readonly<Record<string, StatusFor>> = {
  GatewayClass: readyWith('Accepted'),
  Gateway: readyWith('Accepted', 'Programmed'),
  HTTPRoute: routed,
  GRPCRoute: routed,
  CiliumLoadBalancerIPPool: clear('cilium.io/PoolConflict'),
  CiliumBGPClusterConfig: clear(
    'cilium.io/NoMatchingNode',
    'cilium.io/MissingPeerConfigs',
    'cilium.io/ConflictingClusterConfig',
  ),
  CiliumBGPPeerConfig: clear('cilium.io/MissingAuthSecret'),
  CephCluster: (_, now) => ({
    phase: 'Ready',
    ceph: { health: 'HEALTH_OK' },
    conditions: [condition('Ready', 'True', 'ClusterCreated', now)],
  }),
  VolumeSnapshot: () => ({ readyToUse: true }),
  Cluster: (object) => ({
    phase: 'Cluster in healthy state',
    instances: recordAt(object, 'spec')['instances'] ?? 1,
    readyInstances: recordAt(object, 'spec')['instances'] ?? 1,
  }),
};

const phased: StatusFor = (object) => ({
  phase: 'Ready',
  observedGeneration: object.metadata.generation,
});

const phasedKinds = ['CephBlockPool', 'CephFilesystem', 'CephObjectStore'];
// only read by others: nobody writes a status to them
const silentKinds = [
  'PrometheusRule',
  'ServiceMonitor',
  'PodMonitor',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'ReferenceGrant',
  'FluxReport',
];

const statusFor = ({ kind }: ResourceKind): StatusFor | undefined => {
  if (silentKinds.includes(kind)) {
    return undefined;
  }
  return phasedKinds.includes(kind) ? phased : (healthy[kind] ?? readyWith('Ready'));
};

export interface Trouble {
  readonly reason: string;
  readonly message: string;
}

export interface OperatorOptions {
  /** How long everything takes to become healthy. */
  readonly afterMs?: number;
  /** What the vault holds for a key of a Secret. */
  readonly secretValue?: (namespace: string, secret: string, key: string) => string;
}

/**
 * Stands in for every operator: its objects become healthy after a while, or fail as told. An
 * ExternalSecret that is healthy has its Secret, a ClusterExternalSecret one in each namespace it selects.
 */
export const startOperators = (
  world: World,
  { afterMs = 2_000, secretValue = () => 'sandbox' }: OperatorOptions = {},
) => {
  const { server, clock } = world;
  const troubles = new Map<string, Trouble>();
  const stops: (() => void)[] = [];
  const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
    `${kind}/${namespace ?? ''}/${name}`;

  const makeSecret = (namespace: string, spec: JsonRecord, otherwise: string): void => {
    const target = textAt(spec, 'target', 'name') ?? otherwise;
    const secrets = world.kindNamed('', 'Secret');
    if (server.storage.read(secrets, namespace, target) !== undefined) {
      return;
    }
    const keys = listAt(spec, 'data').map((one) => textAt(one, 'secretKey') ?? 'value');
    const encode = (key: string): string =>
      Buffer.from(secretValue(namespace, target, key)).toString('base64');
    server.objects.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: target, namespace },
      data: Object.fromEntries(keys.map((key) => [key, encode(key)])),
    });
  };

  const namespaces = world.kindNamed('', 'Namespace');

  const makeSecrets = (object: KubeObject): void => {
    const selectors = listAt(object, 'spec', 'namespaceSelectors');
    const spec = recordAt(object, 'spec', 'externalSecretSpec');
    for (const namespace of server.storage.list(namespaces)) {
      const labels: JsonRecord = namespace.metadata.labels ?? {};
      const isMatch = selectors.some((selector) =>
        Object.entries(recordAt(selector, 'matchLabels')).every(
          ([key, value]) => labels[key] === value,
        ),
      );
      if (isMatch) {
        makeSecret(namespace.metadata.name, spec, object.metadata.name);
      }
    }
  };

  const deliver = (object: KubeObject): void => {
    if (object.kind === 'ExternalSecret') {
      makeSecret(object.metadata.namespace ?? '', recordAt(object, 'spec'), object.metadata.name);
    } else if (object.kind === 'ClusterExternalSecret') {
      makeSecrets(object);
    }
  };

  const settle = (kind: ResourceKind, object: KubeObject): void => {
    const { namespace, name } = object.metadata;
    const live = server.storage.read(kind, namespace, name);
    const make = statusFor(kind);
    if (live === undefined || make === undefined) {
      return;
    }
    const now = timestamp(clock.now());
    const trouble = troubles.get(keyOf(kind.kind, namespace, name));
    const failing = {
      conditions: [{ ...condition('Ready', 'False', '', now), ...trouble }],
    };
    if (trouble === undefined) {
      deliver(live);
    }
    server.storage.put(kind, {
      ...live,
      status: trouble === undefined ? make(live, now) : failing,
    });
  };

  for (const kind of operatorKinds) {
    const see = (object: KubeObject): void => {
      clock.after(afterMs, () => settle(kind, object));
    };
    stops.push(
      server.storage.subscribe(kind, {
        changed: ({ type, object, previous }) => {
          if (type !== 'DELETED' && object.metadata.generation !== previous?.metadata.generation) {
            see(object);
          }
        },
        ended: () => undefined,
      }),
    );
    server.storage.list(kind).forEach(see);
  }

  stops.push(
    server.storage.subscribe(namespaces, {
      changed: ({ type }) => {
        const wide = world.kindNamed('external-secrets.io', 'ClusterExternalSecret');
        if (type !== 'DELETED') {
          clock.after(afterMs, () => server.storage.list(wide).forEach(deliver));
        }
      },
      ended: () => undefined,
    }),
  );

  const named = (kind: string): ResourceKind => {
    const found = operatorKinds.find((one) => one.kind === kind);
    if (found === undefined) {
      throw new Error(`no operator looks after ${kind}`);
    }
    return found;
  };

  return {
    /** From now on the object is not ready, for this reason; undefined makes it well again. */
    setTrouble: (
      kind: string,
      namespace: string | undefined,
      name: string,
      trouble: Trouble | undefined,
    ): void => {
      const key = keyOf(kind, namespace, name);
      if (trouble === undefined) {
        troubles.delete(key);
      } else {
        troubles.set(key, trouble);
      }
      const live = server.storage.read(named(kind), namespace, name);
      if (live !== undefined) {
        settle(named(kind), live);
      }
    },
    stop: (): void => {
      for (const stop of stops) {
        stop();
      }
    },
  };
};
