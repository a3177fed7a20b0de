import type { KubeObject } from '#src/render/objects.ts';
import { explainRenderProblem } from '#src/render/problem.ts';
import type { Renderer, VariableSource } from '#src/render/render.ts';
import { type Tree, type TreeContent, treeOf } from '#src/render/tree.ts';
import type { Schemas } from '#test/platform/schemas/schemas.ts';
import { cephObjects } from '#test/platform/world/charts.ts';
import { dataAt, textAt } from '#test/platform/world/value.ts';
import { readVersions, type Versions } from '#test/platform/world/versions.ts';
import {
  appliedObjects,
  type Cluster,
  groupOf,
  type Layer,
  type World,
} from '#test/platform/world/world.ts';

export const clusterNames: readonly string[] = ['infra', 'apps'];

/** A world that was loaded before, and the paths that differ from it. */
export interface Before {
  readonly world: World;
  readonly changed: ReadonlySet<string>;
}

interface Loading {
  readonly renderer: Renderer;
  readonly tree: Tree;
  readonly before: Before | undefined;
}

/** What the FluxInstance makes: the Kustomization that applies the cluster's entry. */
const rootKustomization = (cluster: string): KubeObject => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'flux-system', namespace: 'flux-system' },
  spec: {
    path: `./kubernetes/clusters/${cluster}`,
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
    serviceAccountName: 'kustomize-controller',
  },
});

const isFluxKustomization = (object: KubeObject): boolean =>
  object.kind === 'Kustomization' && groupOf(object.apiVersion) === 'kustomize.toolkit.fluxcd.io';

const isOwnSource = (kustomization: KubeObject): boolean =>
  textAt(kustomization, 'spec', 'sourceRef', 'name') === 'flux-system' &&
  textAt(kustomization, 'spec', 'sourceRef', 'kind') === 'GitRepository';

const stringData = (object: KubeObject | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(dataAt(object, 'data')).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );

const variablesFrom =
  (objects: readonly KubeObject[]): VariableSource =>
  (reference, namespace) => {
    const found = objects.find(
      (object) =>
        object.kind === reference.kind &&
        object.metadata.name === reference.name &&
        object.metadata.namespace === namespace,
    );
    return found === undefined ? undefined : stringData(found);
  };

/** Whether a layer of before still holds: nothing that it was built from has changed. */
const stillHolds = (
  layer: Layer | undefined,
  kustomization: KubeObject,
  changed: ReadonlySet<string>,
): layer is Layer => {
  if (layer === undefined || layer.problem !== undefined) {
    return false;
  }
  const folder = (textAt(kustomization, 'spec', 'path') ?? '').replace(/^\.\//, '');
  return (
    JSON.stringify(layer.kustomization) === JSON.stringify(kustomization) &&
    !layer.files.some((path) => changed.has(path)) &&
    // a new file below the path may be found by a generated kustomization
    ![...changed].some((path) => path.startsWith(`${folder}/`))
  );
};

const renderLayer = async (
  loading: Loading,
  kustomization: KubeObject,
  parent: string | undefined,
  variables: VariableSource,
): Promise<Layer> => {
  const { renderer, tree } = loading;
  const layer = { name: kustomization.metadata.name, parent, kustomization };
  if (!isOwnSource(kustomization)) {
    return { ...layer, objects: [], isExternal: true, problem: undefined, files: [] };
  }
  const rendered = await renderer.render({ tree, kustomization, variables });
  return rendered.ok
    ? {
        ...layer,
        objects: rendered.value.objects,
        isExternal: false,
        problem: undefined,
        files: rendered.value.files,
      }
    : {
        ...layer,
        objects: [],
        isExternal: false,
        problem: explainRenderProblem(rendered.failure),
        files: [],
      };
};

const loadCluster = async (
  loading: Loading,
  name: string,
  versions: Versions,
): Promise<Cluster> => {
  const earlier = loading.before?.world.clusters.find((cluster) => cluster.name === name);
  const settingsOf = (layer: Layer): Readonly<Record<string, string>> =>
    stringData(layer.objects.find((object) => object.metadata.name === 'cluster-settings'));
  const reuse = (kustomization: KubeObject, parent: string | undefined): Layer | undefined => {
    const known = earlier?.layers.find((layer) => layer.name === kustomization.metadata.name);
    const changed = loading.before?.changed ?? new Set<string>();
    return stillHolds(known, kustomization, changed) ? { ...known, parent } : undefined;
  };

  const rootSpec = rootKustomization(name);
  const root =
    reuse(rootSpec, undefined) ??
    (await renderLayer(loading, rootSpec, undefined, () => undefined));
  const settings = settingsOf(root);
  const sameSettings = JSON.stringify(settings) === JSON.stringify(earlier?.settings);
  const variables = variablesFrom(root.objects);
  const layers: Layer[] = [root];
  const seen = new Set([root.name]);
  for (let level: readonly Layer[] = [root]; level.length > 0; ) {
    const children = level.flatMap((parent) =>
      parent.objects
        .filter((object) => isFluxKustomization(object) && !seen.has(object.metadata.name))
        .map((child) => ({ child, parent: parent.name })),
    );
    for (const { child } of children) {
      seen.add(child.metadata.name);
    }
    level = await Promise.all(
      children.map(({ child, parent }) => {
        const known = sameSettings ? reuse(child, parent) : undefined;
        return known ?? renderLayer(loading, child, parent, variables);
      }),
    );
    layers.push(...level);
  }
  return { name, settings, layers, versions };
};

/**
 * Renders both cluster entries through all their child Kustomizations.
 * @param before - an earlier world: layers that none of the changed files reach are taken from it
 */
export const loadWorld = async (
  renderer: Renderer,
  schemas: Schemas,
  content: TreeContent,
  before?: Before,
): Promise<World> => {
  const files = new Map(
    [...content.files].map(([path, bytes]) => [path, bytes.toString('utf8')] as const),
  );
  const { versions } = readVersions(files.get('versions.yaml'));
  const loading: Loading = { renderer, tree: treeOf(content), before };
  const clusters = await Promise.all(
    clusterNames.map((name) => loadCluster(loading, name, versions)),
  );
  const applied = clusters.flatMap((cluster) =>
    appliedObjects(cluster).map(({ object }) => object),
  );
  await schemas.prepare([...applied, ...applied.flatMap(cephObjects)]);
  return { clusters, files, versions, schemas };
};
