import type { KubeObject } from '#src/render/objects.ts';
import { cephClasses, chartOf } from '#test/platform/world/charts.ts';
import { defaultStorageClass, loadBalancerAddresses } from '#test/platform/world/need.ts';
import { selects } from '#test/platform/world/selector.ts';
import { listAt, textAt } from '#test/platform/world/value.ts';
import type { Versions } from '#test/platform/world/versions.ts';
import {
  appliedObjects,
  type Cluster,
  groupOf,
  key,
  keyOf,
  type Layer,
} from '#test/platform/world/world.ts';

/** What is there before Flux applies the first object. */
export const givenProvisions: Readonly<Record<string, string>> = {
  'object source.toolkit.fluxcd.io/GitRepository/flux-system/flux-system':
    'made by the FluxInstance, which bootstrap installs',
  'object /ServiceAccount/flux-system/kustomize-controller':
    'made by the FluxInstance, which bootstrap installs',
};

const object = (group: string, kind: string, namespace: string | undefined, name: string): string =>
  `object ${key(group, kind, namespace, name)}`;

const releaseProvisions = (release: KubeObject, cluster: Cluster): readonly string[] => [
  ...cephClasses(release).map((made) =>
    made.kind === 'StorageClass'
      ? object('storage.k8s.io', made.kind, undefined, made.name)
      : object('snapshot.storage.k8s.io', made.kind, undefined, made.name),
  ),
  ...(cephClasses(release).some(({ isDefault }) => isDefault) ? [defaultStorageClass] : []),
  ...(chartOf(cluster, release)?.address.endsWith('#ceph-csi-drivers') === true
    ? ['csi drivers']
    : []),
];

/** What the table of versions says that the pieces of a layer bring: charts are not rendered here. */
const declared = (layer: Layer, versions: Versions): readonly string[] =>
  Object.values(versions.components)
    .filter((component) => component.kustomization === layer.name)
    .flatMap(({ provides }) => [
      ...provides.groups.map((group) => `crds ${group}`),
      ...provides.objects.map(
        (made) => `object ${key(groupOf(made.apiVersion), made.kind, made.namespace, made.name)}`,
      ),
    ]);

/**
 * The admission webhook of a group, where the layer really waits for the Deployment that answers it:
 * a layer that is Ready before its webhook answers lets the next one be refused.
 */
const webhooks = (layer: Layer, versions: Versions): readonly string[] =>
  Object.values(versions.components)
    .filter((component) => component.kustomization === layer.name)
    .flatMap(({ provides: { groups, webhook } }) => {
      const isAwaited = listAt(layer.kustomization, 'spec', 'healthChecks').some(
        (check) => textAt(check, 'kind') === 'Deployment' && textAt(check, 'name') === webhook,
      );
      return isAwaited ? groups.map((group) => `webhook ${group}`) : [];
    });

const spreadSecrets = (item: KubeObject, cluster: Cluster): readonly string[] => {
  const name = textAt(item, 'spec', 'externalSecretSpec', 'target', 'name');
  const namespaces = appliedObjects(cluster).filter(
    (applied) => applied.object.kind === 'Namespace',
  );
  const selected = namespaces.filter((applied) =>
    listAt(item, 'spec', 'namespaceSelectors').some((selector) =>
      selects(selector, applied.object.metadata.labels ?? {}),
    ),
  );
  return name === undefined
    ? []
    : selected.map((applied) => object('', 'Secret', applied.object.metadata.name, name));
};

const madeBy = (item: KubeObject, cluster: Cluster): readonly string[] => {
  const { namespace, name } = item.metadata;
  switch (`${groupOf(item.apiVersion)}/${item.kind}`) {
    case 'helm.toolkit.fluxcd.io/HelmRelease':
      return releaseProvisions(item, cluster);
    case 'external-secrets.io/ExternalSecret':
      return [object('', 'Secret', namespace, textAt(item, 'spec', 'target', 'name') ?? name)];
    case 'external-secrets.io/ClusterExternalSecret':
      return spreadSecrets(item, cluster);
    case 'cert-manager.io/Certificate':
      return [object('', 'Secret', namespace, textAt(item, 'spec', 'secretName') ?? name)];
    case 'cilium.io/CiliumLoadBalancerIPPool':
      return [loadBalancerAddresses];
    case 'apiextensions.k8s.io/CustomResourceDefinition':
      return [`crds ${textAt(item, 'spec', 'group') ?? ''}`];
    default:
      return [];
  }
};

const provisionsOf = (layer: Layer, cluster: Cluster): readonly string[] => [
  ...layer.objects.map((item) => `object ${keyOf(item)}`),
  ...layer.objects.flatMap((item) => madeBy(item, cluster)),
  ...declared(layer, cluster.versions),
  ...webhooks(layer, cluster.versions),
];

/** Which layers provide each thing that can be needed. */
export const providersIn = (cluster: Cluster): ReadonlyMap<string, readonly string[]> => {
  const providers = new Map<string, string[]>();
  for (const layer of cluster.layers) {
    for (const id of new Set(provisionsOf(layer, cluster))) {
      providers.set(id, [...(providers.get(id) ?? []), layer.name]);
    }
  }
  return providers;
};
