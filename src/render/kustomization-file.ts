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
const PathHolder = z.array(z.looseObject({ path: z.string().optional() })).default([]);
const Generator = z
  .array(
    z.looseObject({
      files: Text,
      envs: Text,
      env: z.string().optional(),
    }),
  )
  .default([]);

/** The fields of a kustomization.yaml that name other files. */
export const KustomizationFile = z.looseObject({
  resources: Text,
  bases: Text,
  components: Text,
  crds: Text,
  configurations: Text,
  patchesStrategicMerge: Text,
  patches: PathHolder,
  patchesJson6902: PathHolder,
  replacements: PathHolder,
  configMapGenerator: Generator,
  secretGenerator: Generator,
  openapi: z.looseObject({ path: z.string().optional() }).optional(),
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

/** Parses one kustomization.yaml and refuses whatever could run or fetch something. */
export const readKustomizationFile = (
  file: string,
  text: string,
): Result<KustomizationFile, RenderProblem> => {
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
  return kustomization.success
    ? ok(kustomization.data)
    : fail({ code: 'invalid-yaml', file, detail: z.prettifyError(kustomization.error) });
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
