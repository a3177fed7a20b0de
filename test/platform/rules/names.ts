import type { KubeObject } from '#src/render/objects.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const ofKind = (cluster: Cluster, kind: string): readonly KubeObject[] =>
  objectsOf(cluster).filter((object) => object.kind === kind);

const valuesOf = (cluster: Cluster, name: string): unknown =>
  at(
    objectsOf(cluster).find((object) => isHelmRelease(object) && object.metadata.name === name),
    'spec',
    'values',
  );

interface Joined {
  readonly route: KubeObject;
  readonly gateway: KubeObject;
  readonly listener: unknown;
}

/** Each route with each listener that it names. */
const joinsOf = (cluster: Cluster): readonly Joined[] =>
  ofKind(cluster, 'HTTPRoute').flatMap((route) =>
    listAt(route, 'spec', 'parentRefs').flatMap((parent) => {
      const namespace = textAt(parent, 'namespace') ?? route.metadata.namespace;
      const gateway = ofKind(cluster, 'Gateway').find(
        ({ metadata }) =>
          metadata.name === textAt(parent, 'name') && metadata.namespace === namespace,
      );
      return gateway === undefined
        ? []
        : listAt(gateway, 'spec', 'listeners')
            .filter((listener) => textAt(listener, 'name') === textAt(parent, 'sectionName'))
            .map((listener) => ({ route, gateway, listener }));
    }),
  );

/** Whether a listener answers for a name; `*.` stands for one label or more. */
const answers = (listened: string | undefined, name: string): boolean =>
  listened === undefined ||
  listened === name ||
  (listened.startsWith('*.') && name.endsWith(listened.slice(1)));

const hostnames: Rule = {
  name: 'route-hostnames',
  summary: 'each name of a route is one for which its listener answers',
  scope: 'cluster',
  check: (cluster) =>
    joinsOf(cluster).flatMap(({ route, gateway, listener }) =>
      listAt(route, 'spec', 'hostnames')
        .map(String)
        .filter((name) => !answers(textAt(listener, 'hostname'), name))
        .map((name) => ({
          where: titleOf(route),
          what: `${titleOf(gateway)} does not answer for ${name}, but for ${textAt(listener, 'hostname') ?? ''}`,
        })),
    ),
};

const argument = (values: unknown, name: string): string | undefined =>
  listAt(values, 'extraArgs')
    .map(String)
    .find((text) => text.startsWith(`${name}=`))
    ?.slice(name.length + 1);

const publicNames: Rule = {
  name: 'public-names',
  summary:
    'external-dns publishes names that routes say: one without names would publish the whole zone',
  scope: 'cluster',
  check: (cluster) => {
    const values = valuesOf(cluster, 'external-dns');
    const [name, namespace, prefix] = [
      '--gateway-name',
      '--gateway-namespace',
      '--annotation-prefix',
    ].map((flag) => argument(values, flag));
    const ignored = `${prefix ?? ''}controller`;
    const where = 'HelmRelease/networking/external-dns';
    const open: readonly Finding[] = [
      ...(values !== undefined && (name === undefined || namespace === undefined)
        ? [{ where, what: 'it publishes what hangs on any gateway' }]
        : []),
      ...(values !== undefined && prefix === undefined
        ? [{ where, what: 'which annotations it reads is left to its default, which changes' }]
        : []),
    ];
    const nameless = joinsOf(cluster)
      .filter(({ gateway: { metadata } }) => metadata.name === name)
      .filter(({ gateway: { metadata } }) => metadata.namespace === namespace)
      .filter(({ route }) => listAt(route, 'spec', 'hostnames').length === 0)
      .filter(
        ({ route }) =>
          (route.metadata.annotations?.[ignored] ?? 'dns-controller') === 'dns-controller',
      );
    return [
      ...open,
      ...nameless.map(({ route, listener }) => ({
        where: titleOf(route),
        what: `it has no name, so external-dns publishes ${textAt(listener, 'hostname') ?? 'nothing'}; annotate it ${ignored}: none`,
      })),
    ];
  },
};

const overTcp: Rule = {
  name: 'dns-tcp',
  summary: 'every DNS server answers over TCP too: a forwarded question keeps its protocol',
  scope: 'cluster',
  check: (cluster) => [
    ...listAt(valuesOf(cluster, 'coredns'), 'servers')
      .flatMap((server) => listAt(server, 'zones'))
      .filter((zone) => at(zone, 'use_tcp') !== true)
      .map((zone) => ({
        where: 'HelmRelease/kube-system/coredns',
        what: `zone ${textAt(zone, 'zone') ?? ''} is answered over UDP only`,
      })),
    ...(valuesOf(cluster, 'k8s-gateway') === undefined ||
    at(valuesOf(cluster, 'k8s-gateway'), 'service', 'useTcp') === true
      ? []
      : [{ where: 'HelmRelease/networking/k8s-gateway', what: 'it answers over UDP only' }]),
  ],
};

export const nameRules: readonly Rule[] = [hostnames, publicNames, overTcp];
