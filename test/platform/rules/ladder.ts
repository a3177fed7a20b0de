import { type Ladder, parseLadder } from '#src/bootstrap/ladder.ts';
import { readYaml } from '#src/render/yaml.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { listAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  type World,
} from '#test/platform/world/world.ts';

const where = 'bootstrap/ladder.yaml';

const ladderOf = (world: World): Ladder | undefined => {
  const read = readYaml(world.files.get(where) ?? '');
  const parsed = parseLadder(read.ok ? read.value : undefined);
  return parsed.ok ? parsed.value : undefined;
};

const unreadable: readonly Finding[] = [{ where, what: 'it cannot be read' }];

interface Named {
  readonly probe: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Every object that a probe of the ladder names on a cluster. */
const namedBy = (ladder: Ladder, cluster: string): readonly Named[] =>
  ladder.rungs
    .flatMap(({ probes }) => probes)
    .filter(({ clusters }) => clusters?.includes(cluster) !== false)
    .flatMap((probe) =>
      'objects' in probe
        ? (probe.objects.names ?? []).map((name) => ({
            probe: probe.name,
            kind: probe.objects.kind,
            namespace: probe.objects.namespace ?? '',
            name,
          }))
        : [],
    );

const id = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind}/${namespace ?? ''}/${name}`;

/** Flux's own Deployments, which the FluxInstance makes. */
const fluxControllers = (cluster: Cluster): readonly string[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => isHelmRelease(object) && object.metadata.name === 'flux-instance')
    .flatMap((object) => listAt(object, 'spec', 'values', 'instance', 'components'))
    .map((name) => id('Deployment', 'flux-system', String(name)));

const workloads = /^(?:Deployment|DaemonSet|StatefulSet|Service)$/;

const names: Rule = {
  name: 'ladder-names',
  summary: 'each workload that the ladder waits for is applied, or known to be made by a chart',
  scope: 'cluster',
  check: (cluster, world) => {
    const ladder = ladderOf(world);
    const there = new Set([
      ...appliedObjects(cluster).map(({ object: { kind, metadata } }) =>
        id(kind, metadata.namespace, metadata.name),
      ),
      ...Object.values(cluster.versions.components).flatMap(({ provides }) =>
        provides.objects.map(({ kind, namespace, name }) => id(kind, namespace, name)),
      ),
      ...fluxControllers(cluster),
    ]);
    return ladder === undefined
      ? unreadable
      : namedBy(ladder, cluster.name)
          .filter(({ kind }) => workloads.test(kind))
          .map(({ probe, kind, namespace, name }) => ({ probe, made: id(kind, namespace, name) }))
          .filter(({ made }) => !there.has(made))
          .map(({ probe, made }) => ({
            where,
            what: `${probe} waits for ${made}, which nobody makes`,
          }));
  },
};

const namespacesOf = (cluster: Cluster): readonly string[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => object.kind === 'Namespace')
    .map((object) => object.metadata.name);

const namespaces: Rule = {
  name: 'ladder-namespaces',
  summary: 'the ladder looks at the pod security of every namespace that all clusters have',
  scope: 'both',
  check: (_, world) => {
    const ladder = ladderOf(world);
    const [first = [], ...others] = world.clusters.map(namespacesOf);
    const looked = ladder?.rungs
      .flatMap(({ probes }) => probes)
      .flatMap((probe) =>
        probe.name === 'pod-security' && 'objects' in probe ? (probe.objects.names ?? []) : [],
      );
    return looked === undefined
      ? unreadable
      : first
          .filter((name) => others.every((other) => other.includes(name)))
          .filter((name) => !looked.includes(name))
          .map((name) => ({ where, what: `pod-security does not look at ${name}` }));
  },
};

export const ladderRules: readonly Rule[] = [names, namespaces];
