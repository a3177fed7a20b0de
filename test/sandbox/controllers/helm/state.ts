import { type JsonRecord, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { generationOf, requestedAt, statusText } from '#test/sandbox/controllers/conditions.ts';
import {
  allowedRetries,
  type Release,
  type Wanted,
} from '#test/sandbox/controllers/helm/release.ts';

const numberOf = (object: KubeObject, key: string): number => {
  const value = recordAt(object, 'status')[key];
  return typeof value === 'number' ? value : 0;
};

export interface Failures {
  readonly failures: number;
  readonly installFailures: number;
  readonly upgradeFailures: number;
}

export const failuresOf = (object: KubeObject): Failures => ({
  failures: numberOf(object, 'failures'),
  installFailures: numberOf(object, 'installFailures'),
  upgradeFailures: numberOf(object, 'upgradeFailures'),
});

/** Failures as status fields: a count of none is not written. */
export const failureFields = (counts: Failures): JsonRecord =>
  Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [key, count === 0 ? undefined : count]),
  );

/** Whether a request asks for one more thing than a pass: both annotations with the same, new token. */
const isAsked = (object: KubeObject, annotation: string, handled: string): boolean => {
  const token = requestedAt(object);
  return (
    token !== undefined &&
    object.metadata.annotations?.[`reconcile.fluxcd.io/${annotation}`] === token &&
    token !== statusText(object, 'lastHandledReconcileAt') &&
    token !== statusText(object, handled)
  );
};

export const isForced = (object: KubeObject): boolean =>
  isAsked(object, 'forceAt', 'lastHandledForceAt');

export const isReset = (object: KubeObject): boolean =>
  isAsked(object, 'resetAt', 'lastHandledResetAt');

/** Whether the same thing was tried before: then its failures count on. */
export const isSameAttempt = (object: KubeObject, wanted: Wanted): boolean =>
  statusText(object, 'lastAttemptedRevision') === wanted.chartVersion &&
  statusText(object, 'lastAttemptedConfigDigest') === wanted.configDigest &&
  numberOf(object, 'lastAttemptedGeneration') === generationOf(object);

export type Decision = 'install' | 'upgrade' | 'in-sync' | 'stalled';

const matches = (release: Release, wanted: Wanted): boolean =>
  release.chartName === wanted.chartName &&
  release.chartVersion === wanted.chartVersion &&
  release.configDigest === wanted.configDigest;

/** What a pass does about the newest release. */
export const decide = (
  object: KubeObject,
  newest: Release | undefined,
  wanted: Wanted,
): Decision => {
  const isNone = newest === undefined || newest.status === 'uninstalled';
  const action = isNone ? 'install' : 'upgrade';
  const isGood = newest?.status === 'deployed' && matches(newest, wanted);
  if (isForced(object)) {
    return action;
  }
  if (isGood) {
    return 'in-sync';
  }
  const { installFailures, upgradeFailures } = failuresOf(object);
  const failures = installFailures + upgradeFailures;
  const retries = allowedRetries(
    recordAt(object, 'spec'),
    installFailures > 0 ? 'install' : action,
  );
  const isExhausted = retries !== undefined && failures > retries;
  return isExhausted && isSameAttempt(object, wanted) && !isReset(object) ? 'stalled' : action;
};

export const releaseNameOf = (object: KubeObject): string => {
  const target = textAt(object, 'spec', 'targetNamespace');
  const { name } = object.metadata;
  return (
    textAt(object, 'spec', 'releaseName') ?? (target === undefined ? name : `${target}-${name}`)
  );
};

export const releaseNamespaceOf = (object: KubeObject): string =>
  textAt(object, 'spec', 'targetNamespace') ?? object.metadata.namespace ?? '';
