import { describe, expect, it } from 'vitest';
import type { FluxObject } from '#src/flux/object.ts';
import { follow, followGone, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';

/** A snapshot, and when (ms) we saw it. */
type Sight = readonly [phase: Phase, at: number, change?: Partial<FluxObject>];

const seen = (...sights: readonly Sight[]): Tracked => {
  const last = sights.reduce<Tracked | undefined>(
    (before, [phase, at, change], index) =>
      follow(
        before,
        {
          cluster: 'apps',
          epoch: 1,
          object: fluxObject(phase, { resourceVersion: String(index + 1), ...change }),
        },
        at,
      ),
    undefined,
  );
  if (last === undefined) {
    throw new Error('nothing was seen');
  }
  return last;
};

const failedAt = (since: number): Partial<FluxObject> => ({
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'BuildFailed',
      message: 'no such file',
      since,
      observedGeneration: 1,
    },
  ],
});

const deployed = (status: string, revision: string) => ({
  status,
  revision,
  firstAt: 0,
  at: 0,
});

describe('an object that is seen for the first time', () => {
  it('stands as it says, found so and not seen to begin', () => {
    expect(seen(['failing', 50])).toMatchObject({
      cluster: 'apps',
      epoch: 1,
      gone: false,
      standing: 'failing',
      since: 50,
      reason: 'ReconciliationFailed',
      message: 'field is immutable',
      attempts: 1,
      witnessed: false,
    });
  });

  it('has no standing while it has had no result', () => {
    expect(seen(['progressing', 50])).toEqual({
      cluster: 'apps',
      epoch: 1,
      object: expect.objectContaining({ uid: 'uid-1' }),
      gone: false,
      standing: 'unknown',
      since: 50,
      reason: '',
      message: '',
      failingSince: undefined,
      attempts: 0,
      progressingSince: 50,
      lastGood: undefined,
      witnessed: false,
    });
  });

  it.each([
    ['the cluster says so', 20, 20],
    ['now, where the clock of the cluster is ahead', 80, 50],
    ['now, where the cluster says nothing that is a time', Number.NaN, 50],
  ])('has been failing since %s', (_, written, expected) => {
    expect(seen(['failing', 50, failedAt(written)]).failingSince).toBe(expected);
  });
});

describe('an object that goes on failing', () => {
  it('keeps since when, though Flux renews its time with each message', () => {
    const tracked = seen(['healthy', 10], ['failing', 50], ['failing', 70, failedAt(69)]);
    expect(tracked).toMatchObject({ since: 50, failingSince: 50, reason: 'BuildFailed' });
  });

  it('has been failing since we saw it, where we saw it well before', () => {
    expect(seen(['healthy', 10], ['failing', 50, failedAt(5)]).failingSince).toBe(50);
  });

  it('counts a pass that ended badly, and not what is only said again', () => {
    const twice = seen(['healthy', 0], ['failing', 1], ['failing', 2], ['failing', 3]);
    expect(twice.attempts).toBe(1);
    const again = seen(['healthy', 0], ['failing', 1], ['progressing', 2], ['failing', 3]);
    expect(again.attempts).toBe(2);
  });

  it('counts on where a wait comes between', () => {
    const tracked = seen(['failing', 1], ['waiting', 2], ['failing', 3]);
    expect(tracked).toMatchObject({ attempts: 3, since: 3 });
    expect(seen(['waiting', 1], ['waiting', 2])).toMatchObject({ attempts: 1, since: 1 });
  });

  it('starts anew once it was well', () => {
    const well = seen(['failing', 1], ['healthy', 2]);
    expect(well).toMatchObject({
      standing: 'healthy',
      since: 2,
      reason: '',
      message: '',
      failingSince: undefined,
      attempts: 0,
    });
    const again = seen(['failing', 1], ['healthy', 2], ['failing', 3]);
    expect(again).toMatchObject({ since: 3, failingSince: 3, attempts: 1 });
  });
});

describe('an object that stays well', () => {
  it('keeps since when', () => {
    expect(seen(['healthy', 1], ['healthy', 2], ['progressing', 3], ['healthy', 4]).since).toBe(1);
  });

  it.each<[string, Partial<FluxObject>, string | undefined]>([
    ['applied', { lastAppliedRevision: 'a', artifactRevision: 'b' }, 'a'],
    ['fetched', { artifactRevision: 'b', history: [deployed('deployed', '1.0')] }, 'b'],
    [
      'deployed',
      {
        history: [
          deployed('failed', '1.2'),
          deployed('deployed', '1.1'),
          deployed('deployed', '1'),
        ],
      },
      '1.1',
    ],
    ['never', { history: [deployed('failed', '1.2')] }, undefined],
  ])('knows what last worked: what was last %s', (_, change, expected) => {
    expect(seen(['healthy', 1, change]).lastGood).toBe(expected);
    expect(seen(['failing', 1, change]).lastGood).toBe(expected);
  });

  it('knows what last worked while it fails with another one', () => {
    const tracked = seen(
      ['healthy', 1, { lastAppliedRevision: 'a' }],
      ['failing', 2, { lastAppliedRevision: 'b' }],
      ['healthy', 3],
    );
    expect(tracked.lastGood).toBe('a');
    expect(
      seen(
        ['healthy', 1, { lastAppliedRevision: 'a' }],
        ['healthy', 2, { lastAppliedRevision: 'b' }],
      ).lastGood,
    ).toBe('b');
  });
});

describe('a pass that runs', () => {
  it('has been running since it was first seen to, until there is a result', () => {
    expect(seen(['healthy', 1], ['progressing', 2], ['progressing', 3]).progressingSince).toBe(2);
    expect(seen(['progressing', 2], ['healthy', 3]).progressingSince).toBeUndefined();
    expect(seen(['progressing', 2], ['failing', 3]).progressingSince).toBeUndefined();
  });
});

describe('a change', () => {
  it('was seen to begin where another standing was seen before', () => {
    expect(seen(['healthy', 1], ['failing', 2]).witnessed).toBe(true);
    expect(seen(['progressing', 1], ['failing', 2]).witnessed).toBe(true);
    expect(seen(['failing', 1], ['failing', 2]).witnessed).toBe(false);
    expect(seen(['failing', 1], ['progressing', 2], ['failing', 3]).witnessed).toBe(false);
  });

  it('of an object that was made anew under the same name is its first', () => {
    const other = { uid: 'uid-2' };
    expect(seen(['failing', 1], ['progressing', 2, other])).toMatchObject({
      standing: 'unknown',
      attempts: 0,
      failingSince: undefined,
    });
    expect(seen(['failing', 1], ['failing', 9, { ...other, ...failedAt(7) }])).toMatchObject({
      attempts: 1,
      failingSince: 7,
    });
  });

  it('is nothing where it is not newer', () => {
    const before = seen(['healthy', 1], ['failing', 2]);
    const straggler = { cluster: 'apps', epoch: 1, object: fluxObject('healthy') };
    expect(follow(before, straggler, 3)).toBe(before);
  });
});

describe('an object that is gone', () => {
  const before = seen(['failing', 1]);

  it('is no longer there, with all that was known of it', () => {
    expect(followGone(before, 'uid-1')).toEqual({ ...before, gone: true });
  });

  it('says nothing of another one under the same name', () => {
    expect(followGone(before, 'uid-0')).toBe(before);
    expect(followGone(undefined, 'uid-1')).toBeUndefined();
  });

  it('is there again, afresh, when the list has it after all', () => {
    const gone = followGone(before, 'uid-1');
    const object = fluxObject('progressing', { resourceVersion: '9' });
    expect(follow(gone, { cluster: 'apps', epoch: 1, object }, 5)).toMatchObject({
      gone: false,
      standing: 'unknown',
      attempts: 0,
    });
  });
});
