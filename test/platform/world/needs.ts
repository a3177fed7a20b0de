import type { KubeObject } from '#src/render/objects.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, isData, listAt, places, textAt } from '#test/platform/world/value.ts';
import { groupOf, key } from '#test/platform/world/world.ts';

/** Something an object cannot do without: another object (by its key), the kinds of an API group, or addresses. */
export interface Need {
  /** `object <key>`, `crds <group>` or `load balancer addresses` */
  readonly id: string;
  /** the field or fact that asks for it */
  readonly by: string;
  /** it must be there before the object can be applied or become ready, so dependsOn must say so */
  readonly first: boolean;
}

export const loadBalancerAddresses = 'load balancer addresses';

const object = (
  group: string,
  kind: string,
  namespace: string | undefined,
  name: string | undefined,
  by: string,
  first = true,
): readonly Need[] =>
  name === undefined ? [] : [{ id: `object ${key(group, kind, namespace, name)}`, by, first }];

/** Groups that every Kubernetes serves. */
export const isBuiltIn = (group: string): boolean =>
  group === '' ||
  ['apps', 'batch', 'autoscaling', 'policy'].includes(group) ||
  (group.endsWith('.k8s.io') &&
    !['gateway.networking.k8s.io', 'snapshot.storage.k8s.io'].includes(group));

/** Groups that are there before anything is applied: bootstrap installs Flux, and Flux is what applies. */
export const isFlux = (group: string): boolean => group.endsWith('.toolkit.fluxcd.io');

const fluxGroups: Readonly<Record<string, string>> = {
  GitRepository: 'source.toolkit.fluxcd.io',
  OCIRepository: 'source.toolkit.fluxcd.io',
  HelmRepository: 'source.toolkit.fluxcd.io',
  Bucket: 'source.toolkit.fluxcd.io',
};

type Reader = (item: KubeObject) => readonly Need[];

const kustomizationNeeds: Reader = (item) => [
  ...object(
    fluxGroups[textAt(item, 'spec', 'sourceRef', 'kind') ?? ''] ?? '',
    textAt(item, 'spec', 'sourceRef', 'kind') ?? '',
    textAt(item, 'spec', 'sourceRef', 'namespace') ?? item.metadata.namespace,
    textAt(item, 'spec', 'sourceRef', 'name'),
    'spec.sourceRef',
  ),
  ...listAt(item, 'spec', 'dependsOn').flatMap((dependency) =>
    object(
      'kustomize.toolkit.fluxcd.io',
      'Kustomization',
      textAt(dependency, 'namespace') ?? item.metadata.namespace,
      textAt(dependency, 'name'),
      'spec.dependsOn',
    ),
  ),
  ...object(
    '',
    'ServiceAccount',
    item.metadata.namespace,
    textAt(item, 'spec', 'serviceAccountName'),
    'spec.serviceAccountName',
  ),
  ...listAt(item, 'spec', 'postBuild', 'substituteFrom').flatMap((source) =>
    object(
      '',
      textAt(source, 'kind') ?? '',
      item.metadata.namespace,
      at(source, 'optional') === true ? undefined : textAt(source, 'name'),
      'spec.postBuild.substituteFrom',
    ),
  ),
];

const monitorSwitch = /^(?:service|pod)monitor$|^monitor$/i;
const monitorFlag = /^(?:pod|service)MonitorEnabled$|^createPrometheusRules$/;

const wantsMonitoring = (values: unknown): boolean =>
  [...places(values)].some(({ path, value }) => {
    const name = String(path.at(-1) ?? '');
    const isOn = isData(value) && (value['enabled'] === true || value['create'] === true);
    return (monitorSwitch.test(name) && isOn) || (monitorFlag.test(name) && value === true);
  });

const wantsLoadBalancer = (values: unknown): boolean =>
  [...places(values)].some(
    ({ path, value }) => path.at(-1) === 'service' && at(value, 'type') === 'LoadBalancer',
  );

/** Secrets that values name: `secretKeyRef`, `existingSecret` and `credentialsName`. */
const secretsInValues = (item: KubeObject): readonly Need[] =>
  [...places(at(item, 'spec', 'values'))].flatMap(({ path, value }) => {
    const field = String(path.at(-1) ?? '');
    const name = field === 'secretKeyRef' ? textAt(value, 'name') : value;
    const isName =
      typeof name === 'string' &&
      ['secretKeyRef', 'existingSecret', 'credentialsName', 'pullSecret'].includes(field);
    return isName
      ? // Helm waits for pods; a Secret that comes late only delays them, one that never comes fails
        object('', 'Secret', item.metadata.namespace, name, `spec.values ${field}`, false)
      : [];
  });

const releaseNeeds: Reader = (item) => {
  const { namespace } = item.metadata;
  const values = at(item, 'spec', 'values');
  const reference = isData(at(item, 'spec', 'chartRef'))
    ? dataAt(item, 'spec', 'chartRef')
    : dataAt(item, 'spec', 'chart', 'spec', 'sourceRef');
  return [
    ...object(
      'source.toolkit.fluxcd.io',
      textAt(reference, 'kind') ?? '',
      textAt(reference, 'namespace') ?? namespace,
      textAt(reference, 'name'),
      'its chart',
    ),
    ...object(
      '',
      'ServiceAccount',
      namespace,
      textAt(item, 'spec', 'serviceAccountName'),
      'spec.serviceAccountName',
    ),
    ...listAt(item, 'spec', 'valuesFrom').flatMap((from) =>
      object(
        '',
        textAt(from, 'kind') ?? '',
        namespace,
        textAt(from, 'name'),
        'spec.valuesFrom',
        at(from, 'optional') !== true,
      ),
    ),
    ...listAt(item, 'spec', 'dependsOn').flatMap((dependency) =>
      object(
        'helm.toolkit.fluxcd.io',
        'HelmRelease',
        textAt(dependency, 'namespace') ?? namespace,
        textAt(dependency, 'name'),
        'spec.dependsOn',
      ),
    ),
    ...secretsInValues(item),
    ...(wantsMonitoring(values)
      ? [{ id: 'crds monitoring.coreos.com', by: 'a monitor in its values', first: true }]
      : []),
    ...(wantsLoadBalancer(values)
      ? [{ id: loadBalancerAddresses, by: 'a LoadBalancer Service in its values', first: true }]
      : []),
    ...listAt(values, 'sources').flatMap((source) =>
      typeof source === 'string' && source.startsWith('gateway-')
        ? [{ id: 'crds gateway.networking.k8s.io', by: 'spec.values.sources', first: true }]
        : [],
    ),
    ...cephProvisioners(values),
  ];
};

/** Ceph's StorageClasses work only when the drivers they name run. */
const cephProvisioners = (values: unknown): readonly Need[] =>
  listAt(values, 'cephBlockPools').length === 0
    ? []
    : [{ id: 'csi drivers', by: 'StorageClasses in its values', first: true }];

const secretIn = (
  namespace: string | undefined,
  name: string | undefined,
  by: string,
  first = true,
): readonly Need[] => object('', 'Secret', namespace, name, by, first);

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
        'spec.rules.backendRefs',
        false,
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

const claimNeeds: Reader = (item) => [
  ...object(
    'storage.k8s.io',
    'StorageClass',
    undefined,
    textAt(item, 'spec', 'storageClassName'),
    'spec.storageClassName',
  ),
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

const bindingNeeds: Reader = (item) =>
  listAt(item, 'subjects').flatMap((subject) =>
    textAt(subject, 'kind') === 'ServiceAccount'
      ? object(
          '',
          'ServiceAccount',
          textAt(subject, 'namespace') ?? item.metadata.namespace,
          textAt(subject, 'name'),
          'subjects',
        )
      : [],
  );

const readers: Readonly<Record<string, Reader>> = {
  'kustomize.toolkit.fluxcd.io/Kustomization': kustomizationNeeds,
  'helm.toolkit.fluxcd.io/HelmRelease': releaseNeeds,
  'source.toolkit.fluxcd.io/GitRepository': (item) =>
    secretIn(item.metadata.namespace, textAt(item, 'spec', 'secretRef', 'name'), 'spec.secretRef'),
  'source.toolkit.fluxcd.io/OCIRepository': (item) =>
    secretIn(item.metadata.namespace, textAt(item, 'spec', 'secretRef', 'name'), 'spec.secretRef'),
  // an event that cannot be signed yet is lost, but nothing waits for it
  'notification.toolkit.fluxcd.io/Provider': (item) =>
    secretIn(
      item.metadata.namespace,
      textAt(item, 'spec', 'secretRef', 'name'),
      'spec.secretRef',
      false,
    ),
  'notification.toolkit.fluxcd.io/Alert': (item) =>
    object(
      'notification.toolkit.fluxcd.io',
      'Provider',
      item.metadata.namespace,
      textAt(item, 'spec', 'providerRef', 'name'),
      'spec.providerRef',
    ),
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
  'apps/StatefulSet': podNeeds,
  'batch/Job': podNeeds,
  'batch/CronJob': podNeeds,
  'cilium.io/CiliumBGPClusterConfig': peerNeeds,
  'cilium.io/CiliumBGPPeerConfig': (item) =>
    secretIn('kube-system', textAt(item, 'spec', 'authSecretRef'), 'spec.authSecretRef'),
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingNeeds,
  'rbac.authorization.k8s.io/RoleBinding': bindingNeeds,
};

/** Values for a release that come from a ConfigMap may ask for more than the release itself. */
const valuesMapNeeds: Reader = (item) => {
  const text = textAt(item, 'data', 'values.yaml') ?? '';
  return [
    ...(/^\s+type: LoadBalancer$/m.test(text)
      ? [{ id: loadBalancerAddresses, by: 'a LoadBalancer Service in the values', first: true }]
      : []),
    ...(/gatewayAPI:\s+enabled: true/.test(text)
      ? [{ id: 'crds gateway.networking.k8s.io', by: 'gatewayAPI in the values', first: true }]
      : []),
    ...(/kind: ClusterIssuer/.test(text)
      ? object(
          'cert-manager.io',
          'ClusterIssuer',
          undefined,
          /kind: ClusterIssuer\s+name: (\S+)/.exec(text)?.[1],
          'the issuer in the values',
        )
      : []),
    ...(item.metadata.name.startsWith('cilium-values-')
      ? object(
          'helm.toolkit.fluxcd.io',
          'HelmRelease',
          'kube-system',
          'cilium',
          'it completes its values',
        )
      : []),
  ];
};

/** Namespaces that exist before Flux applies anything. */
const givenNamespaces: ReadonlySet<string> = new Set(['kube-system', 'flux-system', 'default']);

/** Everything that one object needs from others in its cluster. */
export const needsOf = (item: KubeObject): readonly Need[] => {
  const group = groupOf(item.apiVersion);
  const { namespace } = item.metadata;
  const read = readers[`${group}/${item.kind}`];
  return [
    ...(isBuiltIn(group) || isFlux(group)
      ? []
      : [{ id: `crds ${group}`, by: 'its kind', first: true }]),
    ...(namespace === undefined || givenNamespaces.has(namespace)
      ? []
      : object('', 'Namespace', undefined, namespace, 'metadata.namespace')),
    ...(read === undefined ? [] : read(item)),
    ...(isHelmRelease(item) || item.kind !== 'ConfigMap' ? [] : valuesMapNeeds(item)),
  ];
};
