import type { KubeObject } from '#src/render/objects.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, type Data, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  groupOf,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster): readonly KubeObject[] =>
  appliedObjects(cluster).map(({ object }) => object);

const policiesOf = (cluster: Cluster): readonly KubeObject[] =>
  objectsOf(cluster).filter(
    (object) =>
      object.kind === 'NetworkPolicy' && groupOf(object.apiVersion) === 'networking.k8s.io',
  );

interface Pod {
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
}

const textsOf = (data: Data): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );

const podsOf = (cluster: Cluster): readonly Pod[] =>
  objectsOf(cluster)
    .filter((object) => /^(?:Deployment|DaemonSet|StatefulSet|Job)$/.test(object.kind))
    .map((object) => ({
      namespace: object.metadata.namespace,
      labels: textsOf(dataAt(object, 'spec', 'template', 'metadata', 'labels')),
      ports: listAt(object, 'spec', 'template', 'spec', 'containers').flatMap((container) =>
        listAt(container, 'ports').map((port) => textAt(port, 'name') ?? ''),
      ),
    }));

const isEmpty = (selector: unknown): boolean =>
  Object.keys(dataAt(selector, 'matchLabels')).length === 0 &&
  listAt(selector, 'matchExpressions').length === 0;

interface Side {
  readonly peers: readonly unknown[];
  readonly ports: readonly unknown[];
  /** whose ports the names are: for ingress those of the selected pods */
  readonly isIngress: boolean;
}

const sidesOf = (policy: KubeObject): readonly Side[] => [
  ...listAt(policy, 'spec', 'ingress').map((rule) => ({
    peers: listAt(rule, 'from'),
    ports: listAt(rule, 'ports'),
    isIngress: true,
  })),
  ...listAt(policy, 'spec', 'egress').map((rule) => ({
    peers: listAt(rule, 'to'),
    ports: listAt(rule, 'ports'),
    isIngress: false,
  })),
];

const peerProblem = (cluster: Cluster, policy: KubeObject, peer: unknown): string | undefined => {
  const wanted = at(peer, 'namespaceSelector');
  const namespaces = objectsOf(cluster).filter(
    (object) =>
      object.kind === 'Namespace' &&
      selects(wanted, {
        ...object.metadata.labels,
        'kubernetes.io/metadata.name': object.metadata.name,
      }),
  );
  if (wanted !== undefined && namespaces.length === 0) {
    return `no namespace has ${JSON.stringify(wanted)}`;
  }
  const labels = at(peer, 'podSelector');
  // pods of another namespace come from charts, which are not rendered here
  const isOwn = wanted === undefined && labels !== undefined && !isEmpty(labels);
  const isMet = podsOf(cluster).some(
    (pod) => pod.namespace === policy.metadata.namespace && selects(labels, pod.labels),
  );
  return isOwn && !isMet ? `no pod has ${JSON.stringify(labels)}` : undefined;
};

const met: Rule = {
  name: 'network-policies',
  summary: 'each NetworkPolicy selects pods and namespaces that are made, by ports that they have',
  failures: [15],
  scope: 'cluster',
  check: (cluster) =>
    policiesOf(cluster).flatMap((policy): readonly Finding[] => {
      const where = titleOf(policy);
      const selector = at(policy, 'spec', 'podSelector');
      const selected = podsOf(cluster).filter(
        (pod) => pod.namespace === policy.metadata.namespace && selects(selector, pod.labels),
      );
      const sides = sidesOf(policy);
      const ports = sides
        .filter(({ isIngress }) => isIngress)
        .flatMap((side) => side.ports)
        .map((port) => at(port, 'port'))
        .filter((port) => typeof port === 'string');
      return [
        ...(isEmpty(selector) || selected.length > 0
          ? []
          : [{ where, what: `no pod has ${JSON.stringify(selector)}` }]),
        ...ports
          .filter((port) => !selected.some((pod) => pod.ports.includes(port)))
          .map((port) => ({ where, what: `no pod that it selects has a port named ${port}` })),
        ...sides
          .flatMap(({ peers }) => peers)
          .flatMap((peer) => peerProblem(cluster, policy, peer) ?? [])
          .map((what) => ({ where, what })),
      ];
    }),
};

export const networkPolicyRules: readonly Rule[] = [met];
