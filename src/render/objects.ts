import { z } from 'zod';
import type { FluxKustomization } from '#src/render/flux-kustomization.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { isVariableName, substituteText } from '#src/render/substitute.ts';
import { readYaml, splitDocuments } from '#src/render/yaml.ts';
import { fail, ok, type Result } from '#src/result.ts';

const Metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** An object as an API server takes it; everything beyond its address is kept as it is. */
export const KubeObject = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: Metadata,
});
export type KubeObject = z.infer<typeof KubeObject>;

/** `Deployment/harbor/core`, or `Namespace/harbor` for an object without a namespace. */
export const printObject = (object: KubeObject): string =>
  [object.kind, object.metadata.namespace, object.metadata.name]
    .filter((part) => part !== undefined)
    .join('/');

const readObject = (text: string): Result<KubeObject, RenderProblem> => {
  const parsed = readYaml(text);
  if (!parsed.ok) {
    return fail({ code: 'not-kubernetes', detail: parsed.failure });
  }
  const object = KubeObject.safeParse(parsed.value);
  return object.success
    ? ok(object.data)
    : fail({ code: 'not-kubernetes', detail: z.prettifyError(object.error) });
};

/** The label or annotation that keeps the variables of one object as they are. */
export const substituteKey = 'kustomize.toolkit.fluxcd.io/substitute';

/** Whether an object opts out of substitution, as scripts and dashboards do. */
export const isSubstitutionOff = (object: KubeObject): boolean =>
  object.metadata.labels?.[substituteKey] === 'disabled' ||
  object.metadata.annotations?.[substituteKey] === 'disabled';

const replaceVariables = (
  text: string,
  object: KubeObject,
  variables: ReadonlyMap<string, string>,
): Result<KubeObject, RenderProblem> => {
  const replaced = substituteText(text, variables);
  if (!replaced.ok) {
    return fail({ code: 'substitution', object: printObject(object), detail: replaced.failure });
  }
  const read = readObject(replaced.value);
  return read.ok
    ? read
    : fail({
        code: 'substitution',
        object: printObject(object),
        detail: `no longer an object once its variables are replaced: ${'detail' in read.failure ? read.failure.detail : read.failure.code}`,
      });
};

/**
 * Reads what kustomize wrote and replaces variables object by object, on the text, as
 * kustomize-controller does: so an unquoted value may change its type, there and here.
 * @param variables - undefined when the Kustomization asks for no substitution
 */
export const readObjects = (
  output: string,
  variables: ReadonlyMap<string, string> | undefined,
): Result<readonly KubeObject[], RenderProblem> => {
  const wrongName = [...(variables?.keys() ?? [])].find((name) => !isVariableName(name));
  if (wrongName !== undefined) {
    const detail = `"${wrongName}" is not a name for a variable`;
    return fail({ code: 'substitution', object: 'postBuild', detail });
  }
  const objects: KubeObject[] = [];
  for (const text of splitDocuments(output)) {
    const object = readObject(text);
    if (!object.ok) {
      return object;
    }
    const final =
      variables === undefined || isSubstitutionOff(object.value)
        ? object
        : replaceVariables(text, object.value, variables);
    if (!final.ok) {
      return final;
    }
    objects.push(final.value);
  }
  return ok(objects);
};

const withMetadata = (
  object: KubeObject,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): KubeObject => {
  const merge = (
    name: 'labels' | 'annotations',
    more: Readonly<Record<string, string>>,
  ): Record<string, unknown> =>
    Object.keys(more).length === 0 ? {} : { [name]: { ...object.metadata[name], ...more } };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...merge('labels', labels),
      ...merge('annotations', annotations),
    },
  };
};

/** Sets `spec.commonMetadata` on every object, over what it had. */
export const withCommonMetadata = (
  objects: readonly KubeObject[],
  common: FluxKustomization['spec']['commonMetadata'],
): readonly KubeObject[] =>
  common === undefined
    ? objects
    : objects.map((object) => withMetadata(object, common.labels, common.annotations));

/** Sets the labels by which kustomize-controller marks what it applied. */
export const withOwner = (
  objects: readonly KubeObject[],
  owner: { readonly name: string; readonly namespace: string },
): readonly KubeObject[] =>
  objects.map((object) =>
    withMetadata(
      object,
      {
        'kustomize.toolkit.fluxcd.io/name': owner.name,
        'kustomize.toolkit.fluxcd.io/namespace': owner.namespace,
      },
      {},
    ),
  );
