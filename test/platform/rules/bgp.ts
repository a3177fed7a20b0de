import { holds, rangeOf } from '#test/platform/world/address.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Cluster, type Rule, type World } from '#test/platform/world/world.ts';

const ofKind = (cluster: Cluster, kind: string) =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => object.kind === kind);

const numberAt = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path));

const peersOf = (cluster: Cluster) =>
  ofKind(cluster, 'CiliumBGPClusterConfig').flatMap((config) =>
    listAt(config, 'spec', 'bgpInstances').flatMap((instance) =>
      listAt(instance, 'peers').map((peer) => ({
        localAsn: numberAt(instance, 'localASN'),
        peerAsn: numberAt(peer, 'peerASN'),
        address: textAt(peer, 'peerAddress') ?? '',
      })),
    ),
  );

const addresses: Rule = {
  name: 'bgp-addresses',
  summary: 'a peer is an address without a mask, on the node network of its cluster',
  failures: [14],
  scope: 'cluster',
  check: (cluster) =>
    peersOf(cluster)
      .filter(({ address }) => !holds(rangeOf(cluster.settings['NODE_CIDR'] ?? ''), address))
      .map(({ address }) => ({
        where: 'CiliumBGPClusterConfig',
        what: `peerAddress "${address}" is not an address on the node network`,
      })),
};

const routerText = (world: World): string => world.files.get('docs/network/router.frr.conf') ?? '';

const reciprocal: Rule = {
  name: 'bgp-reciprocal',
  summary: 'the router example has the other side of every session, and lets in only the own pool',
  scope: 'cluster',
  check: (cluster, world) => {
    const router = routerText(world);
    const { settings, name } = cluster;
    const own = Number(/^router bgp (\d+)/m.exec(router)?.[1]);
    const remote = Number(new RegExp(`neighbor ${name} remote-as (\\d+)`).exec(router)?.[1]);
    const listen = new RegExp(`bgp listen range (\\S+) peer-group ${name}\\b`).exec(router)?.[1];
    const permits = new RegExp(`prefix-list ${name}-load-balancers seq \\d+ permit (\\S+)`).exec(
      router,
    )?.[1];
    const where = 'docs/network/router.frr.conf';
    const wrong = peersOf(cluster).flatMap(({ localAsn, peerAsn }) => [
      ...(localAsn === remote ? [] : [`${name} is AS ${localAsn}, the router expects ${remote}`]),
      ...(peerAsn === own ? [] : [`${name} expects AS ${peerAsn}, the router is ${own}`]),
    ]);
    return [
      ...wrong,
      ...(peersOf(cluster).length > 0 ? [] : [`${name} has no BGP peer`]),
      ...(listen === settings['NODE_CIDR']
        ? []
        : [`it listens for ${name} on ${listen ?? 'nothing'}`]),
      ...(permits === settings['LB_POOL_CIDR']
        ? []
        : [
            `it lets ${permits ?? 'nothing'} in from ${name}, whose pool is ${settings['LB_POOL_CIDR'] ?? ''}`,
          ]),
      ...(router.includes(`neighbor ${name} prefix-list ${name}-load-balancers in`)
        ? []
        : [`it filters nothing of what ${name} announces`]),
    ].map((what) => ({ where, what }));
  },
};

const asns: Rule = {
  name: 'bgp-asns',
  summary: 'each cluster has an AS of its own, private, apart from the router’s',
  scope: 'both',
  check: (_, world) => {
    const numbers = world.clusters.map((cluster) => Number(cluster.settings['BGP_LOCAL_ASN']));
    const router = world.clusters.map((cluster) => Number(cluster.settings['BGP_PEER_ASN']));
    const isPrivate = (asn: number) => asn >= 64512 && asn <= 65534;
    return [
      ...(new Set(numbers).size === numbers.length
        ? []
        : [{ where: 'cluster-settings', what: 'both clusters have one AS' }]),
      ...numbers
        .filter((asn) => router.includes(asn))
        .map((asn) => ({ where: 'cluster-settings', what: `AS ${asn} is the router's` })),
      ...[...numbers, ...router]
        .filter((asn) => !isPrivate(asn))
        .map((asn) => ({ where: 'cluster-settings', what: `AS ${asn} is not a private one` })),
    ];
  },
};

export const bgpRules: readonly Rule[] = [addresses, reciprocal, asns];
