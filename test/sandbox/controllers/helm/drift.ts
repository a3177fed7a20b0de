import { type KubeObject, textAt } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { generationOf, type NewCondition } from '#test/sandbox/controllers/conditions.ts';
import type { ReleaseObjects } from '#test/sandbox/controllers/helm/objects.ts';
import type { Release, Wanted } from '#test/sandbox/controllers/helm/release.ts';
import { about, named, running } from '#test/sandbox/controllers/helm/words.ts';
import { shown } from '#test/sandbox/controllers/kustomize/inventory.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import type { Ref, World } from '#test/sandbox/controllers/world.ts';

const manager = 'gotk-helm-controller';

/** Helm-controller's drift detection: compares, tells, and corrects where that is wanted. */
export const createDriftCheck = (
  world: World,
  kind: ResourceKind,
  recorder: Recorder,
  objects: ReleaseObjects,
  storage: ReadonlyMap<string, readonly Release[]>,
) => {
  /** Compares what is live with the release, and corrects it where that is wanted. */
  const checkDrift = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
  ): Promise<{ readonly conditions: readonly NewCondition[]; readonly isCorrected: boolean }> => {
    const mode = textAt(object, 'spec', 'driftDetection', 'mode');
    if (mode !== 'warn' && mode !== 'enabled') {
      return { conditions: [], isCorrected: false };
    }
    const none: NewCondition = {
      type: 'Drifted',
      status: 'False',
      reason: 'NoDriftDetected',
      message: 'No drift detected against the cluster state',
    };
    await world.pause(25);
    const [newest] = storage.get(`${ref.namespace}/${ref.name}`) ?? [];
    const drift = objects.drift(newest?.objects ?? []);
    if (drift.length === 0 || newest === undefined) {
      return { conditions: [none], isCorrected: false };
    }
    const release = named(wanted, newest.version);
    const message = `Cluster state of release ${release} has drifted from the desired state:\n${drift.map(({ text }) => text).join('\n')}`;
    recorder.record(object, { severity: 'error', reason: 'DriftDetected', message });
    const drifted: NewCondition = {
      type: 'Drifted',
      status: 'True',
      reason: 'DriftDetected',
      message,
    };
    if (mode === 'warn') {
      return { conditions: [drifted], isCorrected: false };
    }
    await world.patchStatus(kind, ref, manager, {
      set: [running(object, 'correct cluster drift'), drifted],
      fields: { lastAttemptedGeneration: generationOf(object) },
    });
    objects.apply(drift.map((one) => one.object));
    const lines = drift.map(
      (one) => `${shown(one.object)} ${one.isGone ? 'created' : 'configured'}`,
    );
    recorder.record(object, {
      severity: 'info',
      reason: 'DriftCorrected',
      message: `Cluster state of release ${release} has been corrected:\n${lines.join('\n')}`,
      metadata: about(newest),
    });
    await world.pause(5);
    await world.patchStatus(kind, ref, manager, {
      set: [
        {
          type: 'Ready',
          status: 'Unknown',
          reason: 'Progressing',
          message: 'correcting cluster drift',
        },
      ],
    });
    return { conditions: [none], isCorrected: true };
  };

  return checkDrift;
};
