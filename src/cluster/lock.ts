import type { ObjectLock } from '#src/cluster/cluster.ts';
import type { FluxObject } from '#src/flux/object.ts';

/** What one act asks for; `suspended` undefined leaves `spec.suspend` alone. */
export interface ObjectChange {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly suspended: boolean | undefined;
}

/**
 * Says, in words for the person who asked, in what an object differs from what the act relies on.
 * @returns undefined when the lock holds
 */
export const brokenLock = (lock: ObjectLock, object: FluxObject): string | undefined => {
  if (object.uid !== lock.uid) {
    return 'it was deleted and created again';
  }
  if (lock.suspended !== undefined && object.suspended !== lock.suspended) {
    return object.suspended ? 'it was suspended' : 'it was resumed';
  }
  if (lock.generation !== undefined && object.generation !== lock.generation) {
    return `its spec was changed (generation ${object.generation}, not ${lock.generation})`;
  }
  const { annotation } = lock;
  return annotation !== undefined && object.annotations[annotation.key] !== annotation.value
    ? `its annotation ${annotation.key} was changed`
    : undefined;
};
