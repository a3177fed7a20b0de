import {
  appliedObjects,
  type Finding,
  keyOf,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const unique: Rule = {
  name: 'unique-objects',
  summary: 'one object comes from one Kustomization only',
  failures: [6],
  scope: 'cluster',
  check: (cluster) => {
    const owners = new Map<string, string>();
    return appliedObjects(cluster).flatMap(({ layer, object }): readonly Finding[] => {
      const owner = owners.get(keyOf(object));
      owners.set(keyOf(object), layer.name);
      return owner === undefined
        ? []
        : [{ where: titleOf(object), what: `both ks/${owner} and ks/${layer.name} apply it` }];
    });
  },
};

/** Kinds without a namespace; every other kind needs one. */
const clusterWide: ReadonlySet<string> = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'StorageClass',
  'PriorityClass',
  'PersistentVolume',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'GatewayClass',
  'VolumeSnapshotClass',
  'ClusterIssuer',
  'ClusterSecretStore',
  'ClusterExternalSecret',
  'ClusterImageCatalog',
  'CiliumBGPClusterConfig',
  'CiliumBGPPeerConfig',
  'CiliumBGPAdvertisement',
  'CiliumBGPNodeConfigOverride',
  'CiliumLoadBalancerIPPool',
  'CiliumClusterwideNetworkPolicy',
  'CiliumCIDRGroup',
]);

const placed: Rule = {
  name: 'namespaces-given',
  summary: 'namespaced objects say their namespace, cluster-wide ones do not',
  failures: [6],
  scope: 'cluster',
  check: (cluster) =>
    appliedObjects(cluster).flatMap(({ object }): readonly Finding[] => {
      const isClusterWide = clusterWide.has(object.kind);
      if (isClusterWide !== (object.metadata.namespace !== undefined)) {
        return [];
      }
      const what = isClusterWide ? 'its kind takes no namespace' : 'it has no namespace';
      return [{ where: titleOf(object), what }];
    }),
};

export const identityRules: readonly Rule[] = [unique, placed];
