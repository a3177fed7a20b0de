import type { Clock } from '#src/clock.ts';
import type { Api } from '#src/cluster/api.ts';
import {
  type GroupResources,
  groupVersions,
  type ServedKind,
  type ServedKinds,
  servedKinds,
} from '#src/cluster/discovery.ts';
import type { Trouble } from '#src/cluster/trouble.ts';
import type { FluxKind } from '#src/flux/ref.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** Knows where each kind is served; many ask, the API server is asked once. */
export interface Finder {
  /** Asks anew unless it has been asked just now. */
  look(kind: FluxKind): Promise<Result<ServedKind | undefined, Trouble>>;
  /** From what is known; asks when nothing is, or when the kind was not there. */
  known(kind: FluxKind): Promise<Result<ServedKind | undefined, Trouble>>;
}

const notGroups: Trouble = { type: 'no-reply', detail: 'its list of API groups cannot be read' };

const ask = async (api: Api): Promise<Result<ServedKinds, Trouble>> => {
  const root = await api.request({ method: 'GET', path: '/apis' });
  if (!root.ok) {
    return root;
  }
  const versions = groupVersions(root.value);
  if (versions === undefined) {
    return fail(notGroups);
  }
  const found: GroupResources[] = [];
  for (const { group, version } of versions) {
    const answer = await api.request({ method: 'GET', path: `/apis/${group}/${version}` });
    if (answer.ok) {
      found.push({ group, version, wire: answer.value });
    } else if (answer.failure.type !== 'status' || answer.failure.status !== 404) {
      // half an answer would make kinds look as if they were gone
      return answer;
    }
  }
  return ok(servedKinds(found));
};

/** @param freshMs - an answer younger than this is not asked for again */
export const createFinder = (api: Api, clock: Clock, freshMs: number): Finder => {
  let answered: { readonly at: number; readonly kinds: ServedKinds } | undefined;
  let asking: Promise<Result<ServedKinds, Trouble>> | undefined;

  const askOnce = async (): Promise<Result<ServedKinds, Trouble>> => {
    const answer = await ask(api);
    answered = answer.ok ? { at: clock.now(), kinds: answer.value } : undefined;
    asking = undefined;
    return answer;
  };

  const refresh = (): Promise<Result<ServedKinds, Trouble>> => {
    asking ??= askOnce();
    return asking;
  };

  const pick = async (kind: FluxKind) => {
    const answer = await refresh();
    return answer.ok ? ok(answer.value.get(kind)) : answer;
  };

  return {
    look: async (kind) =>
      answered !== undefined && Math.abs(clock.now() - answered.at) < freshMs
        ? ok(answered.kinds.get(kind))
        : pick(kind),
    known: async (kind) => {
      const held = answered?.kinds.get(kind);
      return held === undefined ? pick(kind) : ok(held);
    },
  };
};
