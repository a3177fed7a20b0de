import type { KubeObject } from '#src/render/objects.ts';
import { hasPort, type Pods, podsOf } from '#test/platform/world/pods.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, dataAt, listAt } from '#test/platform/world/value.ts';
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

const isEmpty = (selector: unknown): boolean =>
  Object.keys(dataAt(selector, 'matchLabels')).length === 0 &&
  listAt(selector, 'matchExpressions').length === 0;

interface Side {
  readonly peers: readonly unknown[];
  readonly ports: readonly unknown[];
}

const sidesOf = (policy: KubeObject, direction: string, peers: string): readonly Side[] =>
  listAt(policy, 'spec', direction).map((rule) => ({
    peers: listAt(rule, peers),
    ports: listAt(rule, 'ports'),
  }));

/** The pods of the policy's own namespace that a selector means. */
const ownPods = (cluster: Cluster, policy: KubeObject, selector: unknown): readonly Pods[] =>
  podsOf(cluster).filter(
    (pods) => pods.namespace === policy.metadata.namespace && selects(selector, pods.labels),
  );

/** Ports, by name or by number, on which none of the pods listens. */
const deafPorts = (ports: readonly unknown[], pods: readonly Pods[]): readonly string[] =>
  ports
    .filter((port) => at(port, 'endPort') === undefined)
    .map((port) => at(port, 'port'))
    .filter((port) => port !== undefined && !pods.some((one) => hasPort(one, port)))
    .map(String);

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
  // pods of another namespace come from charts, which are not rendered here
  const isOwn = isOwnPeer(peer) && !isEmpty(at(peer, 'podSelector'));
  return isOwn && ownPods(cluster, policy, at(peer, 'podSelector')).length === 0
    ? `no pod has ${JSON.stringify(at(peer, 'podSelector'))}`
    : undefined;
};

const isOwnPeer = (peer: unknown): boolean =>
  at(peer, 'namespaceSelector') === undefined && at(peer, 'podSelector') !== undefined;

const met: Rule = {
  name: 'network-policies',
  summary: 'each NetworkPolicy selects pods and namespaces that are made, by ports that they have',
  failures: [15],
  scope: 'cluster',
  check: (cluster) =>
    policiesOf(cluster).flatMap((policy): readonly Finding[] => {
      const where = titleOf(policy);
      const selector = at(policy, 'spec', 'podSelector');
      const selected = ownPods(cluster, policy, selector);
      const [into, out] = [sidesOf(policy, 'ingress', 'from'), sidesOf(policy, 'egress', 'to')];
      const deaf = [
        ...into.flatMap(({ ports }) => deafPorts(ports, selected)),
        ...out.flatMap(({ ports, peers }) =>
          peers
            .filter(isOwnPeer)
            .flatMap((peer) => deafPorts(ports, ownPods(cluster, policy, at(peer, 'podSelector')))),
        ),
      ];
      return [
        ...(isEmpty(selector) || selected.length > 0
          ? []
          : [{ where, what: `no pod has ${JSON.stringify(selector)}` }]),
        ...deaf.map((port) => ({ where, what: `no pod that it means listens on ${port}` })),
        ...[...into, ...out]
          .flatMap(({ peers }) => peers)
          .flatMap((peer) => peerProblem(cluster, policy, peer) ?? [])
          .map((what) => ({ where, what })),
      ];
    }),
};

/** Cilium writes the source of a label before it. */
const plainLabels = (selector: unknown): unknown => ({
  matchLabels: Object.fromEntries(
    Object.entries(dataAt(selector, 'matchLabels')).map(
      ([label, value]) => [label.replace(/^(?:k8s|any):/, ''), value] as const,
    ),
  ),
  matchExpressions: listAt(selector, 'matchExpressions'),
});

const ciliumPorts: Rule = {
  name: 'policy-ports',
  summary: 'a Cilium policy lets in by ports on which the pods that it selects listen',
  failures: [15, 21],
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter((object) => object.kind === 'CiliumNetworkPolicy')
      .flatMap((policy) => {
        const pods = ownPods(cluster, policy, plainLabels(at(policy, 'spec', 'endpointSelector')));
        const ports = listAt(policy, 'spec', 'ingress').flatMap((rule) =>
          listAt(rule, 'toPorts').flatMap((item) => listAt(item, 'ports')),
        );
        return deafPorts(ports, pods).map((port) => ({
          where: titleOf(policy),
          what: `no pod that it selects listens on ${port}`,
        }));
      }),
};

export const networkPolicyRules: readonly Rule[] = [met, ciliumPorts];
