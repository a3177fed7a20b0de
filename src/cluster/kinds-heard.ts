import type { Freshness } from '#src/cluster/cluster.ts';
import type { Outcome } from '#src/cluster/reflection.ts';
import { describeTrouble, type Trouble } from '#src/cluster/trouble.ts';
import type { FluxKind } from '#src/flux/ref.ts';
import { fluxKinds } from '#src/flux/ref.ts';

interface KindHeard {
  /** undefined until the API server has said whether it serves the kind. */
  served: boolean | undefined;
  listed: boolean;
  heardAt: number | undefined;
  problem: string | undefined;
}

/** How far each kind of one cluster can be trusted to be current. */
export interface KindsHeard {
  heard(kind: FluxKind): void;
  listed(kind: FluxKind): void;
  after(kind: FluxKind, outcome: Outcome): void;
  freshness(): Freshness;
}

const PROBLEMS_TOLD = 3;

const troubleOf = (kind: FluxKind, trouble: Trouble): string => {
  if (trouble.type === 'status' && trouble.status === 403) {
    const { plural, group } = fluxKinds[kind];
    return `the right to list and watch ${plural}.${group} is missing`;
  }
  return describeTrouble(trouble);
};

export const createKindsHeard = (kinds: readonly FluxKind[], now: () => number): KindsHeard => {
  const states = new Map(
    kinds.map((kind): [FluxKind, KindHeard] => [
      kind,
      { served: undefined, listed: false, heardAt: undefined, problem: undefined },
    ]),
  );

  const update = (kind: FluxKind, change: Partial<KindHeard>): void => {
    Object.assign(states.get(kind) ?? {}, change);
  };

  return {
    heard: (kind) => update(kind, { heardAt: now(), problem: undefined }),
    listed: (kind) => update(kind, { listed: true }),
    after: (kind, outcome) => {
      if (outcome.type === 'served') {
        update(kind, { served: true });
      } else if (outcome.type === 'not-served') {
        update(kind, { served: false, listed: false, heardAt: undefined, problem: undefined });
      } else if (outcome.type === 'missed') {
        const { plural, group } = fluxKinds[kind];
        update(kind, { problem: `it does not name ${plural}.${group} just now` });
      } else if (outcome.type === 'trouble') {
        update(kind, { problem: troubleOf(kind, outcome.trouble) });
      }
    },
    freshness: () => {
      const all = [...states.values()];
      const watched = all.filter(({ served }) => served !== false);
      const known = watched.every(({ served, listed }) => served === true && listed);
      const times = watched.flatMap(({ heardAt }) => heardAt ?? []);
      const problems = new Set(all.flatMap(({ problem }) => problem ?? []));
      if (watched.length === 0) {
        problems.add('it serves none of the kinds of Flux');
      }
      return {
        synced: known,
        heardAt:
          times.length < watched.length || times.length === 0 ? undefined : Math.min(...times),
        problem: problems.size === 0 ? undefined : [...problems].slice(0, PROBLEMS_TOLD).join('; '),
        unheard: kinds.filter((kind) => states.get(kind)?.problem !== undefined),
        listed: kinds.filter((kind) => states.get(kind)?.listed === true),
      };
    },
  };
};
