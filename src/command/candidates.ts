import type { CommandDoc, Context } from '#src/command/define.ts';
import { targetOf } from '#src/command/policy.ts';
import { healthOf } from '#src/flux/health.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { type FluxRef, fluxKinds, printRef } from '#src/flux/ref.ts';
import { byName } from '#src/text/order.ts';

/** Something that an argument can name, as a person is offered it. */
export interface Candidate {
  /** What is written for it: `ks/harbor/harbor`. */
  readonly value: string;
  /** Clusters that have it, in the configured order. */
  readonly clusters: readonly string[];
  /** What is the matter with it: `failing`, `suspended`; empty where it is well. */
  readonly state: string;
}

interface Ranked extends Candidate {
  readonly rank: number;
}

type Asks = Pick<CommandDoc, 'kind' | 'permission' | 'needs'>;

/** The kinds that an act can change are those that it asks rights for; a read is about any kind. */
const isAbout = ({ kind, needs }: Asks, ref: FluxRef): boolean => {
  const { group, plural } = fluxKinds[ref.kind];
  return (
    kind === 'read' ||
    needs.length === 0 ||
    needs.some((need) => need.group === group && need.resource === plural)
  );
};

const rankOf = (object: FluxObject, isFailing: boolean): number => {
  if (isFailing) {
    return 0;
  }
  return fluxKinds[object.ref.kind].role === 'applier' ? 1 : 2;
};

const sayState = (isFailing: boolean, suspended: boolean): string => {
  if (isFailing) {
    return 'failing';
  }
  return suspended ? 'suspended' : '';
};

const rankedOf = (object: FluxObject, cluster: string): Ranked => {
  const { state, suspended } = healthOf(object);
  const isFailing = state === 'failing' && !suspended;
  return {
    value: printRef(object.ref),
    clusters: [cluster],
    state: sayState(isFailing, suspended),
    rank: rankOf(object, isFailing),
  };
};

/** The same name on a further cluster; what is worse there is what is said of it. */
const joined = (before: Ranked | undefined, found: Ranked): Ranked =>
  before === undefined
    ? found
    : {
        value: found.value,
        clusters: [...before.clusters, ...found.clusters],
        state: found.state === 'failing' || before.state === '' ? found.state : before.state,
        rank: Math.min(before.rank, found.rank),
      };

/**
 * The objects that a command can be about and that the person may use it on, by the caches: the failing
 * ones first, then what applies things, then by name.
 */
export const objectCandidates = (doc: Asks, context: Context): readonly Candidate[] => {
  const found = new Map<string, Ranked>();
  for (const reached of context.clusters) {
    const cluster = reached.name;
    const usable = reached
      .objects()
      .filter(({ ref }) => isAbout(doc, ref))
      .filter(({ ref }) => mayUse(doc, context, targetOf(cluster, ref)));
    for (const object of usable) {
      const ranked = rankedOf(object, cluster);
      found.set(ranked.value, joined(found.get(ranked.value), ranked));
    }
  }
  return [...found.values()]
    .toSorted((left, right) => left.rank - right.rank || byName(left.value, right.value))
    .map(({ value, clusters, state }) => ({ value, clusters, state }));
};

/** The clusters that the person may use a command on; all of them by one word where there are several. */
export const clusterCandidates = (doc: Asks, context: Context): readonly string[] => {
  const names = context.clusters
    .map(({ name }) => name)
    .filter((cluster) => mayUse(doc, context, { cluster, any: true }));
  return names.length > 1 ? [...names, 'all'] : names;
};

const mayUse = (
  { permission }: Asks,
  context: Context,
  target: Parameters<Context['may']>[1],
): boolean => permission === undefined || context.may(permission, target);
