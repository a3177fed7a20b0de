import { isHelmRelease } from '#test/platform/world/charts.ts';
import { selects } from '#test/platform/world/selector.ts';
import {
  at,
  type Data,
  dataAt,
  isData,
  listAt,
  places,
  textAt,
} from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const ciliumPolicies = (cluster: Cluster) =>
  objectsOf(cluster).filter((object) => /^Cilium(?:Clusterwide)?NetworkPolicy$/.test(object.kind));

/** Every rule of a policy, whether it has one spec or several. */
const specsOf = (policy: unknown): readonly unknown[] => {
  const several = listAt(policy, 'specs');
  return several.length > 0 ? several : [at(policy, 'spec')];
};

const implicitDeny: Rule = {
  name: 'no-implicit-deny',
  summary: 'a cluster-wide policy says itself whether what it selects is denied by default',
  failures: [13],
  scope: 'cluster',
  check: (cluster) =>
    ciliumPolicies(cluster)
      .filter((policy) => policy.kind === 'CiliumClusterwideNetworkPolicy')
      .filter((policy) =>
        specsOf(policy).some(
          (spec) =>
            typeof at(spec, 'enableDefaultDeny', 'ingress') !== 'boolean' ||
            typeof at(spec, 'enableDefaultDeny', 'egress') !== 'boolean',
        ),
      )
      .map((policy) => ({ where: titleOf(policy), what: 'enableDefaultDeny is not written out' })),
};

const labelsOf = (selector: Data): readonly (readonly [string, unknown])[] =>
  Object.entries(dataAt(selector, 'matchLabels')).map(
    ([label, value]) => [label.replace(/^k8s:/, ''), value] as const,
  );

/** Labels of pods that charts make, as far as policies may select them. */
const chartPods = (cluster: Cluster): readonly Data[] =>
  objectsOf(cluster)
    .filter(isHelmRelease)
    .map((release) => {
      const namespace = release.metadata.namespace ?? '';
      const override = textAt(release, 'spec', 'values', 'k8sAppLabelOverride');
      return {
        'io.kubernetes.pod.namespace': namespace,
        'app.kubernetes.io/name': release.metadata.name,
        ...(override === undefined ? {} : { 'k8s-app': override }),
      };
    });

const treePods = (cluster: Cluster): readonly Data[] =>
  objectsOf(cluster)
    .filter((object) => /^(?:Deployment|DaemonSet|StatefulSet|Job)$/.test(object.kind))
    .map((object) => ({
      'io.kubernetes.pod.namespace': object.metadata.namespace ?? '',
      ...dataAt(object, 'spec', 'template', 'metadata', 'labels'),
    }));

const selectors: Rule = {
  name: 'policy-selectors',
  summary: 'each label that a policy selects by is on a pod that is really made',
  failures: [15],
  scope: 'cluster',
  check: (cluster) => {
    const pods = [...chartPods(cluster), ...treePods(cluster)];
    return ciliumPolicies(cluster).flatMap((policy) =>
      [...places(policy)].flatMap(({ path, value }): readonly Finding[] => {
        const field = String(path.at(-2) ?? '');
        const isSelector =
          path.at(-1) === 'endpointSelector' || /^(?:toEndpoints|fromEndpoints)$/.test(field);
        const labels = isSelector && isData(value) ? labelsOf(value) : [];
        // a policy in a namespace selects pods of its own namespace unless it says another
        const own = labels.some(([label]) => label === 'io.kubernetes.pod.namespace')
          ? []
          : [['io.kubernetes.pod.namespace', policy.metadata.namespace] as const];
        const isMet = pods.some((pod) =>
          [...labels, ...own].every(
            ([label, wanted]) => wanted === undefined || pod[label] === wanted,
          ),
        );
        return labels.length === 0 || isMet
          ? []
          : [
              {
                where: titleOf(policy),
                what: `no pod has ${labels.map((pair) => pair.join('=')).join(', ')}`,
              },
            ];
      }),
    );
  },
};

const portsOf = (rule: unknown): readonly string[] =>
  listAt(rule, 'toPorts').flatMap((item) =>
    listAt(item, 'ports').map((port) => String(at(port, 'port'))),
  );

const apiServer: Rule = {
  name: 'policy-api-port',
  summary:
    'the API server is allowed by its real port 6443: policies apply after service translation',
  failures: [21],
  scope: 'cluster',
  check: (cluster) =>
    ciliumPolicies(cluster).flatMap((policy) =>
      specsOf(policy).flatMap((spec) =>
        listAt(spec, 'egress')
          .filter((rule) => listAt(rule, 'toEntities').includes('kube-apiserver'))
          .filter((rule) => portsOf(rule).length > 0 && !portsOf(rule).includes('6443'))
          .map((rule) => ({
            where: titleOf(policy),
            what: `kube-apiserver on port ${portsOf(rule).join(', ')} matches nothing; it listens on 6443`,
          })),
      ),
    ),
};

const gatewayIdentity: Rule = {
  name: 'policy-gateway',
  summary: 'traffic of the gateway is the entity `ingress`; no label selects it',
  failures: [21],
  scope: 'cluster',
  check: (cluster) =>
    ciliumPolicies(cluster)
      .filter((policy) => JSON.stringify(policy).includes('io.cilium.gateway'))
      .map((policy) => ({ where: titleOf(policy), what: 'no pod is labelled io.cilium.gateway' })),
};

const fqdns: Rule = {
  name: 'policy-names',
  summary: 'names are allowed only where DNS is watched, and only on given ports',
  failures: [21],
  scope: 'cluster',
  check: (cluster) => {
    const watching = new Set(
      ciliumPolicies(cluster)
        .filter((policy) => [...places(policy)].some(({ path }) => path.at(-1) === 'dns'))
        .map((policy) => policy.metadata.namespace),
    );
    return ciliumPolicies(cluster).flatMap((policy) =>
      specsOf(policy).flatMap((spec) =>
        listAt(spec, 'egress')
          .filter((rule) => listAt(rule, 'toFQDNs').length > 0)
          .flatMap((rule) => [
            ...(portsOf(rule).length > 0
              ? []
              : [{ where: titleOf(policy), what: 'toFQDNs without ports opens every port' }]),
            ...(watching.has(policy.metadata.namespace)
              ? []
              : [
                  {
                    where: titleOf(policy),
                    what: 'no DNS rule in its namespace, so names are never learned',
                  },
                ]),
          ]),
      ),
    );
  },
};

/** Namespaces of the platform itself; their charts bring policies where upstream has them. */
const withoutDefaultDeny: Readonly<Record<string, string>> = {
  'kube-system': 'the network itself runs here',
  'flux-system': 'the FluxInstance makes policies (cluster.networkPolicy)',
  'cert-manager': 'webhook and ACME; closed with observability',
  'external-secrets': 'webhook and Connect; closed with observability',
  'cnpg-system': 'webhook; closed with observability',
  networking: 'gateways and DNS face outward',
  observability: 'only CRDs yet',
  'rook-ceph': 'daemons on the host network',
};

const defaultDeny: Rule = {
  name: 'default-deny',
  summary: 'each namespace denies by default or stands on the list of exceptions with a reason',
  scope: 'cluster',
  check: (cluster) => {
    const objects = objectsOf(cluster);
    const denying = new Set(
      objects
        .filter((object) => object.kind === 'NetworkPolicy')
        .filter((object) => Object.keys(dataAt(object, 'spec', 'podSelector')).length === 0)
        .filter((object) => listAt(object, 'spec', 'ingress').length === 0)
        .filter((object) => listAt(object, 'spec', 'egress').length === 0)
        .filter((object) => listAt(object, 'spec', 'policyTypes').length === 2)
        .map((object) => object.metadata.namespace),
    );
    return objects
      .filter((object) => object.kind === 'Namespace')
      .filter(
        ({ metadata }) => !(denying.has(metadata.name) || metadata.name in withoutDefaultDeny),
      )
      .map((object) => ({
        where: titleOf(object),
        what: 'everything may talk to everything in it',
      }));
  },
};

/** Namespaces whose routes some gateway takes; those of tenants are not written here. */
const routable = (cluster: Cluster) => {
  const selectors = objectsOf(cluster)
    .filter((object) => object.kind === 'Gateway')
    .flatMap((gateway) => listAt(gateway, 'spec', 'listeners'))
    .map((listener) => at(listener, 'allowedRoutes', 'namespaces', 'selector'))
    .filter(isData);
  return objectsOf(cluster)
    .filter((object) => object.kind === 'Namespace')
    .filter(({ metadata }) =>
      selectors.some((selector) => selects(selector, metadata.labels ?? {})),
    )
    .map(({ metadata }) => ({
      name: metadata.name,
      isTenant: metadata.labels?.['platform/tenant'] !== undefined,
    }));
};

const gatewayWay: Rule = {
  name: 'policy-routes',
  summary: 'where a gateway takes routes from a namespace, a policy lets it reach the pods there',
  failures: [21],
  scope: 'cluster',
  check: (cluster) => {
    const open = new Set(
      ciliumPolicies(cluster)
        .filter((policy) =>
          specsOf(policy).some((spec) =>
            listAt(spec, 'ingress').some((rule) =>
              listAt(rule, 'fromEntities').includes('ingress'),
            ),
          ),
        )
        .map((policy) => policy.metadata.namespace),
    );
    const routed = new Set(
      objectsOf(cluster)
        .filter((object) => object.kind === 'HTTPRoute')
        .map((object) => object.metadata.namespace),
    );
    return routable(cluster)
      .filter(({ name, isTenant }) => isTenant || routed.has(name))
      .filter(({ name }) => !open.has(name))
      .map(({ name }) => ({
        where: `Namespace/${name}`,
        what: 'its routes are accepted, and its pods deny the gateway',
      }));
  },
};

export const policyRules: readonly Rule[] = [
  implicitDeny,
  selectors,
  apiServer,
  gatewayIdentity,
  fqdns,
  defaultDeny,
  gatewayWay,
];
