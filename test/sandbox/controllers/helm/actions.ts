import { type JsonRecord, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import {
  generationOf,
  type NewCondition,
  requestedAt,
} from '#test/sandbox/controllers/conditions.ts';
import { goDuration } from '#test/sandbox/controllers/go-text.ts';
import { helmLogs } from '#test/sandbox/controllers/helm/logs.ts';
import type { ReleaseObjects } from '#test/sandbox/controllers/helm/objects.ts';
import {
  historyOf,
  isSuccessful,
  observed,
  type Release,
  remediationOf,
  snapshotOf,
  truncated,
  type Wanted,
} from '#test/sandbox/controllers/helm/release.ts';
import {
  failureFields,
  failuresOf,
  isForced,
  isReset,
  isSameAttempt,
} from '#test/sandbox/controllers/helm/state.ts';
import { about, named, running, timeoutOf } from '#test/sandbox/controllers/helm/words.ts';
import { healthTargets, waitForHealth } from '#test/sandbox/controllers/kustomize/health.ts';
import { entryOf, shown } from '#test/sandbox/controllers/kustomize/inventory.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import type { Ref, World } from '#test/sandbox/controllers/world.ts';

const manager = 'gotk-helm-controller';

type Action = 'install' | 'upgrade';

/** `released` well; `retry` later; or `exhausted`: no more tries. */
export type Outcome = 'released' | 'retry' | 'exhausted';

const title = (action: Action): string => (action === 'install' ? 'Install' : 'Upgrade');

/** Helm's actions on one release, with what helm-controller writes and says about each. */
export const createHelmActions = (
  world: World,
  kind: ResourceKind,
  recorder: Recorder,
  objects: ReleaseObjects,
  storage: Map<string, readonly Release[]>,
) => {
  const { clock } = world;
  const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`;
  const releasesOf = (ref: Ref): readonly Release[] => storage.get(keyOf(ref)) ?? [];
  const liveOf = (ref: Ref, object: KubeObject): KubeObject => world.read(kind, ref) ?? object;

  const add = (
    ref: Ref,
    wanted: Wanted,
    action: Action,
    startedMs: number,
    isGood: boolean,
  ): Release => {
    const before = releasesOf(ref);
    const release: Release = {
      version: (before[0]?.version ?? 0) + 1,
      chartName: wanted.chartName,
      chartVersion: wanted.chartVersion,
      appVersion: wanted.appVersion,
      configDigest: wanted.configDigest,
      ociDigest: wanted.ociDigest,
      status: isGood ? 'deployed' : 'failed',
      action,
      firstDeployedMs: before.at(-1)?.firstDeployedMs ?? startedMs,
      lastDeployedMs: startedMs,
      objects: wanted.objects,
    };
    const older = before.map((one) =>
      isGood && one.status === 'deployed' ? { ...one, status: 'superseded' as const } : one,
    );
    storage.set(keyOf(ref), [release, ...older]);
    return release;
  };

  /** Removes what the newest revision made and the next one does not have. */
  const removeLeft = (ref: Ref, next: readonly KubeObject[]): void => {
    const made = releasesOf(ref)[0]?.objects ?? [];
    objects.remove(made.filter((one) => !next.some((other) => shown(other) === shown(one))));
  };

  const begin = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: Action,
  ): Promise<void> => {
    const now = running(object, action);
    const token = requestedAt(object);
    const isAfresh = !isSameAttempt(object, wanted) || isReset(object);
    await world.patchStatus(kind, ref, manager, {
      set: [now, { ...now, type: 'Ready', status: 'Unknown' }],
      fields: {
        lastAttemptedConfigDigest: wanted.configDigest,
        lastAttemptedGeneration: generationOf(object),
        lastAttemptedRevision: wanted.chartVersion,
        storageNamespace: object.metadata.namespace,
        ...(isForced(object) ? { lastHandledForceAt: token } : {}),
        ...(isReset(object) ? { lastHandledResetAt: token } : {}),
        ...(isAfresh ? failureFields({ failures: 0, installFailures: 0, upgradeFailures: 0 }) : {}),
      },
    });
  };

  const succeeded = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: Action,
    startedMs: number,
  ): Promise<void> => {
    const release = add(ref, wanted, action, startedMs, true);
    const message = `Helm ${action} succeeded for release ${named(wanted, release.version)} with chart ${wanted.chartName}@${wanted.chartVersion}`;
    const reason = `${title(action)}Succeeded`;
    recorder.record(object, { severity: 'info', reason, message, metadata: about(release) });
    await world.pause(6);
    await world.patchStatus(kind, ref, manager, {
      set: [
        { type: 'Ready', status: 'True', reason, message },
        { type: 'Released', status: 'True', reason, message },
      ],
      remove: ['Remediated'],
      fields: {
        history: [snapshotOf(release, wanted), ...observed(historyOf(liveOf(ref, object)), true)],
        inventory: { entries: wanted.objects.map(entryOf) },
        lastAttemptedReleaseAction: action,
        lastAttemptedReleaseActionDuration: goDuration(world.measured(startedMs)),
      },
    });
  };

  const failed = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: Action,
    startedMs: number,
    problem: string,
  ): Promise<void> => {
    const release = add(ref, wanted, action, startedMs, false);
    const message = `Helm ${action} failed for release ${wanted.namespace}/${wanted.releaseName} with chart ${wanted.chartName}@${wanted.chartVersion}: ${problem}`;
    const reason = `${title(action)}Failed`;
    recorder.record(object, {
      severity: 'error',
      reason,
      message: `${message}\n\nLast Helm logs:\n\n${helmLogs(wanted, action, clock.now())}`,
      metadata: about(release),
    });
    await world.pause(6);
    const live = liveOf(ref, object);
    const { failures, installFailures, upgradeFailures } = failuresOf(live);
    await world.patchStatus(kind, ref, manager, {
      set: [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Released', status: 'False', reason, message },
      ],
      remove: ['Remediated'],
      fields: {
        ...failureFields({
          failures: failures + 1,
          installFailures: installFailures + (action === 'install' ? 1 : 0),
          upgradeFailures: upgradeFailures + (action === 'upgrade' ? 1 : 0),
        }),
        history: [snapshotOf(release, wanted), ...observed(historyOf(live), false)],
        lastAttemptedReleaseAction: action,
        lastAttemptedReleaseActionDuration: goDuration(world.measured(startedMs)),
      },
    });
  };

  /** The end of a remediation: more tries follow, or none. */
  const remediated = async (
    object: KubeObject,
    ref: Ref,
    isExhausted: boolean,
    reason: string,
    message: string,
    history: readonly JsonRecord[],
  ): Promise<void> => {
    const { failures } = failuresOf(liveOf(ref, object));
    const next: NewCondition = isExhausted
      ? {
          type: 'Stalled',
          status: 'True',
          reason: 'RetriesExceeded',
          message: `Failed to ${textAt(liveOf(ref, object), 'status', 'lastAttemptedReleaseAction')} after ${failures} attempt(s)`,
        }
      : { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message };
    await world.patchStatus(kind, ref, manager, {
      set: [
        next,
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Remediated', status: 'True', reason, message },
      ],
      remove: isExhausted ? ['Reconciling'] : [],
      fields: {
        history,
        ...(isExhausted ? { observedGeneration: generationOf(object) } : {}),
      },
    });
  };

  const rollBack = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    isExhausted: boolean,
  ): Promise<void> => {
    const target = releasesOf(ref).find((one, index) => index > 0 && isSuccessful(one));
    if (target === undefined) {
      return;
    }
    await world.pause(12);
    const shownHistory = truncated(historyOf(liveOf(ref, object)));
    await world.patchStatus(kind, ref, manager, {
      set: [running(object, 'rollback')],
      fields: { history: shownHistory },
    });
    const startedMs = clock.now();
    objects.apply(target.objects);
    removeLeft(ref, target.objects);
    await waitForHealth(world, targetsOf(target.objects), timeoutOf(object));
    const release: Release = {
      ...target,
      version: (releasesOf(ref)[0]?.version ?? 0) + 1,
      status: 'deployed',
      action: 'rollback',
      lastDeployedMs: startedMs,
    };
    const older = releasesOf(ref).map((one) =>
      one.status === 'deployed' ? { ...one, status: 'superseded' as const } : one,
    );
    storage.set(keyOf(ref), [release, ...older]);
    const message = `Helm rollback to previous release ${named(wanted, target.version)} with chart ${target.chartName}@${target.chartVersion} succeeded`;
    recorder.record(object, {
      severity: 'info',
      reason: 'RollbackSucceeded',
      message,
      metadata: about(target),
    });
    await world.pause(6);
    const marked = shownHistory.map((one) =>
      one['version'] === target.version
        ? { ...one, action: 'rollback', status: 'superseded' }
        : one,
    );
    const history = [snapshotOf(release, wanted), ...marked];
    await remediated(object, ref, isExhausted, 'RollbackSucceeded', message, history);
  };

  const uninstall = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    isExhausted: boolean,
  ): Promise<void> => {
    const [newest, ...older] = releasesOf(ref);
    if (newest === undefined) {
      return;
    }
    await world.patchStatus(kind, ref, manager, { set: [running(object, 'uninstall')] });
    objects.remove(newest.objects);
    await world.pause(200);
    const release: Release = { ...newest, status: 'uninstalled' };
    storage.set(keyOf(ref), [release, ...older]);
    const message = `Helm uninstall remediation for release ${named(wanted, newest.version)} with chart ${newest.chartName}@${newest.chartVersion} succeeded`;
    const reason = 'UninstallSucceeded';
    recorder.record(object, { severity: 'info', reason, message, metadata: about(newest) });
    const history = [snapshotOf(release, wanted)];
    await remediated(object, ref, isExhausted, reason, message, history);
  };

  const remedy = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: Action,
  ): Promise<Outcome> => {
    const counts = failuresOf(liveOf(ref, object));
    const failures = action === 'install' ? counts.installFailures : counts.upgradeFailures;
    const { by, isExhausted } = remediationOf(recordAt(object, 'spec'), action, failures);
    const hasTarget = releasesOf(ref).some((one, index) => index > 0 && isSuccessful(one));
    if (by === 'rollback' && hasTarget) {
      await rollBack(object, ref, wanted, isExhausted);
    } else if (by !== undefined) {
      await uninstall(object, ref, wanted, isExhausted);
    }
    return isExhausted ? 'exhausted' : 'retry';
  };

  const targetsOf = (applied: readonly KubeObject[]) =>
    healthTargets(
      { apiVersion: '', kind: '', metadata: { name: '' }, spec: { wait: true } },
      applied,
    );

  /** One install or upgrade, and what undoes it when it fails. */
  const attempt = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: Action,
  ): Promise<Outcome> => {
    await begin(object, ref, wanted, action);
    const startedMs = clock.now();
    await world.pause(200);
    const refused = objects.apply(wanted.objects);
    if (refused === undefined) {
      removeLeft(ref, wanted.objects);
    }
    const problem =
      refused ?? (await waitForHealth(world, targetsOf(wanted.objects), timeoutOf(object)));
    if (problem === undefined) {
      await succeeded(object, ref, wanted, action, startedMs);
      return 'released';
    }
    await failed(object, ref, wanted, action, startedMs, problem);
    return remedy(object, ref, wanted, action);
  };

  return { attempt };
};
