import type { KubeObject } from '#src/render/objects.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import type { Need } from '#test/platform/world/need.ts';
import { needsOf } from '#test/platform/world/needs.ts';
import { givenProvisions, providersIn } from '#test/platform/world/provisions.ts';
import { listAt, textAt } from '#test/platform/world/value.ts';
import { type Cluster, groupOf, type Layer, titleOf } from '#test/platform/world/world.ts';

/** One thing that a layer cannot do without, and which layers could give it. */
export interface LayerNeed {
  readonly layer: string;
  readonly need: Need;
  /** the object that asks */
  readonly asker: string;
  readonly providers: readonly string[];
}

export type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** `dependsOn` as written, by name; all Kustomizations of the platform live in flux-system. */
export const edgesOf = (cluster: Cluster): Edges =>
  new Map(
    cluster.layers.map((layer) => [
      layer.name,
      new Set(
        listAt(layer.kustomization, 'spec', 'dependsOn').flatMap((dependency) =>
          textAt(dependency, 'name') === undefined ? [] : [textAt(dependency, 'name') ?? ''],
        ),
      ),
    ]),
  );

/** Every layer that must be Ready before this one, over all steps. */
export const reachable = (edges: Edges, from: string): ReadonlySet<string> => {
  const seen = new Set<string>();
  const open = [...(edges.get(from) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!seen.has(next)) {
      seen.add(next);
      open.push(...(edges.get(next) ?? []));
    }
  }
  return seen;
};

const parentsOf = (cluster: Cluster, name: string): readonly string[] => {
  const parent = cluster.layers.find((layer) => layer.name === name)?.parent;
  return parent === undefined ? [] : [parent, ...parentsOf(cluster, parent)];
};

interface Asked {
  readonly need: Need;
  readonly asker: string;
}

/** What the charts of a layer render objects of, as the table of versions says. */
const declaredNeeds = (cluster: Cluster, layer: Layer): readonly Asked[] =>
  Object.entries(cluster.versions.components)
    .filter(([, component]) => component.kustomization === layer.name)
    .flatMap(([name, component]) =>
      component.needs.map((group) => ({
        asker: name,
        need: { id: `crds ${group}`, by: 'versions.yaml', first: true },
      })),
    );

/** Objects of these groups are refused while nobody answers the admission webhook. */
const admitted = (cluster: Cluster): ReadonlySet<string> =>
  new Set(
    Object.values(cluster.versions.components).flatMap(({ provides: { groups, webhook } }) =>
      webhook === undefined ? [] : groups,
    ),
  );

/** What every layer needs from others, found in what it applies. */
export const layerNeeds = (cluster: Cluster): readonly LayerNeed[] => {
  const providers = providersIn(cluster);
  const groups = admitted(cluster);
  const webhookNeed = (object: KubeObject): readonly Need[] => {
    const group = groupOf(object.apiVersion);
    return groups.has(group)
      ? [{ id: `webhook ${group}`, by: 'its admission webhook', first: true }]
      : [];
  };
  return cluster.layers.flatMap((layer) => {
    const asked = layer.objects.flatMap((object): readonly Asked[] =>
      [...needsOf(object), ...webhookNeed(object)].map((need) => ({
        need,
        asker: titleOf(object),
      })),
    );
    return [...asked, ...declaredNeeds(cluster, layer)].map(({ need, asker }) => ({
      layer: layer.name,
      need,
      asker,
      providers: providers.get(need.id) ?? [],
    }));
  });
};

export const isGiven = (need: Need): boolean => need.id in givenProvisions;

/**
 * Kinds that a chart brings, and the webhook that admits them: nothing of them may be applied together
 * with the chart, since a Kustomization is dry-run as a whole before Helm has run.
 */
const isFromBefore = (layer: Layer | undefined, need: Need): boolean =>
  need.id.startsWith('webhook ') ||
  (need.id.startsWith('crds ') &&
    !layer?.objects.some(
      (object) =>
        object.kind === 'CustomResourceDefinition' &&
        need.id === `crds ${textAt(object, 'spec', 'group') ?? ''}`,
    ));

/** Whether the order of layers already grants a need: it is its own, an ancestor's, or comes before. */
export const isGranted = (cluster: Cluster, edges: Edges, needed: LayerNeed): boolean => {
  const before = reachable(edges, needed.layer);
  const ancestors = parentsOf(cluster, needed.layer);
  const layer = cluster.layers.find(({ name }) => name === needed.layer);
  const isOwn = (provider: string): boolean =>
    provider === needed.layer && !isFromBefore(layer, needed.need);
  return needed.providers.some(
    (provider) => isOwn(provider) || ancestors.includes(provider) || before.has(provider),
  );
};

/** A cycle as the names on it, or undefined. */
export const findCycle = (edges: Edges): readonly string[] | undefined => {
  for (const name of edges.keys()) {
    if (reachable(edges, name).has(name)) {
      const others = [...reachable(edges, name)].filter((other) =>
        reachable(edges, other).has(name),
      );
      return others.sort((left, right) => (left < right ? -1 : 1));
    }
  }
  return undefined;
};

const plainSeconds = 10;

const releaseSeconds = 60;

/** What takes longer than its kind does: Ceph makes its daemons one after another. */
const slowLayers: Readonly<Record<string, number>> = {
  'rook-ceph-cluster': 420,
  cilium: 120,
  'flux-instance': 90,
};

// certificates are proven by DNS, jobs write and read back
const slowKinds: Readonly<Record<string, number>> = { Certificate: 120, Job: 60, Gateway: 30 };

/** An estimate of how long a layer takes once it may start. */
export const secondsOf = (layer: Layer): number =>
  Math.max(
    plainSeconds,
    slowLayers[layer.name] ?? 0,
    ...layer.objects.map((object) =>
      isHelmRelease(object) ? releaseSeconds : (slowKinds[object.kind] ?? 0),
    ),
  );

export interface Path {
  readonly names: readonly string[];
  readonly seconds: number;
}

// kustomize-controller looks again after --requeue-dependency=5s
const secondsPerLink = 5;

/** The chain of layers that decides when the cluster is Ready. */
export const longestPath = (cluster: Cluster): Path => {
  const edges = edgesOf(cluster);
  if (findCycle(edges) !== undefined) {
    return { names: [], seconds: Number.POSITIVE_INFINITY };
  }
  const known = new Map<string, Path>();
  const pathTo = (name: string): Path => {
    const before = known.get(name);
    if (before !== undefined) {
      return before;
    }
    const layer = cluster.layers.find((candidate) => candidate.name === name);
    const earlier = [...(edges.get(name) ?? [])].map(pathTo);
    const longest = earlier.reduce<Path>(
      (best, path) => (path.seconds > best.seconds ? path : best),
      { names: [], seconds: 0 },
    );
    const link = longest.names.length === 0 ? 0 : secondsPerLink;
    const own = layer === undefined ? 0 : secondsOf(layer);
    const path = { names: [...longest.names, name], seconds: longest.seconds + link + own };
    known.set(name, path);
    return path;
  };
  return cluster.layers
    .map((layer) => pathTo(layer.name))
    .reduce<Path>((best, path) => (path.seconds > best.seconds ? path : best), {
      names: [],
      seconds: 0,
    });
};
