import { describe, expect, it } from 'vitest';
import type { FluxObject } from '#src/flux/object.ts';
import type { Member } from '#src/incident/incident.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { follow, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';
import {
  decideOn,
  failing,
  incident,
  later,
  limitMs,
  member,
  nothing,
  seen,
  source,
  start,
} from '#test/fakes/situations.ts';

const { dwellMs, reopenMs } = defaultIncidentSettings;

describe('what an incident keeps of an object', () => {
  it('is all that its card needs', () => {
    const object = {
      lastAttemptedRevision: 'main@sha1:bb',
      lastAppliedRevision: 'main@sha1:aa',
      source,
      checksHealth: true,
    };

    expect(decideOn(seen(['healthy', 'failing'], object), { now: later(5) })).toEqual({
      kind: 'open',
      member: member({
        since: later(5),
        attempted: 'main@sha1:bb',
        lastGood: 'main@sha1:aa',
        source,
        checksHealth: true,
      }),
      story: {
        id: 'opened/apps/uid-1/1.2',
        at: later(5),
        kind: 'opened',
        object: 'apps/Kustomization/data/api',
        text: 'field is immutable',
      },
      found: false,
    });
  });

  it('is found where it was so at first sight, and not where we saw it begin', () => {
    const stuck = seen(['progressing']);

    expect(decideOn(seen(['failing']))).toMatchObject({ kind: 'open', found: true });
    expect(decideOn(seen(['progressing', 'failing']))).toMatchObject({ found: false });
    expect(decideOn(stuck, { now: later(limitMs) })).toMatchObject({ found: false });
  });

  it('names nothing that the object does not say', () => {
    const { member: kept } = decideOn(seen(['failing'], { path: undefined })) as {
      member: Member;
    };

    expect(Object.keys(kept).filter((key) => kept[key as keyof Member] === undefined)).toEqual([]);
    for (const absent of ['attempted', 'lastGood', 'path', 'source', 'git']) {
      expect(kept).not.toHaveProperty(absent);
    }
  });

  it('holds no secret', () => {
    const secret = { ...failing, message: 'password hunter2 is wrong' };

    expect(decideOn(secret)).toMatchObject({
      member: { message: 'password [redacted] is wrong' },
      story: { text: 'password [redacted] is wrong' },
    });
  });
});

describe('a pass without a result', () => {
  const running = seen(['healthy', 'progressing']);

  it('is looked at again when its time is over, and is an incident then', () => {
    expect(decideOn(running, { now: later(limitMs - 1) })).toEqual(nothing(later(limitMs)));
    expect(decideOn(running, { now: later(limitMs) })).toMatchObject({
      kind: 'open',
      member: {
        reason: 'Stuck',
        message: 'no result after 2 min; its own time-out is 30 s',
        failingSince: start,
        attempts: 1,
      },
    });
  });

  it('has been one since it began, however long the object was well before', () => {
    const hour = 3_600_000;
    const object = fluxObject('progressing', { resourceVersion: '9' });
    const began = follow(seen(['healthy']), { cluster: 'apps', epoch: 1, object }, start + hour);

    expect(decideOn(began, { now: start + hour + limitMs })).toMatchObject({
      member: { reason: 'Stuck', failingSince: start + hour },
      found: false,
    });
  });

  it('goes on while the object changes in other ways, and ends with the pass', () => {
    const hour = 3_600_000;
    const at = (before: Tracked, phase: Phase, version: string, more: Partial<FluxObject> = {}) =>
      follow(
        before,
        {
          cluster: 'apps',
          epoch: 1,
          object: fluxObject(phase, { ...more, resourceVersion: version }),
        },
        start + hour,
      );
    const began = at(seen(['healthy']), 'progressing', '9');
    const known = { reason: 'Stuck', message: 'no result', failingSince: start + hour };
    const about = incident({ ...known, resourceVersion: '9' });
    const soon = { incident: about, now: start + 2 * hour };

    // somebody asks it to reconcile, say
    expect(decideOn(at(began, 'progressing', '10'), soon)).toEqual(nothing());
    expect(decideOn(at(began, 'progressing', '10', { suspended: true }), soon)).toMatchObject({
      change: { member: { standing: 'suspended', reason: 'Stuck' } },
    });
    expect(decideOn(at(began, 'healthy', '10'), soon)).toMatchObject({
      change: { member: { standing: 'recovered' } },
    });
  });

  it('needs no look at a time that is over where it failed before', () => {
    const again = seen(['healthy', 'failing', 'progressing']);

    expect(decideOn(again, { incident: incident(), now: later(limitMs - 1) })).toEqual(
      nothing(later(limitMs)),
    );
    expect(decideOn(again, { incident: incident(), now: later(limitMs) })).toEqual(nothing());
  });

  it('is one also where the object never had a result', () => {
    const never = seen(['progressing']);

    expect(decideOn(never, { now: later(limitMs) })).toMatchObject({ member: { reason: 'Stuck' } });
  });

  it('is none yet where it was broken off for a newer one, and what stood before stands on', () => {
    const [ready] = fluxObject('failing').conditions;
    const broken = {
      conditions: ready === undefined ? [] : [{ ...ready, reason: 'HealthCheckCanceled' }],
    };
    const whileWell = follow(
      seen(['healthy']),
      {
        cluster: 'apps',
        epoch: 1,
        object: fluxObject('failing', { ...broken, resourceVersion: '9' }),
      },
      later(1),
    );

    expect(whileWell.standing).toBe('healthy');
    expect(decideOn(whileWell, { now: later(2) })).toEqual(nothing(later(limitMs + 1)));
  });

  it('is none of an object that has no passes', () => {
    const repository = seen(['progressing'], {
      ref: { kind: 'HelmRepository', namespace: 'pki', name: 'charts' },
      url: 'oci://registry.example/charts',
      conditions: [],
    });

    expect(decideOn(repository, { now: later(10 * limitMs) })).toEqual(nothing());
  });

  it('needs no further look once there is a result', () => {
    expect(decideOn(seen(['progressing', 'healthy']))).toEqual(nothing());
  });
});

describe('an object that nothing is told of', () => {
  const late = { now: later(10 * limitMs) };

  it('is one that is going or gone', () => {
    expect(decideOn(seen(['healthy', 'failing'], { deleting: true }), late)).toEqual(nothing());
    expect(decideOn({ ...failing, gone: true }, late)).toEqual(nothing());
  });

  it('is one that was found suspended, or is suspended while it does anything but fail', () => {
    const suspended = { suspended: true };
    expect(decideOn(seen(['failing'], suspended), late)).toEqual(nothing());
    expect(decideOn(seen(['healthy', 'waiting'], suspended), late)).toEqual(nothing());
    expect(decideOn(seen(['waiting', 'healthy', 'progressing'], suspended), late)).toEqual(
      nothing(),
    );
  });

  it('is none that failed just as it was suspended', () => {
    expect(decideOn(seen(['healthy', 'failing'], { suspended: true }))).toMatchObject({
      kind: 'open',
      member: { standing: 'suspended' },
    });
  });
});

describe('a failure after an incident that has ended', () => {
  const over = incident({ standing: 'recovered' }, { state: 'resolved', endedAt: start });

  it('takes it up again within the time for that, and opens another one after', () => {
    expect(decideOn(failing, { incident: over, now: later(reopenMs) })).toEqual({
      kind: 'change',
      flap: true,
      change: {
        at: later(reopenMs),
        member: member({ since: later(reopenMs) }),
        story: [
          {
            id: 'reopened/apps/uid-1/1.2',
            at: later(reopenMs),
            kind: 'reopened',
            object: 'apps/Kustomization/data/api',
            text: 'field is immutable',
          },
        ],
      },
    });
    expect(decideOn(failing, { incident: over, now: later(reopenMs + 1) }).kind).toBe('open');
  });
});

describe('an object of an open incident', () => {
  it('has recovered once it was well for long enough', () => {
    const well = seen(['failing', 'healthy'], { lastAppliedRevision: 'main@sha1:bb' });
    const known = incident({ attempts: 4, failingSince: 7, message: 'why', reason: 'Why' });

    expect(decideOn(well, { incident: known, now: later(dwellMs - 1) })).toEqual(
      nothing(later(dwellMs)),
    );
    expect(decideOn(well, { incident: known, now: later(dwellMs) })).toMatchObject({
      kind: 'change',
      flap: false,
      change: {
        at: later(dwellMs),
        member: {
          standing: 'recovered',
          since: later(dwellMs),
          reason: 'Why',
          message: 'why',
          failingSince: 7,
          attempts: 4,
          lastGood: 'main@sha1:bb',
        },
        story: [{ kind: 'resolved', text: 'main@sha1:bb' }],
      },
    });
  });

  it('has recovered without a revision where it has none', () => {
    const decision = decideOn(seen(['failing', 'healthy']), {
      incident: incident(),
      now: later(dwellMs),
    });

    expect(decision).toMatchObject({ change: { story: [{ kind: 'resolved', text: '' }] } });
  });

  it('is deleted when it is gone, and not while it only goes', () => {
    const known = incident();

    expect(decideOn({ ...failing, gone: true }, { incident: known, now: later(5) })).toEqual({
      kind: 'change',
      flap: false,
      change: {
        at: later(5),
        member: { ...member(), standing: 'gone', since: later(5) },
        story: [expect.objectContaining({ kind: 'deleted', text: '' })],
      },
    });
    expect(decideOn(seen(['failing'], { deleting: true }), { incident: known })).toEqual(nothing());
  });

  it('says nothing new while it says the same', () => {
    expect(decideOn(failing, { incident: incident() })).toEqual(nothing());
    const numbers = { ...failing, message: 'field 9 is immutable' };
    expect(decideOn(numbers, { incident: incident({ message: 'field 3 is immutable' }) })).toEqual(
      nothing(),
    );
  });

  it.each<[string, Partial<Member>]>([
    ['reason', { reason: 'BuildFailed' }],
    ['message', { message: 'another message' }],
  ])('fails differently with another %s', (_, before) => {
    expect(decideOn(failing, { incident: incident(before) })).toMatchObject({
      kind: 'change',
      change: {
        member: { reason: 'ReconciliationFailed', message: 'field is immutable' },
        story: [{ kind: 'failed-differently', text: 'field is immutable' }],
      },
    });
  });

  it.each<[string, Partial<Member>, Partial<FluxObject>]>([
    ['a further attempt', { attempts: 0 }, {}],
    ['another revision that is tried', { attempted: 'a' }, { lastAttemptedRevision: 'b' }],
    ['another one that last worked', { lastGood: 'a' }, { lastAppliedRevision: 'b' }],
  ])('is written down, without a word in the thread, for %s', (_, before, object) => {
    const tracked = seen(['healthy', 'failing'], object);

    expect(decideOn(tracked, { incident: incident(before) })).toMatchObject({
      kind: 'change',
      change: { story: [] },
    });
  });

  it('keeps since when it stands as it does', () => {
    const decision = decideOn(failing, {
      incident: incident({ since: 3, attempts: 0 }),
      now: later(60_000),
    });

    expect(decision).toMatchObject({ change: { member: { since: 3 } } });
  });

  it('is suspended and resumed, said once each', () => {
    const suspended = seen(['healthy', 'failing'], { suspended: true });
    const asSuspended = incident({ standing: 'suspended' }, { state: 'suspended' });

    expect(decideOn(suspended, { incident: incident() })).toMatchObject({
      change: { member: { standing: 'suspended' }, story: [{ kind: 'suspended', text: '' }] },
    });
    expect(decideOn(suspended, { incident: asSuspended })).toEqual(nothing());
    expect(decideOn(failing, { incident: asSuspended })).toMatchObject({
      change: { member: { standing: 'failing' }, story: [{ kind: 'resumed', text: '' }] },
    });
  });

  it('stands as before while it was just found, or is tried for the first time', () => {
    const found = seen(['progressing']);

    expect(decideOn(found, { incident: incident() })).toEqual(nothing(later(limitMs)));
  });

  it('was resumed also where there is no result yet, and fails as before', () => {
    const resumed = seen(['progressing']);
    const known = incident({ standing: 'suspended', attempts: 3 }, { state: 'suspended' });

    expect(decideOn(resumed, { incident: known })).toMatchObject({
      change: {
        member: {
          standing: 'failing',
          reason: 'ReconciliationFailed',
          message: 'field is immutable',
          attempts: 3,
        },
        story: [{ kind: 'resumed' }],
      },
    });
  });

  it('is an object of its own beside another one of the same incident', () => {
    const other = { ...failing, cluster: 'infra' };

    expect(decideOn(other, { incident: incident() }).kind).toBe('open');
  });
});
