import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import { sameRevision } from '#src/flux/revision.ts';
import { judge } from '#src/flux/verdict.ts';

/** How an object is doing, on the axes that people ask about; each is independent of the others. */
export interface Health {
  readonly state: 'ready' | 'failing' | 'waiting' | 'progressing';
  readonly suspended: boolean;
  readonly deleting: boolean;
  /** Its source has a newer revision than what is applied, or its spec is newer than its status. */
  readonly stale: boolean;
  /** Ready says only that it was applied. */
  readonly unchecked: boolean;
  readonly reason: string;
  readonly message: string;
}

/**
 * @param source - its source as cached, where known: for telling whether a newer revision waits
 */
export const healthOf = (object: FluxObject, source?: FluxObject | undefined): Health => {
  const verdict = judge(object);
  const ready = conditionOf(object, 'Ready');
  const behind =
    source?.artifactRevision !== undefined &&
    object.lastAppliedRevision !== undefined &&
    !sameRevision(source.artifactRevision, object.lastAppliedRevision);
  return {
    state: verdict.state === 'healthy' ? 'ready' : verdict.state,
    suspended: object.suspended,
    deleting: object.deleting,
    stale: behind || (ready?.status === 'True' && object.observedGeneration !== object.generation),
    unchecked: !object.checksHealth,
    reason: 'reason' in verdict ? verdict.reason : (ready?.reason ?? ''),
    message: 'message' in verdict ? verdict.message : (ready?.message ?? ''),
  };
};

/** In a few words: `ready`, `failing: HealthCheckFailed`, `suspended, ready`. */
export const sayHealth = (health: Health): string => {
  const states: Record<Health['state'], string> = {
    ready: health.unchecked ? 'applied, health not checked' : 'ready',
    failing: `failing: ${health.reason}`,
    waiting: `waiting: ${health.reason}`,
    progressing: 'in progress',
  };
  return [
    ...(health.deleting ? ['being deleted'] : []),
    ...(health.suspended ? ['suspended'] : []),
    states[health.state],
    ...(health.stale && !health.suspended ? ['newer revision waits'] : []),
  ].join(', ');
};
