import { z } from 'zod';
import { durationMs } from '#src/flux/duration.ts';
import { fail, ok, type Result } from '#src/result.ts';

/**
 * The ladder a new cluster climbs, as written in bootstrap/ladder.yaml: rungs in order, each with the
 * probes that prove it. Probes are declarations over plain objects as the API server sends them, so
 * that the Taskfiles' waits, `flux-chatops bootstrap status` and the platform tests judge alike.
 */

// a key may hold dots (labels, annotations): then the path is written as a list
const Path = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((path): readonly string[] => (typeof path === 'string' ? path.split('.') : path));
export type Path = z.infer<typeof Path>;

const Duration = z.string().transform((written, context) => {
  const ms = durationMs(written);
  if (ms === undefined || ms <= 0) {
    context.addIssue({ code: 'custom', message: `${written} is not a duration` });
    return z.NEVER;
  }
  return ms;
});

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const ObjectRef = z.strictObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  namespace: z.string().optional(),
  name: z.string().min(1),
});

/** A condition of this type has this status, for the generation that is now wanted. */
const ConditionCheck = z.strictObject({
  condition: z.string().min(1),
  status: z.enum(['True', 'False', 'Unknown']).default('True'),
  /** one of these reasons, when given */
  reasons: z.array(z.string()).min(1).optional(),
  /** none of these */
  exceptReasons: z.array(z.string()).min(1).optional(),
});

/** A field holds; exactly one of the comparisons is given. */
const FieldCheck = z
  .strictObject({
    field: Path,
    equals: Scalar.optional(),
    in: z.array(Scalar).min(1).optional(),
    matches: z.string().optional(),
    atLeast: z.number().optional(),
    isSet: z.boolean().optional(),
    /** equal to another field of the same object */
    sameField: Path.optional(),
    /** equal to a field of another object */
    sameAs: z.strictObject({ object: ObjectRef, field: Path }).optional(),
    /** a time, at most this long ago */
    within: Duration.optional(),
    /** a time that is still to come */
    isFuture: z.boolean().optional(),
  })
  .superRefine((check, context) => {
    const comparisons = Object.entries(check).filter(
      ([key, value]) => key !== 'field' && value !== undefined,
    );
    if (comparisons.length !== 1) {
      context.addIssue({ code: 'custom', message: 'exactly one comparison is needed' });
    }
    if (check.matches !== undefined && !isPattern(check.matches)) {
      context.addIssue({ code: 'custom', message: `${check.matches} is not a regular expression` });
    }
  });

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

export type ConditionCheck = z.infer<typeof ConditionCheck>;
export type FieldCheck = z.infer<typeof FieldCheck>;

/** Every entry of a list passes the checks; an empty or absent list does not. */
export interface EachCheck {
  readonly each: Path;
  readonly expect: readonly Check[];
}
export type Check = ConditionCheck | FieldCheck | EachCheck;

const EachCheck: z.ZodType<EachCheck> = z.strictObject({
  each: Path,
  get expect() {
    return z.array(Check).min(1);
  },
});
const Check: z.ZodType<Check> = z.lazy(() => z.union([ConditionCheck, FieldCheck, EachCheck]));

/** How objects of a sort are judged; probes name it. */
const Shape = z.strictObject({
  expect: z.array(Check).min(1),
  /** any of these: failed, rather than not there yet */
  failedWhen: z.array(Check).default([]),
  /** any of these: passes, with a remark */
  warnWhen: z.array(Check).default([]),
  /** any of these: held back by another object, so never the root cause */
  waitingWhen: z.array(Check).default([]),
});
export type Shape = z.infer<typeof Shape>;

const clusterName = z.string().regex(/^[a-z][a-z0-9-]*$/);
const perCluster = z.union([
  z.number().int().nonnegative(),
  z.record(clusterName, z.number().int().nonnegative()),
]);

/** Objects of one kind: those named, or all that match. */
const Objects = z
  .strictObject({
    apiVersion: z.string().min(1),
    kind: z.string().min(1),
    namespace: z.string().optional(),
    names: z.array(z.string().min(1)).min(1).optional(),
    /** ends every name: the group of a CRD */
    suffix: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    /** how many there must be at least, when they are not named; one when absent */
    count: perCluster.optional(),
  })
  .superRefine(({ names, suffix, labels, count }, context) => {
    if (names !== undefined && (labels !== undefined || count !== undefined)) {
      context.addIssue({ code: 'custom', message: 'names leave nothing for labels or count' });
    }
    if (names === undefined && suffix !== undefined) {
      context.addIssue({ code: 'custom', message: 'suffix needs names' });
    }
    if (names !== undefined && new Set(names).size !== names.length) {
      context.addIssue({ code: 'custom', message: 'a name is there twice' });
    }
  });

const probeBase = {
  name: z.string().regex(/^[a-z0-9-]+$/),
  /** the clusters that have it; all when absent */
  clusters: z.array(clusterName).min(1).optional(),
  /** what a person does when this is what blocks; `{cluster}` becomes its name */
  next: z.string().optional(),
};

const ObjectsProbe = z.strictObject({
  ...probeBase,
  objects: Objects,
  shape: z.string().min(1),
  /** fields that all these objects share */
  agree: z.array(Path).min(1).optional(),
});
/** A path of the API server that must answer 200. */
const EndpointProbe = z.strictObject({ ...probeBase, endpoint: z.string().startsWith('/') });
/** Something the asker has seen itself, such as an alert that arrived; at most so long ago. */
const SignalProbe = z.strictObject({ ...probeBase, signal: z.string().min(1), within: Duration });

const Probe = z.union([ObjectsProbe, EndpointProbe, SignalProbe]);
export type Probe = z.infer<typeof Probe>;
export type ObjectsProbe = z.infer<typeof ObjectsProbe>;

const Rung = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1),
  /** how long a new cluster may take for this rung alone */
  budget: Duration,
  probes: z.array(Probe).min(1),
});
export type Rung = z.infer<typeof Rung>;

export const Ladder = z
  .strictObject({
    clusters: z.array(clusterName).min(1),
    shapes: z.record(z.string(), Shape),
    rungs: z.array(Rung).min(1),
  })
  .superRefine((ladder, context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    const twice = (what: string, names: readonly string[]) => {
      for (const name of names.filter((each, at) => names.indexOf(each) !== at)) {
        complain(`${what} ${name} is there twice`);
      }
    };
    const probes = ladder.rungs.flatMap((rung) => rung.probes);
    twice(
      'rung',
      ladder.rungs.map(({ name }) => name),
    );
    twice(
      'probe',
      probes.map(({ name }) => name),
    );
    const used = new Set<string>();
    for (const probe of probes) {
      if ('shape' in probe) {
        used.add(probe.shape);
        if (!(probe.shape in ladder.shapes)) {
          complain(`probe ${probe.name} names the shape ${probe.shape}, which is not there`);
        }
      }
      const named = [...(probe.clusters ?? []), ...countedClusters(probe)];
      for (const cluster of named.filter((each) => !ladder.clusters.includes(each))) {
        complain(`probe ${probe.name} names the cluster ${cluster}, which is not there`);
      }
    }
    for (const shape of Object.keys(ladder.shapes).filter((name) => !used.has(name))) {
      complain(`no probe uses the shape ${shape}`);
    }
    for (const rung of ladder.rungs) {
      for (const cluster of ladder.clusters.filter(
        (each) => !rung.probes.some((probe) => isOn(probe, each)),
      )) {
        complain(`rung ${rung.name} has no probe on ${cluster}`);
      }
    }
  });
export type Ladder = z.infer<typeof Ladder>;

function countedClusters(probe: Probe): readonly string[] {
  return 'objects' in probe && typeof probe.objects.count === 'object'
    ? Object.keys(probe.objects.count)
    : [];
}

/** Whether a probe is meant for this cluster. */
export function isOn(probe: Probe, cluster: string): boolean {
  return probe.clusters?.includes(cluster) ?? true;
}

/**
 * Reads a ladder from what a YAML parser made of its file.
 * @returns the ladder, or every complaint with the place it is about
 */
export const parseLadder = (written: unknown): Result<Ladder, readonly string[]> => {
  const parsed = Ladder.safeParse(written);
  return parsed.success
    ? ok(parsed.data)
    : fail(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
};

/** What has to be read from a cluster to climb: kinds (in one namespace, or in all) and paths. */
export interface Wanted {
  readonly kinds: readonly { readonly apiVersion: string; readonly kind: string }[];
  readonly endpoints: readonly string[];
}

/** Everything the probes of these rungs look at on a cluster; the bot's read rights follow from it. */
export const wantedOf = (
  rungs: readonly Rung[],
  shapes: Ladder['shapes'],
  cluster: string,
): Wanted => {
  const kinds = new Map<string, { apiVersion: string; kind: string }>();
  const endpoints = new Set<string>();
  const add = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) =>
    kinds.set(`${apiVersion}/${kind}`, { apiVersion, kind });
  for (const probe of rungs.flatMap(({ probes }) => probes).filter((each) => isOn(each, cluster))) {
    if ('endpoint' in probe) {
      endpoints.add(probe.endpoint);
    }
    if ('objects' in probe) {
      add(probe.objects);
      for (const check of shapes[probe.shape]?.expect ?? []) {
        if ('field' in check && check.sameAs !== undefined) {
          add(check.sameAs.object);
        }
      }
    }
  }
  return { kinds: [...kinds.values()], endpoints: [...endpoints] };
};
