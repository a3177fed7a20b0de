import type { KubeObject } from '#src/render/objects.ts';
import {
  defaultStorageClass,
  loadBalancerAddresses,
  type Need,
  object,
  type Reader,
  secretIn,
} from '#test/platform/world/need.ts';
import { at, dataAt, listAt, places, textAt } from '#test/platform/world/value.ts';

const storeNeed = (reference: unknown, namespace: string | undefined): readonly Need[] => {
  const kind = textAt(reference, 'kind') ?? 'SecretStore';
  return object(
    'external-secrets.io',
    kind,
    kind === 'ClusterSecretStore' ? undefined : namespace,
    textAt(reference, 'name'),
    'secretStoreRef',
  );
};

const issuerNeed: Reader = (item) => {
  const kind = textAt(item, 'spec', 'issuerRef', 'kind') ?? 'Issuer';
  return object(
    'cert-manager.io',
    kind,
    kind === 'ClusterIssuer' ? undefined : item.metadata.namespace,
    textAt(item, 'spec', 'issuerRef', 'name'),
    'spec.issuerRef',
  );
};

/** cert-manager looks for the Secrets of a ClusterIssuer in its own namespace. */
const clusterIssuerNeeds: Reader = (item) => [
  ...secretIn('cert-manager', textAt(item, 'spec', 'ca', 'secretName'), 'spec.ca.secretName'),
  ...listAt(item, 'spec', 'acme', 'solvers').flatMap((solver) =>
    [...places(at(solver, 'dns01'))].flatMap(({ path, value }) =>
      String(path.at(-1)).endsWith('SecretRef')
        ? secretIn('cert-manager', textAt(value, 'name'), 'spec.acme.solvers')
        : [],
    ),
  ),
];

const parentNeeds: Reader = (item) =>
  listAt(item, 'spec', 'parentRefs').flatMap((parent) =>
    object(
      'gateway.networking.k8s.io',
      textAt(parent, 'kind') ?? 'Gateway',
      textAt(parent, 'namespace') ?? item.metadata.namespace,
      textAt(parent, 'name'),
      'spec.parentRefs',
    ),
  );

const backendNeeds: Reader = (item) =>
  listAt(item, 'spec', 'rules').flatMap((rule) =>
    listAt(rule, 'backendRefs').flatMap((backend) =>
      object(
        '',
        textAt(backend, 'kind') ?? 'Service',
        textAt(backend, 'namespace') ?? item.metadata.namespace,
        textAt(backend, 'name'),
        // a route without its backend is not Ready (ResolvedRefs)
        'spec.rules.backendRefs',
      ),
    ),
  );

const gatewayNeeds: Reader = (item) => [
  ...object(
    'gateway.networking.k8s.io',
    'GatewayClass',
    undefined,
    textAt(item, 'spec', 'gatewayClassName'),
    'spec.gatewayClassName',
  ),
  { id: loadBalancerAddresses, by: 'a Gateway is a LoadBalancer Service', first: true },
  ...listAt(item, 'spec', 'listeners').flatMap((listener) =>
    listAt(listener, 'tls', 'certificateRefs').flatMap((reference) =>
      secretIn(
        textAt(reference, 'namespace') ?? item.metadata.namespace,
        textAt(reference, 'name'),
        'spec.listeners.tls.certificateRefs',
      ),
    ),
  ),
];

const classNeed = (claim: unknown): readonly Need[] => {
  const name = textAt(claim, 'spec', 'storageClassName');
  return name === undefined
    ? [{ id: defaultStorageClass, by: 'a claim without storageClassName', first: true }]
    : object('storage.k8s.io', 'StorageClass', undefined, name, 'spec.storageClassName');
};

const claimNeeds: Reader = (item) => [
  ...classNeed(item),
  ...object(
    textAt(item, 'spec', 'dataSource', 'apiGroup') ?? '',
    textAt(item, 'spec', 'dataSource', 'kind') ?? '',
    item.metadata.namespace,
    textAt(item, 'spec', 'dataSource', 'name'),
    'spec.dataSource',
  ),
];

const snapshotNeeds: Reader = (item) => [
  ...object(
    'snapshot.storage.k8s.io',
    'VolumeSnapshotClass',
    undefined,
    textAt(item, 'spec', 'volumeSnapshotClassName'),
    'spec.volumeSnapshotClassName',
  ),
  ...object(
    '',
    'PersistentVolumeClaim',
    item.metadata.namespace,
    textAt(item, 'spec', 'source', 'persistentVolumeClaimName'),
    'spec.source',
  ),
];

const podSpecOf = (item: KubeObject): unknown =>
  item.kind === 'CronJob'
    ? at(item, 'spec', 'jobTemplate', 'spec', 'template', 'spec')
    : at(item, 'spec', 'template', 'spec');

const podNeeds: Reader = (item) => {
  const { namespace } = item.metadata;
  const spec = podSpecOf(item);
  return [
    ...object(
      '',
      'ServiceAccount',
      namespace,
      textAt(spec, 'serviceAccountName'),
      'serviceAccountName',
    ),
    ...listAt(spec, 'volumes').flatMap((volume) => [
      ...object(
        '',
        'PersistentVolumeClaim',
        namespace,
        textAt(volume, 'persistentVolumeClaim', 'claimName'),
        'volumes',
      ),
      ...object('', 'ConfigMap', namespace, textAt(volume, 'configMap', 'name'), 'volumes'),
      ...secretIn(namespace, textAt(volume, 'secret', 'secretName'), 'volumes'),
    ]),
    ...[...places(spec)].flatMap(({ path, value }) =>
      path.at(-1) === 'secretKeyRef' || path.at(-1) === 'secretRef'
        ? secretIn(namespace, textAt(value, 'name'), 'containers')
        : [],
    ),
  ];
};

const peerNeeds: Reader = (item) =>
  listAt(item, 'spec', 'bgpInstances').flatMap((instance) =>
    listAt(instance, 'peers').flatMap((peer) =>
      object(
        'cilium.io',
        'CiliumBGPPeerConfig',
        undefined,
        textAt(peer, 'peerConfigRef', 'name'),
        'peerConfigRef',
      ),
    ),
  );

/** Roles that every Kubernetes has. */
const givenRoles = /^(?:cluster-admin|admin|edit|view|system:.+)$/;

const roleNeed = (item: KubeObject): readonly Need[] => {
  const kind = textAt(item, 'roleRef', 'kind') ?? '';
  const name = textAt(item, 'roleRef', 'name');
  return name === undefined || (kind === 'ClusterRole' && givenRoles.test(name))
    ? []
    : object(
        'rbac.authorization.k8s.io',
        kind,
        kind === 'Role' ? item.metadata.namespace : undefined,
        name,
        'roleRef',
      );
};

const bindingNeeds: Reader = (item) => [
  ...roleNeed(item),
  ...listAt(item, 'subjects').flatMap((subject) =>
    textAt(subject, 'kind') === 'ServiceAccount'
      ? object(
          '',
          'ServiceAccount',
          textAt(subject, 'namespace') ?? item.metadata.namespace,
          textAt(subject, 'name'),
          'subjects',
        )
      : [],
  ),
];

/** What every other kind needs. */
export const objectReaders: Readonly<Record<string, Reader>> = {
  'external-secrets.io/ExternalSecret': (item) =>
    storeNeed(at(item, 'spec', 'secretStoreRef'), item.metadata.namespace),
  'external-secrets.io/ClusterExternalSecret': (item) =>
    storeNeed(at(item, 'spec', 'externalSecretSpec', 'secretStoreRef'), undefined),
  'external-secrets.io/ClusterSecretStore': (item) => {
    const token = dataAt(
      item,
      'spec',
      'provider',
      'onepassword',
      'auth',
      'secretRef',
      'connectTokenSecretRef',
    );
    return [
      ...secretIn(textAt(token, 'namespace'), textAt(token, 'name'), 'connectTokenSecretRef'),
      ...(textAt(item, 'spec', 'provider', 'onepassword', 'connectHost') === undefined
        ? []
        : object('apps', 'Deployment', 'external-secrets', 'onepassword-connect', 'connectHost')),
    ];
  },
  'cert-manager.io/Certificate': issuerNeed,
  'cert-manager.io/ClusterIssuer': clusterIssuerNeeds,
  'gateway.networking.k8s.io/Gateway': gatewayNeeds,
  'gateway.networking.k8s.io/HTTPRoute': (item) => [...parentNeeds(item), ...backendNeeds(item)],
  '/PersistentVolumeClaim': claimNeeds,
  'snapshot.storage.k8s.io/VolumeSnapshot': snapshotNeeds,
  'apps/Deployment': podNeeds,
  'apps/DaemonSet': podNeeds,
  'apps/StatefulSet': (item) => [
    ...podNeeds(item),
    ...listAt(item, 'spec', 'volumeClaimTemplates').flatMap(classNeed),
  ],
  'batch/Job': podNeeds,
  'batch/CronJob': podNeeds,
  'cilium.io/CiliumBGPClusterConfig': peerNeeds,
  'cilium.io/CiliumBGPPeerConfig': (item) =>
    secretIn('kube-system', textAt(item, 'spec', 'authSecretRef'), 'spec.authSecretRef'),
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingNeeds,
  'rbac.authorization.k8s.io/RoleBinding': bindingNeeds,
};
