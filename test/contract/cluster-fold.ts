import type { Observation } from '#src/cluster/cluster.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { printRef } from '#src/flux/ref.ts';

/** What someone holds who only ever listened, as `uid version` by name. */
export const foldObservations = (heard: readonly Observation[]): Record<string, string> => {
  const held = new Map<string, FluxObject>();
  for (const observation of heard) {
    if (observation.type === 'object') {
      held.set(printRef(observation.object.ref), observation.object);
    } else if (observation.type === 'gone') {
      const key = printRef(observation.ref);
      // a deletion is of one life; a later one may have been told before
      if (held.get(key)?.uid === observation.uid) {
        held.delete(key);
      }
    }
  }
  return versionsOf([...held.values()]);
};

export const versionsOf = (objects: readonly FluxObject[]): Record<string, string> =>
  Object.fromEntries(
    objects.map((object) => [printRef(object.ref), `${object.uid} ${object.resourceVersion}`]),
  );
