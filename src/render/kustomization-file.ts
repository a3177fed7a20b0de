import { z } from 'zod';
import type { RenderProblem } from '#src/render/problem.ts';
import type { Tree } from '#src/render/tree.ts';
import { readYaml } from '#src/render/yaml.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** The names that kustomize recognises; a directory may hold one of them only. */
export const kustomizationNames: readonly string[] = [
  'kustomization.yaml',
  'kustomization.yml',
  'Kustomization',
];

const Text = z.array(z.string()).default([]);
// Closed, because kustomize reads keys in any case: what `Path` or `FILES` names must not be read unseen.
const Patch = z.strictObject({
  path: z.string().optional(),
  patch: z.unknown().optional(),
  target: z.unknown().optional(),
  options: z.unknown().optional(),
});
const Replacement = z.strictObject({
  path: z.string().optional(),
  source: z.unknown().optional(),
  targets: z.unknown().optional(),
});
const Generator = z.strictObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  behavior: z.string().optional(),
  type: z.string().optional(),
  options: z.unknown().optional(),
  literals: z.array(z.unknown()).optional(),
  files: Text,
  envs: Text,
  env: z.string().optional(),
});
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);

/** The fields of a kustomization.yaml that name other files. */
export const KustomizationFile = z.looseObject({
  resources: Text,
  bases: Text,
  components: Text,
  crds: Text,
  configurations: Text,
  patchesStrategicMerge: Text,
  patches: listOf(Patch),
  patchesJson6902: listOf(Patch),
  replacements: listOf(Replacement),
  configMapGenerator: listOf(Generator),
  secretGenerator: listOf(Generator),
  openapi: z.strictObject({ path: z.string().optional() }).optional(),
});
export type KustomizationFile = z.infer<typeof KustomizationFile>;

const harmless: ReadonlySet<string> = new Set([
  ...Object.keys(KustomizationFile.shape),
  'apiVersion',
  'kind',
  'metadata',
  'namespace',
  'namePrefix',
  'nameSuffix',
  'labels',
  'commonLabels',
  'commonAnnotations',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'generatorOptions',
  'buildMetadata',
  'sortOptions',
]);

const executing: ReadonlySet<string> = new Set([
  'generators',
  'transformers',
  'validators',
  'helmCharts',
  'helmGlobals',
  'helmChartInflationGenerator',
]);

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0);

const forbiddenField = (
  file: string,
  fields: Record<string, unknown>,
): RenderProblem | undefined => {
  for (const [field, value] of Object.entries(fields)) {
    if (executing.has(field) && !isEmpty(value)) {
      const detail = `"${field}" runs plugins, functions or Helm`;
      return { code: 'refused', refusal: 'executable', file, detail };
    }
    if (!harmless.has(field) && !executing.has(field)) {
      const detail = `the field "${field}" is not known`;
      return { code: 'refused', refusal: 'unknown-field', file, detail };
    }
  }
  return undefined;
};

// kustomize reads an absent value and an empty list alike
const withoutNulls = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

const misfit = (file: string, error: z.ZodError): RenderProblem => {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown === undefined) {
    return { code: 'invalid-yaml', file, detail: z.prettifyError(error) };
  }
  const detail = `${unknown.path.join('.')}: ${unknown.message.toLowerCase()}`;
  return { code: 'refused', refusal: 'unknown-field', file, detail };
};

// breaks to one YAML parser and not to another: a comment to us would be a field to kustomize
const strangeBreaks = /[\u0085\u2028\u2029]|\r(?!\n)/;

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** The fields that say something; kustomize warns about some of the others even when they are empty. */
export const withoutEmptyLists = (fields: KustomizationFile): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmptyList(value)));

/** Parses one kustomization.yaml and refuses whatever could run or fetch something. */
export const readKustomizationFile = (
  file: string,
  text: string,
): Result<KustomizationFile, RenderProblem> => {
  if (strangeBreaks.test(text)) {
    return fail({ code: 'invalid-yaml', file, detail: 'it has line breaks other than LF' });
  }
  const parsed = readYaml(text);
  if (!parsed.ok) {
    return fail({ code: 'invalid-yaml', file, detail: parsed.failure });
  }
  const fields = z.record(z.string(), z.unknown()).safeParse(parsed.value ?? {});
  if (!fields.success) {
    return fail({ code: 'invalid-yaml', file, detail: 'a kustomization is a mapping' });
  }
  const forbidden = forbiddenField(file, fields.data);
  if (forbidden !== undefined) {
    return fail(forbidden);
  }
  const kustomization = KustomizationFile.safeParse(withoutNulls(fields.data));
  return kustomization.success ? ok(kustomization.data) : fail(misfit(file, kustomization.error));
};

/** The path of the kustomization file of a directory, undefined when it has none. */
export const kustomizationIn = (
  tree: Tree,
  directory: string,
): Result<string | undefined, RenderProblem> => {
  const paths = kustomizationNames
    .map((name) => (directory === '.' ? name : `${directory}/${name}`))
    .filter((path) => {
      const kind = tree.entry(path)?.kind;
      return kind === 'file' || kind === 'link';
    });
  return paths.length > 1
    ? fail({ code: 'build-failed', detail: `${directory} has ${paths.length} kustomization files` })
    : ok(paths[0]);
};
