import { readYaml } from '#src/render/yaml.ts';
import {
  holds,
  isAddress,
  overlap,
  type Range,
  rangeOf,
  spanOf,
} from '#test/platform/world/address.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const ofKind = (cluster: Cluster, kind: string) =>
  objectsOf(cluster).filter((object) => object.kind === kind);

const releaseValues = (cluster: Cluster, name: string) =>
  dataAt(
    objectsOf(cluster).find((object) => isHelmRelease(object) && object.metadata.name === name),
    'spec',
    'values',
  );

const numberAt = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path));

interface Network {
  readonly name: string;
  readonly cidr: string;
  readonly range: Range | undefined;
}

const networksOf = (cluster: Cluster): readonly Network[] =>
  ['NODE_CIDR', 'POD_CIDR', 'SERVICE_CIDR', 'LB_POOL_CIDR'].map((setting) => {
    const cidr = cluster.settings[setting] ?? '';
    return { name: `${cluster.name} ${setting}`, cidr, range: rangeOf(cidr) };
  });

const disjoint: Rule = {
  name: 'networks-disjoint',
  summary: 'nodes, pods, services and pools of both clusters share no address',
  scope: 'both',
  check: (_, world) => {
    const networks = world.clusters.flatMap(networksOf);
    const broken = networks
      .filter((network) => network.range === undefined)
      .map((network) => ({ where: network.name, what: `"${network.cidr}" is not a network` }));
    const shared = networks.flatMap((network, index) =>
      networks
        .slice(index + 1)
        .filter((other) => network.range !== undefined && other.range !== undefined)
        .filter((other) =>
          overlap(network.range ?? { first: 1, last: 0 }, other.range ?? { first: 1, last: 0 }),
        )
        .map((other) => ({
          where: network.name,
          what: `${network.cidr} overlaps ${other.name} ${other.cidr}`,
        })),
    );
    return [...broken, ...shared];
  },
};

const clusterDns: Rule = {
  name: 'cluster-dns',
  summary: "CoreDNS has the .10 of its own cluster's services, and nobody hard-codes another's",
  failures: [9],
  scope: 'cluster',
  check: (cluster) => {
    const services = cluster.settings['SERVICE_CIDR'] ?? '';
    const range = rangeOf(services);
    const wanted = services.replace(/\.0\/\d+$/, '.10');
    const address = textAt(releaseValues(cluster, 'coredns'), 'service', 'clusterIP') ?? '';
    return [
      ...(address === wanted
        ? []
        : [
            {
              where: 'HelmRelease/kube-system/coredns',
              what: `clusterIP ${address} is not ${wanted}`,
            },
          ]),
      ...(holds(range, cluster.settings['CLUSTER_DNS_IP'] ?? '')
        ? []
        : [{ where: 'cluster-settings', what: `CLUSTER_DNS_IP is not in ${services}` }]),
      ...ofKind(cluster, 'Service')
        .filter((service) => isAddress(textAt(service, 'spec', 'clusterIP') ?? ''))
        .filter((service) => !holds(range, textAt(service, 'spec', 'clusterIP') ?? ''))
        .map((service) => ({
          where: titleOf(service),
          what: `its clusterIP is not in ${services}`,
        })),
    ];
  },
};

const identity: Rule = {
  name: 'cluster-identity',
  summary: 'cluster names and ids are unique and fit ClusterMesh, in the settings and in Cilium',
  scope: 'both',
  check: (_, world) => {
    const ids = world.clusters.map((cluster) => cluster.settings['CLUSTER_ID'] ?? '');
    return [
      ...(new Set(ids).size === ids.length
        ? []
        : [{ where: 'cluster-settings', what: `both clusters have the id ${ids[0] ?? ''}` }]),
      ...world.clusters.flatMap((cluster): readonly Finding[] => {
        const values = releaseValues(cluster, 'cilium');
        const id = numberAt(values, 'cluster', 'id');
        const where = `HelmRelease/kube-system/cilium (${cluster.name})`;
        return [
          ...(Number.isInteger(id) &&
          id >= 1 &&
          id <= 255 &&
          String(id) === cluster.settings['CLUSTER_ID']
            ? []
            : [
                { where, what: `cluster.id ${String(id)} is not the cluster's own, from 1 to 255` },
              ]),
          ...(textAt(values, 'cluster', 'name') === cluster.name &&
          /^[a-z0-9-]{1,32}$/.test(cluster.name)
            ? []
            : [{ where, what: "cluster.name is not the cluster's own" }]),
        ];
      }),
    ];
  },
};

const poolRanges = (cluster: Cluster): readonly Range[] =>
  ofKind(cluster, 'CiliumLoadBalancerIPPool').flatMap((pool) =>
    listAt(pool, 'spec', 'blocks').flatMap((block) => {
      const range =
        rangeOf(textAt(block, 'cidr') ?? '') ??
        spanOf(textAt(block, 'start') ?? '', textAt(block, 'stop') ?? '');
      return range === undefined ? [] : [range];
    }),
  );

interface Pinned {
  readonly where: string;
  readonly address: string;
}

/** Every load balancer address that an object or a chart's values pin. */
const pinnedAddresses = (cluster: Cluster): readonly Pinned[] =>
  objectsOf(cluster).flatMap((object) => {
    const inObject = [...places(object)].flatMap(({ path, value }) =>
      path.at(-1) === 'lbipam.cilium.io/ips' && typeof value === 'string'
        ? value.split(',').map((address) => ({ where: titleOf(object), address: address.trim() }))
        : [],
    );
    const text = textAt(object, 'data', 'values.yaml') ?? '';
    const inText = [...text.matchAll(/lbipam\.cilium\.io\/ips: (\S+)/g)].map((found) => ({
      where: titleOf(object),
      address: found[1] ?? '',
    }));
    return [...inObject, ...inText];
  });

const pools: Rule = {
  name: 'load-balancer-pools',
  summary: 'pools lie in their network; pinned addresses lie in a pool, each used once',
  scope: 'cluster',
  check: (cluster) => {
    const network = rangeOf(cluster.settings['LB_POOL_CIDR'] ?? '');
    const ranges = poolRanges(cluster);
    const outside = ranges.filter(
      (range) => network === undefined || range.first < network.first || range.last > network.last,
    );
    const pinned = pinnedAddresses(cluster);
    const repeated = pinned.filter(
      ({ address }, index) => pinned.findIndex((other) => other.address === address) !== index,
    );
    return [
      ...(ranges.length > 0 ? [] : [{ where: cluster.name, what: 'no pool has an address' }]),
      ...outside.map(() => ({
        where: 'CiliumLoadBalancerIPPool',
        what: 'a block leaves LB_POOL_CIDR',
      })),
      ...pinned
        .filter(({ address }) => !ranges.some((range) => holds(range, address)))
        .map(({ where, address }) => ({ where, what: `${address} is in no pool` })),
      ...repeated.map(({ where, address }) => ({ where, what: `${address} is pinned twice` })),
    ];
  },
};

/** The mesh values of a cluster: where it is reached, and where it looks for the other. */
const meshOf = (cluster: Cluster) => {
  const map = ofKind(cluster, 'ConfigMap').find(
    (object) => object.metadata.name === 'cilium-values-clustermesh',
  );
  const values = readYaml(textAt(map, 'data', 'values.yaml') ?? '');
  const mesh = at(values.ok ? values.value : undefined, 'clustermesh');
  return { mesh, issuer: textAt(mesh, 'apiserver', 'tls', 'auto', 'certManagerIssuerRef', 'name') };
};

const mesh: Rule = {
  name: 'mesh-reciprocal',
  summary: 'each cluster looks for the other where it can be reached, and both trust one shared CA',
  failures: [20],
  scope: 'both',
  check: (_, world) => {
    const [first, second] = world.clusters;
    const pairs = [
      [first, second],
      [second, first],
    ] as const;
    return pairs.flatMap(([cluster, other]): readonly Finding[] => {
      if (cluster === undefined || other === undefined) {
        return [];
      }
      const { mesh: own, issuer } = meshOf(cluster);
      const reached = textAt(
        meshOf(other).mesh,
        'apiserver',
        'service',
        'annotations',
        'lbipam.cilium.io/ips',
      );
      const looks = textAt(own, 'config', 'clusters', other.name, 'ips', 0);
      const ca = objectsOf(cluster).find(
        (object) => object.kind === 'ExternalSecret' && object.metadata.name === issuer,
      );
      const where = `${cluster.name} cilium-values-clustermesh`;
      return [
        ...(looks !== undefined && looks === reached
          ? []
          : [
              {
                where,
                what: `it looks for ${other.name} at ${looks ?? 'nowhere'}, which answers at ${reached ?? 'nothing'}`,
              },
            ]),
        ...(ca === undefined
          ? [
              {
                where,
                what: `its CA "${issuer ?? ''}" does not come from the vault both clusters share`,
              },
            ]
          : []),
      ];
    });
  },
};

export const networkRules: readonly Rule[] = [disjoint, clusterDns, identity, pools, mesh];
