import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import { sameRef } from '#src/flux/ref.ts';
import type { Incident } from '#src/incident/incident.ts';

/**
 * Since when (ms) an object fails: as the bot has followed it, else as its condition says, which Flux
 * renews with each new message. Undefined where neither is known.
 */
export const failingSince = (
  cluster: string,
  object: FluxObject,
  incidents: readonly Incident[],
): number | undefined => {
  const member = incidents
    .flatMap(({ members }) => members)
    .find((one) => one.cluster === cluster && sameRef(one.ref, object.ref));
  const since = member?.failingSince ?? conditionOf(object, 'Ready')?.since;
  return since === undefined || Number.isNaN(since) ? undefined : since;
};
