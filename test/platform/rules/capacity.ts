import { readYaml } from '#src/render/yaml.ts';
import { cephObjects, isHelmRelease } from '#test/platform/world/charts.ts';
import { podsOf } from '#test/platform/world/pods.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, dataAt, listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
  type World,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

/** Machines that take pods of anybody: control planes have a taint. */
const workersOf = (cluster: Cluster, world: World): number => {
  const read = readYaml(world.files.get('talos/clusters.yaml') ?? '');
  return listAt(read.ok ? read.value : undefined, 'clusters', cluster.name, 'nodes').filter(
    (node) => textAt(node, 'role') === 'worker',
  ).length;
};

interface Wanted {
  readonly where: string;
  readonly what: string;
  readonly nodes: number;
}

const daemons = (spec: unknown, where: string): readonly Wanted[] =>
  ['mon', 'mgr']
    .filter((daemon) => at(spec, daemon, 'allowMultiplePerNode') !== true)
    .map((daemon) => ({
      where,
      what: `${daemon}.count`,
      nodes: Number(at(spec, daemon, 'count') ?? 0),
    }));

/** Copies that Ceph must lay on different hosts. */
const copies = (spec: unknown, where: string): readonly Wanted[] =>
  [...places(spec)].flatMap(({ path, value }) =>
    path.at(-1) === 'replicated'
      ? [{ where, what: 'replicated.size', nodes: Number(at(value, 'size') ?? 0) }]
      : [],
  );

/** Replicas of a chart that may not share a node. */
const apart = (values: unknown, where: string): readonly Wanted[] =>
  [...places(values)].flatMap(({ value }) =>
    listAt(
      value,
      'affinity',
      'podAntiAffinity',
      'requiredDuringSchedulingIgnoredDuringExecution',
    ).some((term) => textAt(term, 'topologyKey') === 'kubernetes.io/hostname')
      ? [
          {
            where,
            what: 'replicas apart from each other',
            nodes: Number(at(value, 'replicas') ?? at(value, 'replicaCount') ?? 1),
          },
        ]
      : [],
  );

const room: Rule = {
  name: 'fits-nodes',
  summary: 'what may not share a node has enough of them: monitors (odd), copies, replicas apart',
  scope: 'cluster',
  check: (cluster, world) => {
    const workers = workersOf(cluster, world);
    const releases = objectsOf(cluster).filter(isHelmRelease);
    const ceph = releases.flatMap(cephObjects);
    const clusters = ceph.filter(({ kind }) => kind === 'CephCluster');
    const wanted = [
      ...clusters.flatMap((object) => daemons(object['spec'], titleOf(object))),
      ...ceph.flatMap((object) => copies(object['spec'], titleOf(object))),
      ...releases.flatMap((release) => apart(at(release, 'spec', 'values'), titleOf(release))),
    ];
    return [
      ...(workers > 0 ? [] : [{ where: cluster.name, what: 'talos/clusters.yaml has no worker' }]),
      ...wanted
        .filter(({ nodes }) => nodes > workers)
        .map(({ where, what, nodes }) => ({
          where,
          what: `${what} wants ${nodes} nodes, ${workers} take pods`,
        })),
      ...clusters
        .filter((object) => Number(at(object['spec'], 'mon', 'count')) % 2 === 0)
        .map((object) => ({
          where: titleOf(object),
          what: 'an even count of monitors survives no more lost nodes than one fewer',
        })),
    ];
  },
};

const disks: Rule = {
  name: 'ceph-disks',
  summary: 'Ceph is given disks by a name that they keep, and never all that it finds',
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter(isHelmRelease)
      .flatMap(cephObjects)
      .filter(({ kind }) => kind === 'CephCluster')
      .flatMap((object): readonly Finding[] => {
        const storage = dataAt(object['spec'], 'storage');
        const where = titleOf(object);
        return [
          ...(storage['useAllDevices'] === true
            ? [{ where, what: 'it takes every empty disk that it finds' }]
            : []),
          ...(/^\^?\/dev\/disk\/by-(?:id|path)\//.test(textAt(storage, 'devicePathFilter') ?? '')
            ? []
            : [
                {
                  where,
                  what: 'its disks are named as the kernel numbers them, which changes at a boot; devicePathFilter names them by id',
                },
              ]),
        ];
      }),
};

/** Budgets in values that let no pod go: a node with such a pod can never be drained. */
const stuckInValues = (values: unknown): readonly string[] =>
  [...places(values)].flatMap(({ path, value }) => {
    const budget = dataAt(value, 'podDisruptionBudget');
    const least = Number(budget['minAvailable'] ?? 1);
    const replicas = Number(at(value, 'replicaCount') ?? 1);
    return budget['enabled'] === true && replicas <= least
      ? [`${[...path, 'podDisruptionBudget'].join('.')} keeps ${least} of ${replicas}`]
      : [];
  });

const budgets: Rule = {
  name: 'disruption-budgets',
  summary: 'each budget is for pods that are made, and lets one of them go when a node is drained',
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster).flatMap((object): readonly Finding[] => {
      const where = titleOf(object);
      if (isHelmRelease(object)) {
        return stuckInValues(at(object, 'spec', 'values')).map((what) => ({ where, what }));
      }
      if (object.kind !== 'PodDisruptionBudget') {
        return [];
      }
      const pods = podsOf(cluster).filter(
        ({ namespace, labels }) =>
          namespace === object.metadata.namespace &&
          selects(at(object, 'spec', 'selector'), labels),
      );
      const replicas = pods.reduce((sum, one) => sum + one.replicas, 0);
      const kept = Number(at(object, 'spec', 'minAvailable') ?? 0);
      const isStuck = at(object, 'spec', 'maxUnavailable') === 0 || kept >= replicas;
      return [
        ...(pods.length > 0 ? [] : [{ where, what: 'it is for no pod' }]),
        ...(pods.length > 0 && isStuck
          ? [{ where, what: `it lets none of ${replicas} go: no node with one is ever drained` }]
          : []),
      ];
    }),
};

export const capacityRules: readonly Rule[] = [room, disks, budgets];
