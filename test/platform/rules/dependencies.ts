import {
  type Edges,
  edgesOf,
  findCycle,
  isGiven,
  isGranted,
  type LayerNeed,
  layerNeeds,
} from '#test/platform/world/graph.ts';
import type { Cluster, Finding, Rule } from '#test/platform/world/world.ts';

const strictNeeds = (cluster: Cluster): readonly LayerNeed[] =>
  layerNeeds(cluster).filter(
    (needed) => needed.need.first && needed.providers.length > 0 && !isGiven(needed.need),
  );

const missing: Rule = {
  name: 'no-missing-depends-on',
  summary: 'whatever an object needs first is granted by dependsOn, found by looking at objects',
  failures: [7, 11],
  scope: 'cluster',
  check: (cluster) => {
    const edges = edgesOf(cluster);
    const texts = new Map<string, Finding>();
    for (const needed of strictNeeds(cluster)) {
      if (!isGranted(cluster, edges, needed)) {
        const what = `dependsOn lacks ${needed.providers.join(' or ')}: ${needed.asker} needs ${needed.need.id} (${needed.need.by})`;
        texts.set(`${needed.layer} ${what}`, { where: `ks/${needed.layer}`, what });
      }
    }
    return [...texts.values()];
  },
};

const cycles: Rule = {
  name: 'no-cycles',
  summary: 'no Kustomization waits for itself',
  scope: 'cluster',
  check: (cluster) => {
    const cycle = findCycle(edgesOf(cluster));
    return cycle === undefined
      ? []
      : [{ where: `ks/${cycle[0] ?? ''}`, what: `a cycle through ${cycle.join(', ')}` }];
  },
};

/**
 * Orders that no object shows, each with its reason. An edge that is neither inferred nor listed here
 * only makes the cluster slower to come up.
 */
const reasons: Readonly<Record<string, string>> = {
  'cilium-clustermesh -> cilium-bgp':
    'the address of the mesh must be advertised, or the other cluster never connects',
};

const without = (edges: Edges, from: string, to: string): Edges =>
  new Map(
    [...edges].map(([name, targets]) => [
      name,
      name === from ? new Set([...targets].filter((target) => target !== to)) : targets,
    ]),
  );

const isNeedless = (cluster: Cluster, from: string, to: string): boolean => {
  const edges = edgesOf(cluster);
  const fewer = without(edges, from, to);
  return strictNeeds(cluster)
    .filter((needed) => isGranted(cluster, edges, needed))
    .every((needed) => isGranted(cluster, fewer, needed));
};

const needless: Rule = {
  name: 'no-needless-depends-on',
  summary: 'no dependsOn could go without leaving a need ungranted, on the longest path or off it',
  scope: 'cluster',
  check: (cluster) =>
    [...edgesOf(cluster)].flatMap(([name, before]) =>
      [...before].flatMap((other): readonly Finding[] => {
        const isReasoned = `${name} -> ${other}` in reasons;
        return !isReasoned && isNeedless(cluster, name, other)
          ? [{ where: `ks/${name}`, what: `it needs nothing of ${other}` }]
          : [];
      }),
    ),
};

export const dependencyRules: readonly Rule[] = [missing, cycles, needless];
