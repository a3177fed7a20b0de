import { isRecord, type JsonRecord, type KubeObject, listAt } from '#test/sandbox/api/json.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import { digestOf } from '#test/sandbox/controllers/artifacts.ts';

/** One revision of a release in Helm's storage. */
export interface Release {
  readonly version: number;
  readonly chartName: string;
  readonly chartVersion: string;
  readonly appVersion: string;
  readonly configDigest: string;
  readonly ociDigest: string | undefined;
  readonly status: 'deployed' | 'superseded' | 'failed' | 'uninstalled';
  readonly action: 'install' | 'upgrade' | 'rollback' | undefined;
  readonly firstDeployedMs: number;
  readonly lastDeployedMs: number;
  readonly objects: readonly KubeObject[];
}

/** What is to be released. */
export interface Wanted {
  readonly releaseName: string;
  readonly namespace: string;
  readonly chartName: string;
  readonly chartVersion: string;
  readonly appVersion: string;
  readonly configDigest: string;
  readonly ociDigest: string | undefined;
  readonly objects: readonly KubeObject[];
}

export const isSuccessful = ({ status }: Release): boolean =>
  status === 'deployed' || status === 'superseded';

/** The release as `status.history` shows it. */
export const snapshotOf = (release: Release, wanted: Wanted): JsonRecord => ({
  ...(release.action === undefined ? {} : { action: release.action }),
  apiVersion: 'v2',
  appVersion: release.appVersion,
  chartName: release.chartName,
  chartVersion: release.chartVersion,
  configDigest: release.configDigest,
  digest: digestOf(JSON.stringify([release.version, release.status, release.configDigest])),
  firstDeployed: timestamp(release.firstDeployedMs),
  lastDeployed: timestamp(release.lastDeployedMs),
  name: wanted.releaseName,
  namespace: wanted.namespace,
  ...(release.ociDigest === undefined ? {} : { ociDigest: release.ociDigest }),
  status: release.status,
  version: release.version,
});

/** From the newest back to the last that was good before it. */
export const truncated = (history: readonly JsonRecord[]): readonly JsonRecord[] => {
  const last = history.findIndex(
    (one, index) => index > 0 && ['deployed', 'superseded'].includes(String(one['status'])),
  );
  return last < 0 ? history : history.slice(0, last + 1);
};

export const historyOf = (object: KubeObject): readonly JsonRecord[] =>
  listAt(object, 'status', 'history').filter(isRecord);

/** What was deployed before a new revision: seen anew, so that the action that made it is forgotten. */
export const observed = (
  history: readonly JsonRecord[],
  isReplaced: boolean,
): readonly JsonRecord[] =>
  history.map((one) => {
    if (one['status'] !== 'deployed') {
      return one;
    }
    const { action: _, ...rest } = one;
    return isReplaced ? { ...rest, status: 'superseded' } : rest;
  });

const mergeValues = (base: JsonRecord, over: JsonRecord): JsonRecord => {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isRecord(below) && isRecord(value) ? mergeValues(below, value) : value;
  }
  return merged;
};

/** Lays values over each other, the later ones winning. */
export const valuesFrom = (parts: readonly JsonRecord[]): JsonRecord =>
  parts.reduce((sum, part) => mergeValues(sum, part), {});

/** Failed attempts that a remediation allows before it gives up; undefined for no end. */
export const allowedRetries = (
  spec: JsonRecord,
  action: 'install' | 'upgrade',
): number | undefined => {
  const part = isRecord(spec[action]) ? spec[action] : {};
  const remediation = isRecord(part['remediation']) ? part['remediation'] : {};
  const strategy = isRecord(part['strategy']) ? part['strategy'] : {};
  const retries = typeof remediation['retries'] === 'number' ? remediation['retries'] : 0;
  return retries < 0 || strategy['name'] === 'RetryOnFailure' ? undefined : retries;
};

export interface Remediation {
  readonly isExhausted: boolean;
  /** What undoes the failed attempt; undefined for leaving it as it is. */
  readonly by: 'rollback' | 'uninstall' | undefined;
}

/** What follows from a failed attempt. */
export const remediationOf = (
  spec: JsonRecord,
  action: 'install' | 'upgrade',
  failures: number,
): Remediation => {
  const retries = allowedRetries(spec, action);
  const part = isRecord(spec[action]) ? spec[action] : {};
  const remediation = isRecord(part['remediation']) ? part['remediation'] : {};
  const isExhausted = retries !== undefined && failures > retries;
  // the last failure too where that is said, and after an upgrade that may be tried again
  const isLastToo =
    remediation['remediateLastFailure'] ?? (action === 'upgrade' && (retries ?? 1) > 0);
  const strategy = isRecord(part['strategy']) ? part['strategy'] : {};
  const isUndone = strategy['name'] !== 'RetryOnFailure' && (!isExhausted || isLastToo === true);
  const undo =
    action === 'install' || remediation['strategy'] === 'uninstall' ? 'uninstall' : 'rollback';
  return { isExhausted, by: isUndone ? undo : undefined };
};
