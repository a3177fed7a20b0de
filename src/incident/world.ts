import type { Observation } from '#src/cluster/cluster.ts';
import type { FluxKind, FluxRef } from '#src/flux/ref.ts';
import { type Decision, decide } from '#src/incident/decide.ts';
import { hasEnded, type Incident, keyOf, type Member, memberKey } from '#src/incident/incident.ts';
import { createSchedule, type Schedule } from '#src/incident/schedule.ts';
import { createSight, type Sight } from '#src/incident/sight.ts';
import type { IncidentSettings, TextCleaning } from '#src/incident/situation.ts';
import { follow, followGone, type Tracked } from '#src/incident/tracked.ts';

/**
 * Everything that the keeper of incidents has in mind: each object as it was followed, and the incidents.
 * The objects come from the watches and are never stored; the incidents are a copy of what the store has.
 */
export interface World {
  readonly tracked: Map<string, Tracked>;
  readonly incidents: Map<string, Incident>;
  /** Newest incident by member key. */
  readonly latest: Map<string, string>;
  /** When an object must be looked at again though nothing happens, ms. */
  readonly rechecks: Schedule;
  /** Keys of tracked objects that are gone. */
  readonly gone: Set<string>;
  readonly sight: Sight;
}

export const createWorld = (): World => ({
  tracked: new Map(),
  incidents: new Map(),
  latest: new Map(),
  rechecks: createSchedule(),
  gone: new Set(),
  sight: createSight(),
});

/** Takes an incident in, as the store has it. */
export const adopt = (world: World, incident: Incident): void => {
  world.incidents.set(incident.id, incident);
  for (const member of incident.members) {
    const key = keyOf(member);
    const other = world.incidents.get(world.latest.get(key) ?? '');
    if (other === undefined || other.id === incident.id || other.openedAt <= incident.openedAt) {
      world.latest.set(key, incident.id);
    }
  }
};

/** Forgets ended incidents that can no longer be taken up again, and objects that are gone. */
export const forgetOld = (world: World, now: number, reopenMs: number): void => {
  for (const [id, incident] of world.incidents) {
    if (incident.endedAt !== undefined && now - incident.endedAt > reopenMs) {
      world.incidents.delete(id);
      for (const member of incident.members) {
        if (world.latest.get(keyOf(member)) === id) {
          world.latest.delete(keyOf(member));
        }
      }
    }
  }
  // those alone, since this is asked after every event and there may be thousands that are not gone
  for (const key of world.gone) {
    if (!world.latest.has(key)) {
      world.tracked.delete(key);
      world.gone.delete(key);
    }
  }
};

const memberOf = (world: World, key: string): Member | undefined => {
  const incident = world.incidents.get(world.latest.get(key) ?? '');
  return incident === undefined || hasEnded(incident)
    ? undefined
    : incident.members.find((member) => keyOf(member) === key);
};

/** A keeper that takes over has not seen how a failure began; the incident remembers it. */
const withMemory = (tracked: Tracked, member: Member | undefined): Tracked =>
  member === undefined || member.uid !== tracked.object.uid || tracked.failingSince === undefined
    ? tracked
    : {
        ...tracked,
        failingSince: member.failingSince,
        attempts: Math.max(tracked.attempts, member.attempts),
        lastGood: tracked.lastGood ?? member.lastGood,
      };

const membersMissing = (
  world: World,
  cluster: string,
  kind: FluxKind,
): readonly (readonly [string, Member])[] =>
  [...world.incidents.values()]
    .filter((incident) => !hasEnded(incident))
    .flatMap((incident) => incident.members)
    .filter(
      (member) =>
        member.cluster === cluster &&
        member.ref.kind === kind &&
        member.standing !== 'gone' &&
        !world.tracked.has(keyOf(member)),
    )
    .map((member) => [keyOf(member), member] as const);

/**
 * Takes in what a cluster said.
 * @param now - ms since the epoch
 * @returns the keys of the objects about which something may have changed
 */
export const observe = (
  world: World,
  observation: Observation,
  now: number,
): { readonly touched: readonly string[]; readonly vanished: readonly Member[] } => {
  const { cluster } = observation;
  switch (observation.type) {
    case 'object': {
      const key = memberKey(cluster, observation.object.ref);
      const before = world.tracked.get(key);
      const after = follow(before, observation, now);
      if (after === before) {
        return { touched: [], vanished: [] };
      }
      const first = before === undefined || before.object.uid !== after.object.uid;
      world.gone.delete(key);
      world.tracked.set(key, first ? withMemory(after, memberOf(world, key)) : after);
      return { touched: [key], vanished: [] };
    }
    case 'gone': {
      const key = memberKey(cluster, observation.ref);
      const after = followGone(world.tracked.get(key), observation.uid);
      if (after === undefined) {
        return { touched: [], vanished: [] };
      }
      world.tracked.set(key, after);
      world.gone.add(key);
      return { touched: [key], vanished: [] };
    }
    case 'listed':
      return {
        touched: [],
        vanished: membersMissing(world, cluster, observation.kind).map(([, member]) => member),
      };
    default:
      return observation satisfies never;
  }
};

/** What follows for one object now; remembers when to look again. */
export const decideFor = (
  world: World,
  key: string,
  now: number,
  settings: IncidentSettings,
  clean: TextCleaning,
): Decision => {
  const tracked = world.tracked.get(key);
  world.rechecks.delete(key);
  if (tracked === undefined) {
    return { kind: 'nothing' };
  }
  const decision = decide({
    tracked,
    incident: world.incidents.get(world.latest.get(key) ?? ''),
    now,
    settings,
    blindUntil: world.sight.blindUntil(tracked.cluster, tracked.object.ref.kind),
    lookup: (cluster: string, ref: FluxRef) => world.tracked.get(memberKey(cluster, ref)),
    clean,
  });
  if (decision.kind === 'nothing' && decision.recheckAt !== undefined) {
    world.rechecks.set(key, decision.recheckAt);
  }
  return decision;
};

export const dueKeys = (world: World, now: number): readonly string[] => world.rechecks.dueBy(now);

export const nextDue = (world: World): number | undefined => world.rechecks.next();
