import type { KubeObject } from '#src/render/objects.ts';
import { at, dataAt, isData, listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Cluster, groupOf } from '#test/platform/world/world.ts';

export interface Chart {
  readonly address: string;
  readonly version: string | undefined;
  readonly source: KubeObject;
}

const findSource = (
  cluster: Cluster,
  kind: string,
  namespace: string | undefined,
  name: string | undefined,
): KubeObject | undefined =>
  appliedObjects(cluster).find(
    ({ object }) =>
      object.kind === kind &&
      groupOf(object.apiVersion) === 'source.toolkit.fluxcd.io' &&
      object.metadata.namespace === namespace &&
      object.metadata.name === name,
  )?.object;

/** The chart of a HelmRelease, when its source can be found beside it. */
export const chartOf = (cluster: Cluster, release: KubeObject): Chart | undefined => {
  const { namespace } = release.metadata;
  const reference = at(release, 'spec', 'chartRef');
  if (isData(reference)) {
    const name = textAt(reference, 'name');
    const source = findSource(
      cluster,
      textAt(reference, 'kind') ?? '',
      textAt(reference, 'namespace') ?? namespace,
      name,
    );
    return source === undefined
      ? undefined
      : {
          address: textAt(source, 'spec', 'url') ?? '',
          version: textAt(source, 'spec', 'ref', 'tag') ?? textAt(source, 'spec', 'ref', 'semver'),
          source,
        };
  }
  const spec = dataAt(release, 'spec', 'chart', 'spec');
  const source = findSource(
    cluster,
    textAt(spec, 'sourceRef', 'kind') ?? '',
    textAt(spec, 'sourceRef', 'namespace') ?? namespace,
    textAt(spec, 'sourceRef', 'name'),
  );
  return source === undefined
    ? undefined
    : {
        address: `${textAt(source, 'spec', 'url') ?? ''}#${textAt(spec, 'chart') ?? ''}`,
        version: textAt(spec, 'version'),
        source,
      };
};

export const isHelmRelease = (object: KubeObject): boolean =>
  object.kind === 'HelmRelease' && groupOf(object.apiVersion) === 'helm.toolkit.fluxcd.io';

/** The objects of Rook that the chart of a Ceph cluster copies out of its values, spec by spec. */
export const cephObjects = (release: KubeObject): readonly KubeObject[] => {
  const values = dataAt(release, 'spec', 'values');
  const made = (kind: string, name: string, spec: unknown): KubeObject => ({
    apiVersion: 'ceph.rook.io/v1',
    kind,
    metadata: { name, namespace: release.metadata.namespace ?? '' },
    spec,
  });
  const listed = (field: string, kind: string): readonly KubeObject[] =>
    listAt(values, field).map((item) => made(kind, textAt(item, 'name') ?? '', at(item, 'spec')));
  const image = dataAt(values, 'cephImage');
  const cluster = {
    cephVersion: { image: `${textAt(image, 'repository') ?? ''}:${textAt(image, 'tag') ?? ''}` },
    monitoring: { enabled: at(values, 'monitoring', 'enabled') === true },
    ...dataAt(values, 'cephClusterSpec'),
  };
  return isHelmRelease(release) && isData(at(values, 'cephClusterSpec'))
    ? [
        made('CephCluster', textAt(values, 'clusterName') ?? release.metadata.name, cluster),
        ...listed('cephBlockPools', 'CephBlockPool'),
        ...listed('cephFileSystems', 'CephFilesystem'),
        ...listed('cephObjectStores', 'CephObjectStore'),
      ]
    : [];
};

/** StorageClasses and VolumeSnapshotClasses that the chart of a Ceph cluster makes from its values. */
export const cephClasses = (
  release: KubeObject,
): readonly { readonly kind: string; readonly name: string; readonly isDefault: boolean }[] => {
  const values = dataAt(release, 'spec', 'values');
  const pools = [...listAt(values, 'cephBlockPools'), ...listAt(values, 'cephFileSystems')];
  const storage = pools.flatMap((pool) => {
    const name = textAt(pool, 'storageClass', 'name');
    const isMade = at(pool, 'storageClass', 'enabled') === true;
    const isDefault = at(pool, 'storageClass', 'isDefault') === true;
    return name === undefined || !isMade ? [] : [{ kind: 'StorageClass', name, isDefault }];
  });
  const snapshots = ['cephBlockPoolsVolumeSnapshotClass', 'cephFileSystemVolumeSnapshotClass'];
  const snapshotClasses = snapshots.flatMap((field) => {
    const name = textAt(values, field, 'name');
    return name === undefined || at(values, field, 'enabled') !== true
      ? []
      : [{ kind: 'VolumeSnapshotClass', name, isDefault: false }];
  });
  return [...storage, ...snapshotClasses];
};
