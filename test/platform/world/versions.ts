import { z } from 'zod';
import { readYaml } from '#src/render/yaml.ts';

const Range = z.object({ min: z.string().optional(), max: z.string().optional() });
export type Range = z.infer<typeof Range>;

const Verify = z.object({ method: z.enum(['cosign-keyless', 'none']), why: z.string().optional() });

const Provides = z.object({
  groups: z.array(z.string()).default([]),
  crds: z.array(z.string()).default([]),
  storageClasses: z.array(z.string()).default([]),
  volumeSnapshotClasses: z.array(z.string()).default([]),
  webhook: z.string().optional(),
  objects: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        namespace: z.string().optional(),
        name: z.string(),
      }),
    )
    .default([]),
});

const Component = z.looseObject({
  kustomization: z.string(),
  version: z.string().optional(),
  source: z.string().optional(),
  chart: z.string().optional(),
  commit: z.string().optional(),
  kubernetes: Range.optional(),
  alignedWith: z.string().optional(),
  verify: Verify.optional(),
  provides: Provides.prefault({}),
  needs: z.array(z.string()).default([]),
  redis: Range.optional(),
});
export type Component = z.infer<typeof Component>;

const Image = z.looseObject({
  version: z.string(),
  source: z.string(),
  redis: z.string().optional(),
  verify: Verify,
});

/** versions.yaml: every pin once, what it fits, what it brings and how far it can be trusted. */
export const Versions = z.looseObject({
  platform: z.looseObject({
    kubernetes: z.looseObject({ version: z.string() }),
    talos: z.looseObject({ version: z.string(), kubernetes: Range }),
    flux: z.looseObject({
      version: z.string(),
      kubernetes: Range,
      apis: z.record(z.string(), z.string()),
    }),
  }),
  components: z.record(z.string(), Component),
  images: z.record(z.string(), Image),
  allowed: z.object({
    charts: z.array(z.string()),
    git: z.array(z.string()),
    images: z.array(z.string()),
  }),
});
export type Versions = z.infer<typeof Versions>;

const empty: Versions = {
  platform: {
    kubernetes: { version: '' },
    talos: { version: '', kubernetes: {} },
    flux: { version: '', kubernetes: {}, apis: {} },
  },
  components: {},
  images: {},
  allowed: { charts: [], git: [], images: [] },
};

export interface ReadVersions {
  readonly versions: Versions;
  readonly problem: string | undefined;
}

/** Reads the table; a table that cannot be read is empty, and its problem is a finding. */
export const readVersions = (text: string | undefined): ReadVersions => {
  const parsed = readYaml(text ?? '');
  if (!parsed.ok) {
    return { versions: empty, problem: parsed.failure };
  }
  const versions = Versions.safeParse(parsed.value);
  return versions.success
    ? { versions: versions.data, problem: undefined }
    : { versions: empty, problem: z.prettifyError(versions.error) };
};
