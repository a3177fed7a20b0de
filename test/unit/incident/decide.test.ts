import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { printRef } from '#src/flux/ref.ts';
import { type Decision, decide } from '#src/incident/decide.ts';
import { type Incident, keyOf } from '#src/incident/incident.ts';
import { defaultIncidentSettings, type Situation } from '#src/incident/situation.ts';
import { follow, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';

const postgres = { kind: 'Kustomization', namespace: 'data', name: 'postgres' } as const;
const same = (text: string): string => text;

const seen = (phases: readonly Phase[], change: Parameters<typeof fluxObject>[1] = {}): Tracked => {
  const [first = 'healthy', ...rest] = phases;
  const at = (phase: Phase, index: number) => ({
    cluster: 'apps',
    epoch: 1,
    object: fluxObject(phase, { ...change, resourceVersion: String(index + 1) }),
  });
  return rest.reduce(
    (before, phase, index) => follow(before, at(phase, index + 1), 0),
    follow(undefined, at(first, 0), 0),
  );
};

const situation = (change: Partial<Situation> & Pick<Situation, 'tracked'>): Situation => ({
  incident: undefined,
  now: 0,
  settings: defaultIncidentSettings,
  lookup: () => undefined,
  blindUntil: Number.NEGATIVE_INFINITY,
  clean: { redact: same, normalise: same },
  ...change,
});

const incidentOf = (decision: Decision): Incident => {
  if (decision.kind !== 'open') {
    throw new Error('nothing was opened');
  }
  const { member, story } = decision;
  return {
    id: 'INC-1',
    state: 'open',
    cause: keyOf(member),
    members: [member],
    blocked: [],
    openedAt: 0,
    flaps: 0,
    foundLate: false,
    rolledUp: false,
    story: [story],
  };
};

const phases = fc.array(fc.constantFrom<Phase>('healthy', 'failing', 'waiting', 'progressing'), {
  maxLength: 8,
});
const now = fc.integer({ min: 0, max: 86_400_000 });
const found =
  (target: Tracked): Situation['lookup'] =>
  (_, ref) =>
    printRef(ref) === printRef(postgres) ? target : undefined;

describe('deciding', () => {
  test.prop([phases, now])('opens nothing for an object that is well', (before, at) => {
    const tracked = seen([...before, 'healthy']);

    expect(decide(situation({ tracked, now: at })).kind).toBe('nothing');
  });

  test.prop([phases, now])('opens nothing for what waits for a failing object', (before, at) => {
    const tracked = seen([...before, 'waiting'], { dependsOn: [postgres] });
    const target = seen(['failing'], { ref: postgres, uid: 'uid-2' });

    expect(decide(situation({ tracked, now: at, lookup: found(target) })).kind).toBe('nothing');
  });

  test.prop([phases, now])('opens for every failure of its own that it saw begin', (before, at) => {
    const tracked = seen([...before, 'healthy', 'failing']);

    expect(decide(situation({ tracked, now: at })).kind).toBe('open');
  });

  it('opens for what waits for an object that is well, only after a while', () => {
    const tracked = seen(['healthy', 'waiting'], { dependsOn: [postgres] });
    const target = seen(['healthy'], { ref: postgres, uid: 'uid-2' });
    const lookup = found(target);
    const { waitingMs } = defaultIncidentSettings;

    expect(decide(situation({ tracked, lookup, now: waitingMs - 1 })).kind).toBe('nothing');
    expect(decide(situation({ tracked, lookup, now: waitingMs })).kind).toBe('open');
  });

  describe('for an incident of a failure of its own, once the object waits', () => {
    const cause = seen(['healthy', 'failing'], { dependsOn: [postgres] });
    const opened = decide(situation({ tracked: cause }));
    const incident = incidentOf(opened);
    const waiting = seen(['healthy', 'failing', 'progressing', 'waiting'], {
      dependsOn: [postgres],
    });

    test.prop([fc.constantFrom<Phase>('failing', 'waiting', 'progressing'), now])(
      'has nothing to say while what it waits for is failing, waiting or at work',
      (phase, at) => {
        const lookup = found(seen(['healthy', phase], { ref: postgres, uid: 'uid-2' }));

        expect(decide(situation({ tracked: waiting, incident, lookup, now: at })).kind).toBe(
          'nothing',
        );
      },
    );

    it('says so when what it waits for does not exist', () => {
      const decision = decide(
        situation({ tracked: waiting, incident, now: defaultIncidentSettings.waitingMs }),
      );

      expect(decision).toMatchObject({
        kind: 'change',
        change: {
          member: { message: 'waits for Kustomization data/postgres, which does not exist' },
          story: [{ kind: 'failed-differently' }],
        },
      });
    });

    it('resolves as what it was', () => {
      const well = seen(['healthy', 'failing', 'waiting', 'healthy'], { dependsOn: [postgres] });
      const decision = decide(
        situation({ tracked: well, incident, now: defaultIncidentSettings.dwellMs }),
      );

      expect(decision).toMatchObject({
        kind: 'change',
        change: { member: { reason: incident.members[0]?.reason, attempts: 1 } },
      });
    });
  });
});
