import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { handledBy } from '#test/sandbox/controllers/conditions.ts';
import { goDuration } from '#test/sandbox/controllers/go-text.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import type { Ref, World } from '#test/sandbox/controllers/world.ts';

const manager = 'gotk-kustomize-controller';

/** The passes that end before anything is built, because something else is not there yet. */
export const createWaits = (world: World, kind: ResourceKind, recorder: Recorder) => {
  const { settings } = world;

  /** Waiting for the source: said in the condition only. */
  const waitForSource = async (object: KubeObject, ref: Ref, message: string): Promise<number> => {
    await world.patchStatus(kind, ref, manager, {
      set: [{ type: 'Ready', status: 'False', reason: 'ArtifactFailed', message }],
      fields: handledBy(object),
    });
    return settings.requeueDependencyMs;
  };

  const waitForDependency = async (
    object: KubeObject,
    ref: Ref,
    unmet: string,
    revision: string,
  ): Promise<number> => {
    const wait = goDuration(settings.requeueDependencyMs);
    recorder.record(object, {
      severity: 'info',
      reason: 'DependencyNotReady',
      message: `Dependencies do not meet ready condition, retrying in ${wait}`,
      metadata: { revision },
    });
    await world.pause(15);
    await world.patchStatus(kind, ref, manager, {
      set: [{ type: 'Ready', status: 'False', reason: 'DependencyNotReady', message: unmet }],
      fields: handledBy(object),
    });
    return settings.requeueDependencyMs;
  };

  return { waitForSource, waitForDependency };
};
