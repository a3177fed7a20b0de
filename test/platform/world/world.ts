import type { KubeObject } from '#src/render/objects.ts';
import type { Schemas } from '#test/platform/schemas/schemas.ts';
import type { Versions } from '#test/platform/world/versions.ts';

/** One Flux Kustomization of a cluster with what it applies; the root is what the FluxInstance syncs. */
export interface Layer {
  readonly name: string;
  /** the layer that applies this Kustomization; undefined for the root */
  readonly parent: string | undefined;
  readonly kustomization: KubeObject;
  readonly objects: readonly KubeObject[];
  /** its source is another repository, so what it applies is known from the facts table only */
  readonly isExternal: boolean;
  readonly problem: string | undefined;
  readonly files: readonly string[];
}

export interface Cluster {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly layers: readonly Layer[];
  readonly versions: Versions;
}

/** Everything that the rules look at: what both clusters apply, and the texts beside it. */
export interface World {
  readonly clusters: readonly Cluster[];
  /** text files of the repository by path: kubernetes, bootstrap, docs, versions and workflows */
  readonly files: ReadonlyMap<string, string>;
  readonly versions: Versions;
  readonly schemas: Schemas;
}

export interface Finding {
  /** the object or file it is about */
  readonly where: string;
  readonly what: string;
}

/** One rule: a pure function from the world to what is wrong in it, for one cluster or for both at once. */
export interface Rule {
  readonly name: string;
  readonly summary: string;
  /** the number in the failure log of the first attempt that this rule would have caught */
  readonly failures?: readonly number[];
  readonly scope: 'cluster' | 'both';
  /** given the cluster for scope `cluster`; for scope `both` it is the first one, to be ignored */
  readonly check: (cluster: Cluster, world: World) => readonly Finding[];
}

export interface Applied {
  readonly layer: Layer;
  readonly object: KubeObject;
}

/** Every object that the cluster gets, with the layer that brings it. */
export const appliedObjects = (cluster: Cluster): readonly Applied[] =>
  cluster.layers.flatMap((layer) => layer.objects.map((object) => ({ layer, object })));

export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** `apps/Deployment/kube-system/coredns`: one name for one object, whatever its version. */
export const keyOf = (object: KubeObject): string =>
  key(groupOf(object.apiVersion), object.kind, object.metadata.namespace, object.metadata.name);

export const key = (
  group: string,
  kind: string,
  namespace: string | undefined,
  name: string,
): string => `${group}/${kind}/${namespace ?? ''}/${name}`;

/** `HelmRelease/kube-system/cilium`, for people. */
export const titleOf = (object: KubeObject): string =>
  [object.kind, object.metadata.namespace, object.metadata.name]
    .filter((part) => part !== undefined)
    .join('/');
