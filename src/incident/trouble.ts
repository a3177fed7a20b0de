import { passLimitMs, waitsFor } from '#src/flux/verdict.ts';
import { type Member, memberKey } from '#src/incident/incident.ts';
import { lasts, type Situation } from '#src/incident/situation.ts';
import type { Tracked } from '#src/incident/tracked.ts';

/** What is wrong with an object that an incident would tell. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
}

/** Why an object that waits for another is an incident of its own; undefined while it is not. */
const waitingTrouble = (situation: Situation, seen: ReadonlySet<string>): Trouble | undefined => {
  const { tracked, lookup, settings } = situation;
  const { waitingMs } = settings;
  if (tracked.progressingSince !== undefined || lasts(situation, tracked.since) < waitingMs) {
    return undefined;
  }
  const targets = waitsFor(tracked.object, {
    state: 'waiting',
    reason: tracked.reason,
    message: tracked.message,
  });
  const trouble = (message: string): Trouble => ({ reason: tracked.reason, message });
  for (const ref of targets) {
    const name = `${ref.kind} ${ref.namespace}/${ref.name}`;
    const target = lookup(tracked.cluster, ref);
    if (target === undefined || target.gone) {
      return trouble(`waits for ${name}, which does not exist`);
    }
    if (seen.has(memberKey(tracked.cluster, ref))) {
      return trouble(`waits for ${name}, which waits for it in turn: a circle`);
    }
    if (target.object.suspended && target.standing !== 'healthy') {
      return trouble(`waits for ${name}, which is suspended`);
    }
  }
  const well = targets.every((ref) => {
    const target = lookup(tracked.cluster, ref);
    return (
      target !== undefined && target.standing === 'healthy' && target.progressingSince === undefined
    );
  });
  return well ? trouble(tracked.message) : undefined;
};

const inCircle = (situation: Situation): ReadonlySet<string> => {
  // everything that the object waits for, however far away, except what it names itself
  const { tracked, lookup } = situation;
  const own = memberKey(tracked.cluster, tracked.object.ref);
  const reach = (from: Tracked, found: Set<string>): Set<string> => {
    for (const ref of waitsFor(from.object, {
      state: 'waiting',
      reason: from.reason,
      message: from.message,
    })) {
      const key = memberKey(from.cluster, ref);
      const next = lookup(from.cluster, ref);
      if (!found.has(key) && next?.standing === 'waiting' && !next.gone) {
        found.add(key);
        reach(next, found);
      }
    }
    return found;
  };
  return new Set(
    waitsFor(tracked.object, {
      state: 'waiting',
      reason: tracked.reason,
      message: tracked.message,
    })
      .map((ref) => lookup(tracked.cluster, ref))
      .filter((next) => next !== undefined && next.standing === 'waiting')
      .filter((next) => next !== undefined && reach(next, new Set()).has(own))
      .map((next) => memberKey(tracked.cluster, (next as Tracked).object.ref)),
  );
};

const stuckReason = 'Stuck';

const stuckTrouble = (situation: Situation): Trouble | undefined => {
  const { tracked, now } = situation;
  const limit = passLimitMs(tracked.object);
  return tracked.progressingSince !== undefined &&
    lasts(situation, tracked.progressingSince) >= limit
    ? {
        reason: stuckReason,
        message: `no result after ${Math.round((now - tracked.progressingSince) / 60_000)} min; its own time-out is ${Math.round((limit - 60_000) / 1000)} s`,
      }
    : undefined;
};

/** What is wrong with an object now, as far as that is an incident; undefined where it is none. */
export const troubleOf = (situation: Situation): Trouble | undefined => {
  const { tracked } = situation;
  switch (tracked.standing) {
    case 'failing':
      return { reason: tracked.reason, message: tracked.message };
    case 'waiting':
      return waitingTrouble(situation, inCircle(situation));
    case 'healthy':
    case 'unknown':
      return stuckTrouble(situation);
    default:
      return tracked.standing satisfies never;
  }
};

/** When (ms) time alone may have made it trouble; undefined where it cannot. */
export const recheckWithoutTrouble = (situation: Situation): number | undefined => {
  const { tracked, now, settings, blindUntil } = situation;
  const { standing, since, progressingSince, object } = tracked;
  if (blindUntil > now) {
    return now + 5_000;
  }
  if (standing === 'waiting') {
    return Math.max(Math.max(since, blindUntil) + settings.waitingMs, now + 5_000);
  }
  const due =
    progressingSince === undefined
      ? now
      : Math.max(progressingSince, blindUntil) + passLimitMs(object);
  // what time alone can tell has been told by then: a look at a time that is over would never end
  return due > now ? due : undefined;
};

/** Whether the pass that an incident is about, since it has no end, still has none. */
export const isSamePass = ({ tracked }: Situation, known: Member): boolean =>
  known.reason === stuckReason &&
  tracked.progressingSince !== undefined &&
  tracked.progressingSince <= known.failingSince;

/**
 * What an object that has not recovered fails with now; undefined where it says nothing new. Every fix
 * passes through waiting for moments, and what was wrong stays wrong meanwhile.
 */
export const newTrouble = (situation: Situation): Trouble | undefined => {
  const { tracked } = situation;
  if (tracked.standing === 'waiting') {
    return waitingTrouble(situation, inCircle(situation));
  }
  return tracked.reason === '' ? undefined : tracked;
};
