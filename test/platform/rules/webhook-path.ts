import { isHelmRelease } from '#test/platform/world/charts.ts';
import { listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const webhookPath: Rule = {
  name: 'webhook-path',
  summary:
    'the way of Flux’s events to the bot is open: route with TLS, and a policy that lets the gateway in',
  scope: 'both',
  check: (_, world) => {
    const infra = world.clusters.find((cluster) => cluster.name === 'infra');
    const objects = infra === undefined ? [] : objectsOf(infra);
    const host = infra?.settings['CHATOPS_HOST'] ?? '';
    const route = objects.find(
      (object) =>
        object.kind === 'HTTPRoute' &&
        listAt(object, 'spec', 'hostnames').includes(host) &&
        listAt(object, 'spec', 'parentRefs').some(
          (parent) => textAt(parent, 'sectionName') === 'https',
        ),
    );
    const backend = listAt(route, 'spec', 'rules').some((rule) =>
      listAt(rule, 'matches').some((match) => textAt(match, 'path', 'value') === '/webhooks'),
    );
    const opens = objects.some(
      (object) =>
        object.kind === 'CiliumNetworkPolicy' &&
        object.metadata.namespace === route?.metadata.namespace &&
        listAt(object, 'spec', 'ingress').some((rule) =>
          listAt(rule, 'fromEntities').includes('ingress'),
        ),
    );
    return [
      ...(route !== undefined && backend
        ? []
        : [{ where: host, what: 'no route with TLS carries /webhooks' }]),
      ...(opens ? [] : [{ where: host, what: 'no policy lets the gateway reach the bot' }]),
    ];
  },
};

const covers = (pattern: string, host: string): boolean =>
  pattern === host ||
  (pattern.startsWith('*.') &&
    host.endsWith(pattern.slice(1)) &&
    !host.slice(0, -pattern.length + 1).includes('.'));

/** Where a cluster's DNS sends the questions about a name, by the longest zone that holds it. */
const resolverOf = (cluster: Cluster, host: string): string | undefined => {
  const release = objectsOf(cluster).find(
    (object) => isHelmRelease(object) && object.metadata.name === 'coredns',
  );
  const zones = listAt(release, 'spec', 'values', 'servers').flatMap((server) =>
    listAt(server, 'zones').map((zone) => ({ zone: textAt(zone, 'zone') ?? '', server })),
  );
  const [found] = zones
    .filter(({ zone }) => host.endsWith(`.${zone}`))
    .toSorted((left, right) => right.zone.length - left.zone.length);
  const forward = listAt(found?.server, 'plugins').find(
    (plugin) => textAt(plugin, 'name') === 'forward',
  );
  return /^\. (\S+)$/.exec(textAt(forward, 'parameters') ?? '')?.[1];
};

const webhookNames: Rule = {
  name: 'webhook-names',
  summary: 'both clusters find the door of the bot by name, and a public certificate is on it',
  scope: 'both',
  check: (_, world) => {
    const infra = world.clusters.find((cluster) => cluster.name === 'infra');
    const host = infra?.settings['CHATOPS_HOST'] ?? '';
    const names = infra === undefined ? [] : certifiedNames(infra);
    return [
      ...world.clusters.flatMap((cluster): readonly Finding[] => {
        const asked = cluster.settings['CHATOPS_HOST'] ?? '';
        const resolver = resolverOf(cluster, asked);
        return [
          ...(asked === host
            ? []
            : [{ where: cluster.name, what: `it sends to ${asked}, the door is ${host}` }]),
          ...(resolver !== undefined && resolver === infra?.settings['LB_DNS_IP']
            ? []
            : [
                {
                  where: cluster.name,
                  what: `it asks ${resolver ?? 'nobody'} for ${asked}, not infra's own DNS`,
                },
              ]),
        ];
      }),
      ...(names.some((name) => covers(name, host))
        ? []
        : [{ where: host, what: 'no certificate of the internal gateway is for this name' }]),
    ];
  },
};

/** The names on the certificates that the internal gateway shows on its listener with TLS. */
const certifiedNames = (cluster: Cluster): readonly string[] => {
  const objects = objectsOf(cluster);
  const gateway = objects.find(
    (object) => object.kind === 'Gateway' && object.metadata.name === 'internal',
  );
  const secrets = listAt(gateway, 'spec', 'listeners')
    .filter((listener) => textAt(listener, 'name') === 'https')
    .flatMap((listener) => listAt(listener, 'tls', 'certificateRefs'))
    .map((reference) => textAt(reference, 'name'));
  return objects
    .filter((object) => object.kind === 'Certificate')
    .filter((object) => secrets.includes(textAt(object, 'spec', 'secretName')))
    .flatMap((object) => listAt(object, 'spec', 'dnsNames'))
    .map(String);
};

export const webhookPathRules: readonly Rule[] = [webhookPath, webhookNames];
