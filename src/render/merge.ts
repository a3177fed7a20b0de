import * as posix from 'node:path/posix';
import type { FluxKustomization } from '#src/render/flux-kustomization.ts';
import { generatedResources } from '#src/render/generate.ts';
import {
  kustomizationIn,
  readKustomizationFile,
  withoutEmptyLists,
} from '#src/render/kustomization-file.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { resolveInside, type Tree } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';

type Fields = Record<string, unknown>;
type Spec = FluxKustomization['spec'];

const listOf = (fields: Fields, name: string): readonly unknown[] => {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
};

const nameOf = (image: unknown): unknown =>
  typeof image === 'object' && image !== null && 'name' in image ? image.name : undefined;

const overrideImage = (
  { newTag, digest, ...existing }: Spec['images'][number],
  image: Spec['images'][number],
): Spec['images'][number] => {
  const selectsVersion = (image.newTag ?? '') !== '' || (image.digest ?? '') !== '';
  // a tag and a digest select one version together: a new one of either replaces both
  const kept = selectsVersion ? existing : { ...existing, newTag, digest };
  return { ...kept, ...image };
};

const mergeImages = (existing: readonly unknown[], images: Spec['images']): readonly unknown[] => {
  const merged = [...existing];
  for (const image of images) {
    const index = merged.findIndex((known) => nameOf(known) === image.name);
    if (index < 0) {
      merged.push(image);
    } else {
      merged[index] = overrideImage(merged[index] as Spec['images'][number], image);
    }
  }
  return merged;
};

const presentComponents = (tree: Tree, directory: string, spec: Spec): readonly string[] =>
  spec.components.filter((component) => {
    const path = resolveInside(directory, component);
    const isThere = path !== undefined && tree.entry(path) !== undefined;
    return isThere || !spec.ignoreMissingComponents;
  });

const additions = (fields: Fields, spec: Spec, components: readonly string[]): Fields => ({
  ...(spec.targetNamespace === undefined ? {} : { namespace: spec.targetNamespace }),
  ...(spec.namePrefix === undefined ? {} : { namePrefix: spec.namePrefix }),
  ...(spec.nameSuffix === undefined ? {} : { nameSuffix: spec.nameSuffix }),
  ...(spec.patches.length === 0
    ? {}
    : { patches: [...listOf(fields, 'patches'), ...spec.patches] }),
  ...(components.length === 0
    ? {}
    : { components: [...listOf(fields, 'components'), ...components] }),
  ...(spec.images.length === 0
    ? {}
    : { images: mergeImages(listOf(fields, 'images'), spec.images) }),
  ...(spec.buildMetadata.length === 0 ? {} : { buildMetadata: spec.buildMetadata }),
});

const header: Fields = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };

const existingFields = (tree: Tree, file: string): Result<Fields, RenderProblem> => {
  const entry = tree.entry(file);
  if (entry?.kind !== 'file') {
    const detail = 'the kustomization is a symbolic link';
    return fail({ code: 'refused', refusal: 'symbolic-link', file, detail });
  }
  const read = readKustomizationFile(file, entry.content.toString('utf8'));
  if (!read.ok) {
    return read;
  }
  // without resources kustomize calls a kustomization empty; the controller works around it so
  const isBare = read.value.resources.length === 0;
  const fields = isBare ? { ...read.value, buildMetadata: ['originAnnotations'] } : read.value;
  return ok(withoutEmptyLists(fields));
};

const generatedFields = (tree: Tree, directory: string): Result<Fields, RenderProblem> => {
  const resources = generatedResources(tree, directory);
  if (!resources.ok) {
    return resources;
  }
  return ok(
    resources.value.length === 0 ? { namespace: '_placeholder' } : { resources: resources.value },
  );
};

/** The kustomization that is built: where it lies, and its text with the Flux Kustomization's wishes in it. */
export interface Merged {
  readonly directory: string;
  readonly file: string;
  readonly text: string;
}

/**
 * Writes the Flux Kustomization's namespace, names, patches, components and images into the kustomization
 * of its path, which is generated when there is none, as kustomize-controller does before it builds.
 */
export const mergeKustomization = (
  tree: Tree,
  kustomization: FluxKustomization,
): Result<Merged, RenderProblem> => {
  const { spec } = kustomization;
  // the controller reads an absolute path as one inside the artifact
  const directory = resolveInside('.', `./${spec.path}`);
  if (directory === undefined) {
    const detail = `spec.path "${spec.path}" leaves the tree`;
    const file = `ks/${kustomization.metadata.namespace}/${kustomization.metadata.name}`;
    return fail({ code: 'refused', refusal: 'outside-tree', file, detail });
  }
  if (tree.entry(directory)?.kind !== 'directory') {
    return fail({ code: 'missing', file: directory, detail: 'kustomization path not found' });
  }
  const existing = kustomizationIn(tree, directory);
  if (!existing.ok) {
    return existing;
  }
  const fields =
    existing.value === undefined
      ? generatedFields(tree, directory)
      : existingFields(tree, existing.value);
  if (!fields.ok) {
    return fields;
  }
  const components = presentComponents(tree, directory, spec);
  const merged = { ...header, ...fields.value, ...additions(fields.value, spec, components) };
  return ok({
    directory,
    file: existing.value ?? posix.join(directory, 'kustomization.yaml'),
    text: `${JSON.stringify(merged, null, 2)}\n`,
  });
};
