import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { printRef } from '#src/flux/ref.ts';
import { decide, defaultIncidentSettings, type Situation } from '#src/incident/decide.ts';
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
  clean: { redact: same, normalise: same },
  ...change,
});

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
});
