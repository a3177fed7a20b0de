import { describe, expect, it } from 'vitest';
import type { FluxObject } from '#src/flux/object.ts';
import type { FluxRef } from '#src/flux/ref.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import type { Tracked } from '#src/incident/tracked.ts';
import type { Phase } from '#test/fakes/flux-objects.ts';
import {
  decideOn,
  failing,
  later,
  nothing,
  postgres,
  redis,
  seen,
  world,
} from '#test/fakes/situations.ts';

const { waitingMs } = defaultIncidentSettings;

describe('an object that waits', () => {
  const waiting = (change: Partial<FluxObject> = {}) =>
    seen(['healthy', 'waiting'], { dependsOn: [postgres], ...change });
  const target = (
    phases: readonly Phase[],
    ref: FluxRef = postgres,
    more: Partial<FluxObject> = {},
  ) => seen(phases, { ref, uid: `uid-of-${ref.name}`, ...more });
  const message = (tracked: Tracked, ...there: readonly Tracked[]) => {
    const decision = decideOn(tracked, { now: later(waitingMs), lookup: world(...there) });
    return decision.kind === 'open' ? decision.member.message : decision.kind;
  };

  it('is looked at again when its patience is over, and every five seconds after that', () => {
    const lookup = world(target(['failing']));

    expect(decideOn(waiting(), { lookup })).toEqual(nothing(later(waitingMs)));
    expect(decideOn(waiting(), { lookup, now: later(60_000) })).toEqual(nothing(later(65_000)));
  });

  it('says what does not exist', () => {
    const missing = 'waits for Kustomization data/postgres, which does not exist';
    const gone = { ...target(['healthy']), gone: true };

    expect(message(waiting())).toBe(missing);
    expect(message(waiting(), gone)).toBe(missing);
    expect(message(waiting(), { ...target(['healthy']), cluster: 'infra' })).toBe(missing);
  });

  it('says what is suspended, unless that one is well', () => {
    const suspended = { suspended: true };

    expect(message(waiting(), target(['healthy', 'failing'], postgres, suspended))).toBe(
      'waits for Kustomization data/postgres, which is suspended',
    );
    expect(message(waiting(), target(['healthy'], postgres, suspended))).toBe(
      "dependency 'data/postgres' is not ready",
    );
  });

  it('is no incident while one of several is not well yet', () => {
    const both = waiting({
      dependsOn: [postgres, redis],
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'DependencyNotReady',
          message: 'dependencies do not meet ready condition',
          since: 0,
          observedGeneration: 1,
        },
      ],
    });

    expect(message(both, target(['healthy']), target(['healthy', 'progressing'], redis))).toBe(
      'nothing',
    );
    expect(message(both, target(['healthy']), target(['healthy'], redis))).toBe(
      'dependencies do not meet ready condition',
    );
  });

  it('is one in its own words where it names nothing that it waits for', () => {
    expect(message(waiting({ dependsOn: [] }))).toBe("dependency 'data/postgres' is not ready");
  });

  it('is none while a pass of its own runs', () => {
    const running = seen(['waiting', 'progressing'], { dependsOn: [postgres] });

    expect(decideOn(running, { now: later(waitingMs) }).kind).toBe('nothing');
  });

  describe('in a circle', () => {
    const { ref } = failing.object;
    const waits = (name: string, on: FluxRef) =>
      target(
        ['waiting'],
        { ...postgres, name },
        {
          dependsOn: [on],
          conditions: [
            {
              type: 'Ready',
              status: 'False',
              reason: 'DependencyNotReady',
              message: `dependency '${on.namespace}/${on.name}' is not ready`,
              since: 0,
              observedGeneration: 1,
            },
          ],
        },
      );
    const circle = 'waits for Kustomization data/postgres, which waits for it in turn: a circle';

    it('says so, however many are in it', () => {
      expect(message(waiting(), waiting(), waits('postgres', ref))).toBe(circle);
      expect(message(waiting(), waiting(), waits('postgres', redis), waits('redis', ref))).toBe(
        circle,
      );
    });

    it('is no such thing where the circle is further away, or one of it is gone', () => {
      const away = [waits('postgres', redis), waits('redis', postgres)];
      expect(message(waiting(), waiting(), ...away)).toBe('nothing');

      const gone = { ...waits('redis', ref), gone: true };
      expect(message(waiting(), waiting(), waits('postgres', redis), gone)).toBe('nothing');
    });
  });
});
