import type { Condition, FluxObject } from '#src/flux/object.ts';
import { conditionOf } from '#src/flux/object.ts';
import type { FluxRef } from '#src/flux/ref.ts';

/**
 * What one snapshot of an object says about it. Flux sets Ready=Unknown at the start of every pass, so
 * `progressing` says nothing new: whoever follows an object keeps the verdict from before.
 */
export type Verdict =
  | { readonly state: 'healthy' }
  /** Fails for a reason of its own. */
  | { readonly state: 'failing'; readonly reason: string; readonly message: string }
  /** Held back by another object. */
  | { readonly state: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly state: 'progressing' };

/**
 * Reasons that blame another object: the dependency, the source, the chart. Every rollout passes through
 * them for moments, also a healthy one.
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#conditions
 */
const waitingReasons: ReadonlySet<string> = new Set([
  'DependencyNotReady',
  'ArtifactFailed',
  'SourceNotReady',
  'NoSourceArtifact',
]);

/**
 * A pass that was broken off for a newer one, which is queued already: no result, though Ready says False.
 * With the feature gate CancelHealthCheckOnNewRevision, each push in the middle of a rollout comes to this.
 */
const brokenOff = 'HealthCheckCanceled';

const isProgressing = (object: FluxObject): boolean => {
  const reconciling = conditionOf(object, 'Reconciling');
  return reconciling?.status === 'True' && reconciling.reason === 'Progressing';
};

// a remediation that worked leaves Ready=False with its own success as the reason; what failed is in Released
const remediations: ReadonlySet<string> = new Set(['RollbackSucceeded', 'UninstallSucceeded']);

const failure = (object: FluxObject, ready: Condition): Verdict => {
  if (waitingReasons.has(ready.reason)) {
    return { state: 'waiting', reason: ready.reason, message: ready.message };
  }
  const released = conditionOf(object, 'Released');
  const cause = remediations.has(ready.reason) && released?.status === 'False' ? released : ready;
  return { state: 'failing', reason: cause.reason, message: cause.message };
};

/**
 * Whether nothing ever writes a Ready condition to it: a Helm repository of type oci is only looked up by
 * the charts that name it, and whoever writes an ExternalArtifact need not judge it.
 * @see https://fluxcd.io/flux/components/source/helmrepositories/#helm-oci-repository
 */
const isStatic = ({ ref, url, artifactRevision }: FluxObject): boolean =>
  (ref.kind === 'HelmRepository' && url?.startsWith('oci://') === true) ||
  (ref.kind === 'ExternalArtifact' && artifactRevision !== undefined);

/** Judges one snapshot; pure, without history. */
export const judge = (object: FluxObject): Verdict => {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) {
    return { state: isStatic(object) ? 'healthy' : 'progressing' };
  }
  if (ready.status === 'Unknown' || (ready.status === 'False' && ready.reason === brokenOff)) {
    return { state: 'progressing' };
  }
  if (ready.status === 'False') {
    return failure(object, ready);
  }
  if (isProgressing(object) || object.observedGeneration !== object.generation) {
    return { state: 'progressing' };
  }
  const drifted = conditionOf(object, 'Drifted');
  if (drifted?.status === 'True') {
    return { state: 'failing', reason: drifted.reason, message: drifted.message };
  }
  return { state: 'healthy' };
};

const namedDependency = /dependency '([^/']+)\/([^']+)'/;

/** The objects that a waiting one may be waiting for, most telling first. */
export const waitsFor = (object: FluxObject, verdict: Verdict): readonly FluxRef[] => {
  if (verdict.state !== 'waiting') {
    return [];
  }
  if (verdict.reason !== 'DependencyNotReady') {
    return object.source === undefined ? [] : [object.source];
  }
  const [, namespace, name] = namedDependency.exec(verdict.message) ?? [];
  const named = object.dependsOn.filter(
    (dependency) => dependency.namespace === namespace && dependency.name === name,
  );
  return named.length > 0 ? named : object.dependsOn;
};

const shortestMs = 30_000;

/**
 * The time-out of an object's pass, ms, as the controllers default it.
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#timeout
 */
export const ownTimeoutMs = ({ ref, timeoutMs, intervalMs }: FluxObject): number => {
  if (timeoutMs !== undefined) {
    return Math.max(timeoutMs, shortestMs);
  }
  if (ref.kind === 'Kustomization' && intervalMs !== undefined) {
    return Math.max(intervalMs - 30_000, shortestMs);
  }
  return ref.kind === 'HelmRelease' ? 300_000 : 60_000;
};

/**
 * How long (ms) a pass of this object may take before it counts as stuck: its own time-out, and some slack
 * for fetching, building and applying.
 */
export const passLimitMs = (object: FluxObject): number => ownTimeoutMs(object) + 60_000;
