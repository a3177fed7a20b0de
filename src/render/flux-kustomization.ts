import { z } from 'zod';

const Selector = z.object({
  group: z.string().optional(),
  version: z.string().optional(),
  kind: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  labelSelector: z.string().optional(),
  annotationSelector: z.string().optional(),
});

const SubstituteReference = z.object({
  kind: z.enum(['ConfigMap', 'Secret']),
  name: z.string(),
  optional: z.boolean().default(false),
});
export type SubstituteReference = z.infer<typeof SubstituteReference>;

/**
 * The part of a Flux Kustomization that decides what it renders to.
 * @see https://fluxcd.io/flux/components/kustomize/api/v1/
 */
export const FluxKustomization = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    path: z.string().default('./'),
    targetNamespace: z.string().optional(),
    namePrefix: z.string().optional(),
    nameSuffix: z.string().optional(),
    components: z.array(z.string()).default([]),
    ignoreMissingComponents: z.boolean().default(false),
    patches: z.array(z.object({ patch: z.string(), target: Selector.optional() })).default([]),
    images: z
      .array(
        z.object({
          name: z.string(),
          newName: z.string().optional(),
          newTag: z.string().optional(),
          digest: z.string().optional(),
        }),
      )
      .default([]),
    buildMetadata: z.array(z.string()).default([]),
    commonMetadata: z
      .object({
        labels: z.record(z.string(), z.string()).default({}),
        annotations: z.record(z.string(), z.string()).default({}),
      })
      .optional(),
    postBuild: z
      .object({
        substitute: z.record(z.string(), z.string()).default({}),
        substituteFrom: z.array(SubstituteReference).default([]),
        substituteStrategy: z.enum(['WithVariables', 'Always']).default('WithVariables'),
      })
      .optional(),
  }),
});
export type FluxKustomization = z.infer<typeof FluxKustomization>;
