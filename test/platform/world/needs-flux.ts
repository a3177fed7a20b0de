import type { KubeObject } from '#src/render/objects.ts';
import {
  loadBalancerAddresses,
  type Need,
  object,
  type Reader,
  secretIn,
} from '#test/platform/world/need.ts';
import { at, dataAt, isData, listAt, places, textAt } from '#test/platform/world/value.ts';

const fluxGroups: Readonly<Record<string, string>> = {
  GitRepository: 'source.toolkit.fluxcd.io',
  OCIRepository: 'source.toolkit.fluxcd.io',
  HelmRepository: 'source.toolkit.fluxcd.io',
  Bucket: 'source.toolkit.fluxcd.io',
};

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

/** What Flux's own kinds need. */
export const fluxReaders: Readonly<Record<string, Reader>> = {
  '/ConfigMap': valuesMapNeeds,
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
};
