import { z } from 'zod';
import { durationMs } from '#src/flux/duration.ts';
import type { FluxKind, FluxRef } from '#src/flux/ref.ts';
import { fluxKinds, isFluxKind } from '#src/flux/ref.ts';

/**
 * One Flux object as one cluster holds it: only what the product reads. Plain data; parsed from what the
 * API server sends by {@link parseFluxObject}. Values of a HelmRelease and substitutions, which may hold
 * secrets, are never kept.
 */
export interface FluxObject {
  readonly ref: FluxRef;
  readonly apiVersion: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** −1 as long as the object never succeeded (kustomize- and helm-controller). */
  readonly observedGeneration: number;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly suspended: boolean;
  readonly annotations: Readonly<Record<string, string | undefined>>;
  readonly owner: FluxRef | undefined;
  readonly conditions: readonly Condition[];
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly path: string | undefined;
  readonly url: string | undefined;
  readonly source: FluxRef | undefined;
  readonly dependsOn: readonly FluxRef[];
  /** Whether Ready says something about the health of the workloads. */
  readonly checksHealth: boolean;
  readonly lastHandledReconcileAt: string | undefined;
  readonly lastAppliedRevision: string | undefined;
  readonly lastAttemptedRevision: string | undefined;
  /** A source's artifact. */
  readonly artifactRevision: string | undefined;
  readonly history: readonly HistoryEntry[];
  /** Ids as Flux writes them: `<namespace>_<name>_<group>_<kind>`. */
  readonly inventory: readonly string[];
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number | undefined;
  /** ms since the epoch, by the cluster's clock. */
  readonly since: number;
}

export interface HistoryEntry {
  /** Revision of a Kustomization, chart version of a HelmRelease. */
  readonly revision: string | undefined;
  /** Flux's own word: `ReconciliationSucceeded`, `HealthCheckFailed`, `deployed`, … */
  readonly status: string;
  readonly at: number;
  /** When this content (or release) first came, ms. */
  readonly firstAt: number;
}

const text = z.string().optional().catch(undefined);
const time = z
  .string()
  .transform((written) => Date.parse(written))
  .catch(Number.NaN);

const NamedRef = z.object({ kind: text, name: z.string(), namespace: text });

const Metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().catch(0),
  creationTimestamp: time,
  deletionTimestamp: text,
  annotations: z.record(z.string(), z.string()).catch({}),
  labels: z.record(z.string(), z.string()).catch({}),
});

const Spec = z.object({
  suspend: z.boolean().catch(false),
  interval: text,
  timeout: text,
  path: text,
  url: text,
  wait: z.boolean().catch(false),
  healthChecks: z.array(z.unknown()).catch([]),
  sourceRef: NamedRef.optional().catch(undefined),
  chartRef: NamedRef.optional().catch(undefined),
  chart: z.unknown().optional(),
  install: z.unknown().optional(),
  upgrade: z.unknown().optional(),
  dependsOn: z.array(NamedRef).catch([]),
  imageRepositoryRef: NamedRef.optional().catch(undefined),
});

const Status = z.object({
  observedGeneration: z.number().catch(0),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: z.string().catch(''),
        message: z.string().catch(''),
        observedGeneration: z.number().optional(),
        lastTransitionTime: time,
      }),
    )
    .catch([]),
  lastHandledReconcileAt: text,
  lastAppliedRevision: text,
  lastAttemptedRevision: text,
  helmChart: text,
  artifact: z.object({ revision: text }).optional().catch(undefined),
  history: z.array(z.record(z.string(), z.unknown())).catch([]),
  inventory: z
    .object({ entries: z.array(z.object({ id: z.string() })).catch([]) })
    .optional()
    .catch(undefined),
});

const Wire = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: Metadata,
  spec: Spec.catch(Spec.parse({})),
  status: Status.catch(Status.parse({})),
});

// annotations that the product reads; the rest may be large (last-applied) or hold anything
const keptAnnotations =
  /^(reconcile\.fluxcd\.io\/|kustomize\.toolkit\.fluxcd\.io\/reconcile$|flux-chatops\.dev\/)/;

const refTo = (
  named: z.output<typeof NamedRef> | undefined,
  home: string,
  fallback?: FluxKind,
): FluxRef | undefined => {
  const kind = named?.kind ?? fallback;
  return named === undefined || kind === undefined || !isFluxKind(kind)
    ? undefined
    : { kind, namespace: named.namespace ?? home, name: named.name };
};

const ownerKinds = [
  ['Kustomization', fluxKinds.Kustomization.group],
  ['HelmRelease', fluxKinds.HelmRelease.group],
] as const;

const ownerOf = (labels: Readonly<Record<string, string>>): FluxRef | undefined => {
  for (const [kind, group] of ownerKinds) {
    const name = labels[`${group}/name`];
    const namespace = labels[`${group}/namespace`];
    if (name !== undefined && namespace !== undefined) {
      return { kind, namespace, name };
    }
  }
  return undefined;
};

const HelmAction = z
  .object({ disableWait: z.boolean().catch(false) })
  .catch({ disableWait: false });
const ChartTemplate = z.object({ spec: z.object({ sourceRef: NamedRef }) });

const sourceOf = (
  kind: FluxKind,
  namespace: string,
  spec: z.output<typeof Spec>,
  helmChart: string | undefined,
): FluxRef | undefined => {
  if (kind !== 'HelmRelease') {
    return refTo(spec.sourceRef, namespace);
  }
  if (spec.chartRef !== undefined) {
    return refTo(spec.chartRef, namespace);
  }
  const [chartNamespace, chartName] = helmChart?.split('/') ?? [];
  if (chartNamespace !== undefined && chartName !== undefined) {
    return { kind: 'HelmChart', namespace: chartNamespace, name: chartName };
  }
  const template = ChartTemplate.safeParse(spec.chart);
  return template.success ? refTo(template.data.spec.sourceRef, namespace) : undefined;
};

const dependenciesOf = (
  kind: FluxKind,
  namespace: string,
  { dependsOn, imageRepositoryRef }: z.output<typeof Spec>,
): readonly FluxRef[] => {
  // of the repository that it picks from an ImagePolicy, too, says DependencyNotReady
  const repository = refTo(imageRepositoryRef, namespace, 'ImageRepository');
  return [
    ...dependsOn.flatMap((named) => refTo(named, namespace, kind) ?? []),
    ...(repository === undefined ? [] : [repository]),
  ];
};

const HistoryWire = z.object({
  metadata: z.object({ revision: text }).optional().catch(undefined),
  chartVersion: text,
  lastReconciledStatus: text,
  status: text,
  firstReconciled: time,
  firstDeployed: time,
  lastReconciled: time,
  lastDeployed: time,
});

const historyEntry = (wire: unknown): HistoryEntry => {
  const entry = HistoryWire.parse(wire);
  const known = (first: number, second: number): number => {
    const at = Number.isNaN(first) ? second : first;
    return Number.isNaN(at) ? 0 : at;
  };
  return {
    revision: entry.metadata?.revision ?? entry.chartVersion,
    status: entry.lastReconciledStatus ?? entry.status ?? '',
    at: known(entry.lastReconciled, entry.lastDeployed),
    firstAt: known(entry.firstReconciled, entry.firstDeployed),
  };
};

const checksHealth = (kind: FluxKind, spec: z.output<typeof Spec>): boolean => {
  switch (kind) {
    case 'Kustomization':
      return spec.wait || spec.healthChecks.length > 0;
    case 'HelmRelease':
      return !(
        HelmAction.parse(spec.install).disableWait || HelmAction.parse(spec.upgrade).disableWait
      );
    default:
      return true;
  }
};

/** Which generation the status speaks of; the status of an ExternalArtifact says so in its condition alone. */
const generationSeen = (
  kind: FluxKind,
  { generation }: z.output<typeof Metadata>,
  { observedGeneration, conditions }: z.output<typeof Status>,
): number =>
  kind === 'ExternalArtifact'
    ? (conditions.find(({ type }) => type === 'Ready')?.observedGeneration ?? generation)
    : observedGeneration;

/**
 * Reads an object as the API server sends it; permissive about what it does not need.
 * @returns undefined for a kind that is not Flux's, or without the metadata that every object has
 */
export const parseFluxObject = (wire: unknown): FluxObject | undefined => {
  const parsed = Wire.safeParse(wire);
  if (!parsed.success || !isFluxKind(parsed.data.kind)) {
    return undefined;
  }
  const { apiVersion, kind, metadata, spec, status } = parsed.data;
  return {
    ref: { kind, namespace: metadata.namespace, name: metadata.name },
    apiVersion,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    observedGeneration: generationSeen(kind, metadata, status),
    createdAt: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp !== undefined,
    suspended: spec.suspend,
    annotations: Object.fromEntries(
      Object.entries(metadata.annotations).filter(([key]) => keptAnnotations.test(key)),
    ),
    owner: ownerOf(metadata.labels),
    conditions: status.conditions.map((condition) => ({
      type: condition.type,
      status: condition.status,
      reason: condition.reason,
      message: condition.message,
      observedGeneration: condition.observedGeneration,
      since: condition.lastTransitionTime,
    })),
    intervalMs: durationMs(spec.interval),
    timeoutMs: durationMs(spec.timeout),
    path: spec.path,
    url: spec.url,
    source: sourceOf(kind, metadata.namespace, spec, status.helmChart),
    dependsOn: dependenciesOf(kind, metadata.namespace, spec),
    checksHealth: checksHealth(kind, spec),
    lastHandledReconcileAt: status.lastHandledReconcileAt,
    lastAppliedRevision: status.lastAppliedRevision,
    lastAttemptedRevision: status.lastAttemptedRevision,
    artifactRevision: status.artifact?.revision,
    history: status.history.map(historyEntry),
    inventory: status.inventory?.entries.map((entry) => entry.id) ?? [],
  };
};

export const conditionOf = (object: FluxObject, type: string): Condition | undefined =>
  object.conditions.find((condition) => condition.type === type);
