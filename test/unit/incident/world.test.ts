import { describe, expect, it } from 'vitest';
import type { Observation } from '#src/cluster/cluster.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { type Incident, keyOf, type Member } from '#src/incident/incident.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import {
  adopt,
  createWorld,
  decideFor,
  dueKeys,
  forgetOld,
  nextDue,
  observe,
} from '#src/incident/world.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';
import { incident, limitMs, member, start } from '#test/fakes/situations.ts';

const key = keyOf(member());
const clean = { redact: (text: string) => text, normalise: (text: string) => text };

const object = (phase: Phase, change: Partial<FluxObject> = {}): Observation => ({
  type: 'object',
  cluster: 'apps',
  epoch: 1,
  object: fluxObject(phase, change),
});
const gone = (uid: string): Observation => ({
  type: 'gone',
  cluster: 'apps',
  epoch: 1,
  ref: member().ref,
  uid,
});
const listed = (kind: Member['ref']['kind'] = 'Kustomization', cluster = 'apps'): Observation => ({
  type: 'listed',
  cluster,
  epoch: 1,
  kind,
});

const worldOf = (...incidents: readonly Incident[]) => {
  const world = createWorld();
  for (const one of incidents) {
    adopt(world, one);
  }
  return world;
};
const named = (id: string, change: Partial<Incident> = {}, known: Partial<Member> = {}) => ({
  ...incident(known, change),
  id,
});

describe('the newest incident of an object', () => {
  it('is the one that opened last, in whatever order they come', () => {
    const older = named('INC-1', { openedAt: 1, state: 'resolved', endedAt: 2 });
    const newer = named('INC-2', { openedAt: 3 });

    expect(worldOf(older, newer).latest.get(key)).toBe('INC-2');
    expect(worldOf(newer, older).latest.get(key)).toBe('INC-2');
    expect(worldOf(newer, { ...newer, flaps: 1 }).incidents.get('INC-2')?.flaps).toBe(1);
  });
});

describe('what is told of an object', () => {
  it('touches it once', () => {
    const world = createWorld();

    expect(observe(world, object('failing'), 5)).toEqual({ touched: [key], vanished: [] });
    expect(observe(world, object('failing'), 6)).toEqual({ touched: [], vanished: [] });
    expect(observe(world, object('healthy', { resourceVersion: '2' }), 7)).toEqual({
      touched: [key],
      vanished: [],
    });
    expect(world.tracked.get(key)).toMatchObject({ standing: 'healthy', since: 7 });
  });

  it('goes on from what its open incident remembers, where it is seen for the first time', () => {
    const known = { failingSince: 7, attempts: 4, lastGood: 'a' };
    const world = worldOf(named('INC-1', {}, known));
    observe(world, object('failing'), 9);

    expect(world.tracked.get(key)).toMatchObject(known);
  });

  it('goes on from nothing that is of another object, of an incident that is over, or of one that is well', () => {
    const known = { failingSince: 7, attempts: 4, lastGood: 'a' };
    const fresh = { attempts: 1, lastGood: undefined };
    const seenIn = (world: ReturnType<typeof worldOf>, phase: Phase = 'failing') => {
      observe(world, object(phase), 9);
      return world.tracked.get(key);
    };

    expect(seenIn(worldOf(named('INC-1', {}, { ...known, uid: 'uid-0' })))).toMatchObject(fresh);
    expect(seenIn(worldOf(named('INC-1', { state: 'resolved', endedAt: 8 }, known)))).toMatchObject(
      fresh,
    );
    expect(seenIn(worldOf(named('INC-1', {}, known)), 'healthy')).toMatchObject({
      failingSince: undefined,
      attempts: 0,
    });
  });

  it('keeps what we counted ourselves', () => {
    const world = worldOf(named('INC-1', {}, { attempts: 4, failingSince: 7 }));
    observe(world, object('failing'), 9);
    observe(world, object('progressing', { resourceVersion: '2' }), 10);
    observe(world, object('failing', { resourceVersion: '3' }), 11);

    expect(world.tracked.get(key)).toMatchObject({ attempts: 5, failingSince: 7 });
  });
});

describe('an object that is gone', () => {
  it('is known to be, and forgotten once no incident asks for it', () => {
    const world = createWorld();
    observe(world, object('failing'), 5);

    expect(observe(world, gone('uid-1'), 6)).toEqual({ touched: [key], vanished: [] });
    expect(world.tracked.get(key)?.gone).toBe(true);
    adopt(world, named('INC-1'));
    forgetOld(world, 7, 10);
    expect(world.tracked.has(key)).toBe(true);

    world.latest.clear();
    forgetOld(world, 8, 10);
    expect(world.tracked.has(key)).toBe(false);
    expect(world.gone.size).toBe(0);
  });

  it('is remembered when it is there again', () => {
    const world = createWorld();
    observe(world, object('failing'), 5);
    observe(world, gone('uid-1'), 6);
    observe(world, object('failing', { uid: 'uid-2', resourceVersion: '9' }), 7);
    forgetOld(world, 8, 10);

    expect(world.tracked.get(key)).toMatchObject({ gone: false });
  });

  it('is nothing new where nobody knew it', () => {
    const world = createWorld();

    expect(observe(world, gone('uid-1'), 6)).toEqual({ touched: [], vanished: [] });
    expect(world.tracked.size).toBe(0);
  });
});

describe('a complete list', () => {
  const missingIn = (world: ReturnType<typeof worldOf>, observation = listed()) =>
    observe(world, observation, 9).vanished.map(keyOf);

  it('tells which objects of open incidents are no longer there', () => {
    expect(missingIn(worldOf(named('INC-1')))).toEqual([key]);
  });

  it('tells nothing of another kind or cluster, nor of what is there or known to be gone', () => {
    expect(missingIn(worldOf(named('INC-1')), listed('HelmRelease'))).toEqual([]);
    expect(missingIn(worldOf(named('INC-1')), listed('Kustomization', 'infra'))).toEqual([]);
    expect(missingIn(worldOf(named('INC-1', {}, { standing: 'gone' })))).toEqual([]);
    expect(missingIn(worldOf(named('INC-1', { state: 'resolved', endedAt: 8 })))).toEqual([]);
    const there = worldOf(named('INC-1'));
    observe(there, object('failing'), 8);
    expect(missingIn(there)).toEqual([]);
  });
});

describe('an incident that has ended', () => {
  const ended = named('INC-1', { state: 'resolved', endedAt: 10, openedAt: 1 });

  it('is kept as long as it may be taken up again', () => {
    const world = worldOf(ended);
    forgetOld(world, 30, 20);
    expect(world.incidents.has('INC-1')).toBe(true);

    forgetOld(world, 31, 20);
    expect(world.incidents.has('INC-1')).toBe(false);
    expect(world.latest.has(key)).toBe(false);
  });

  it('leaves the newer one of its object alone, and those that are open', () => {
    const world = worldOf(ended, named('INC-2', { openedAt: 5 }));
    forgetOld(world, 1_000, 20);

    expect([...world.incidents.keys()]).toEqual(['INC-2']);
    expect(world.latest.get(key)).toBe('INC-2');
  });
});

describe('deciding for an object', () => {
  const settings = defaultIncidentSettings;

  it('remembers when to look again, and no longer than until then', () => {
    const world = createWorld();
    observe(world, object('progressing'), start);

    expect(decideFor(world, key, start, settings, clean).kind).toBe('nothing');
    expect(nextDue(world)).toBe(start + limitMs);
    expect(dueKeys(world, start + limitMs)).toEqual([key]);
    expect(decideFor(world, key, start + limitMs, settings, clean).kind).toBe('open');
    expect(nextDue(world)).toBeUndefined();
  });

  it('needs no further look where all is well', () => {
    const world = createWorld();
    world.rechecks.set(key, start);
    observe(world, object('healthy'), start);

    expect(decideFor(world, key, start, settings, clean).kind).toBe('nothing');
    expect(nextDue(world)).toBeUndefined();
  });

  it('says nothing of an object that nobody told of', () => {
    expect(decideFor(createWorld(), key, start, settings, clean)).toEqual({ kind: 'nothing' });
  });

  it('looks at its newest incident, and at the objects of its cluster', () => {
    const world = worldOf(named('INC-1'));
    observe(world, object('failing', { resourceVersion: '2' }), start);
    expect(decideFor(world, key, start, settings, clean).kind).toBe('nothing');

    const postgres = { kind: 'Kustomization', namespace: 'data', name: 'postgres' } as const;
    const waiting = createWorld();
    observe(waiting, object('waiting', { dependsOn: [postgres] }), start);
    observe(waiting, object('failing', { ref: postgres, uid: 'uid-2' }), start);
    const late = start + settings.waitingMs;
    expect(decideFor(waiting, key, late, settings, clean).kind).toBe('nothing');
    waiting.tracked.delete(keyOf({ cluster: 'apps', ref: postgres }));
    expect(decideFor(waiting, key, late, settings, clean).kind).toBe('open');
  });
});
