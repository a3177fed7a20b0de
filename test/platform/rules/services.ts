import type { KubeObject } from '#src/render/objects.ts';
import { hasPort, podsOf } from '#test/platform/world/pods.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, dataAt, isData, listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const ofKind = (cluster: Cluster, kind: string): readonly KubeObject[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => object.kind === kind);

const serviceProblems = (cluster: Cluster, service: KubeObject): readonly string[] => {
  const labels = dataAt(service, 'spec', 'selector');
  const pods = podsOf(cluster).filter(
    ({ namespace, labels: own }) =>
      namespace === service.metadata.namespace && selects({ matchLabels: labels }, own),
  );
  const deaf = listAt(service, 'spec', 'ports')
    .map((port) => at(port, 'targetPort') ?? at(port, 'port'))
    .filter((port) => !pods.some((one) => hasPort(one, port)));
  return pods.length === 0
    ? [`no pod has ${JSON.stringify(labels)}`]
    : deaf.map((port) => `no pod behind it listens on ${String(port)}`);
};

const services: Rule = {
  name: 'service-pods',
  summary: 'each Service has pods behind it that listen on its ports',
  scope: 'cluster',
  check: (cluster) =>
    ofKind(cluster, 'Service')
      .filter((service) => isData(at(service, 'spec', 'selector')))
      .flatMap((service) =>
        serviceProblems(cluster, service).map((what) => ({ where: titleOf(service), what })),
      ),
};

const workloads: Rule = {
  name: 'workload-selectors',
  summary: 'each workload selects the pods that it makes; the API server refuses another',
  scope: 'cluster',
  check: (cluster) =>
    podsOf(cluster)
      .filter(({ owner }) => owner.kind !== 'Job')
      .filter(({ owner, labels }) => {
        const selector = at(owner, 'spec', 'selector');
        return !(isData(selector) && selects(selector, labels));
      })
      .map(({ owner }) => ({ where: titleOf(owner), what: 'its selector misses its own pods' })),
};

const findService = (cluster: Cluster, namespace: unknown, name: unknown) =>
  ofKind(cluster, 'Service').find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );

const backends: Rule = {
  name: 'route-backends',
  summary: 'each route leads to a port that its Service has, and a StatefulSet to its own Service',
  scope: 'cluster',
  check: (cluster) => [
    ...ofKind(cluster, 'HTTPRoute').flatMap((route) =>
      listAt(route, 'spec', 'rules')
        .flatMap((rule) => listAt(rule, 'backendRefs'))
        .flatMap((backend): readonly Finding[] => {
          const namespace = textAt(backend, 'namespace') ?? route.metadata.namespace;
          const service = findService(cluster, namespace, textAt(backend, 'name'));
          const ports = listAt(service, 'spec', 'ports').map((port) => at(port, 'port'));
          // a Service of a chart is not rendered here
          return service === undefined || ports.includes(at(backend, 'port'))
            ? []
            : [
                {
                  where: titleOf(route),
                  what: `${titleOf(service)} has no port ${String(at(backend, 'port'))}`,
                },
              ];
        }),
    ),
    ...ofKind(cluster, 'StatefulSet')
      .filter((set) => {
        const name = at(set, 'spec', 'serviceName');
        return findService(cluster, set.metadata.namespace, name) === undefined;
      })
      .map((set) => ({ where: titleOf(set), what: 'its serviceName is no Service here' })),
  ],
};

const probes: Rule = {
  name: 'probe-ports',
  summary: 'each probe asks a port on which its pod listens',
  scope: 'cluster',
  check: (cluster) =>
    podsOf(cluster).flatMap((pods) =>
      [...places(at(pods.spec, 'containers'))].flatMap(({ path, value }): readonly Finding[] => {
        const isProbe = /^(?:liveness|readiness|startup)Probe$/.test(String(path.at(-1)));
        const port = at(value, 'httpGet', 'port') ?? at(value, 'tcpSocket', 'port');
        return !isProbe || port === undefined || hasPort(pods, port)
          ? []
          : [
              {
                where: titleOf(pods.owner),
                what: `${String(path.at(-1))} asks ${String(port)}, where nobody listens`,
              },
            ];
      }),
    ),
};

export const serviceRules: readonly Rule[] = [workloads, services, backends, probes];
