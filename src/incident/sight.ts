import type { Cluster } from '#src/cluster/cluster.ts';
import { type FluxKind, fluxKinds, isFluxKind } from '#src/flux/ref.ts';

/**
 * Until when each kind of a cluster could not be seen. What an object was doing when its cluster was lost may
 * have ended long ago: how long it goes on is counted only while somebody looks.
 */
export interface Sight {
  /** To be called all the time. */
  look(clusters: readonly Pick<Cluster, 'name' | 'freshness'>[], now: number): void;
  /** ms; infinite while the kind cannot be seen, and minus infinite where it always could. */
  blindUntil(cluster: string, kind: FluxKind): number;
}

const kinds = Object.keys(fluxKinds).filter(isFluxKind);

export const createSight = (): Sight => {
  const blind = new Map<string, number>();

  const keyOf = (cluster: string, kind: FluxKind): string => `${cluster}/${kind}`;

  return {
    look: (clusters, now) => {
      for (const { name, freshness } of clusters) {
        const unheard = new Set(freshness().unheard);
        for (const kind of kinds) {
          const key = keyOf(name, kind);
          if (unheard.has(kind)) {
            blind.set(key, Number.POSITIVE_INFINITY);
          } else if (blind.get(key) === Number.POSITIVE_INFINITY) {
            blind.set(key, now);
          }
        }
      }
    },
    blindUntil: (cluster, kind) => blind.get(keyOf(cluster, kind)) ?? Number.NEGATIVE_INFINITY,
  };
};
