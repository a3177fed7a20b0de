import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  causeOf,
  foldIncident,
  type Incident,
  type IncidentChange,
  keyOf,
  type Member,
} from '#src/incident/incident.ts';
import { follow, type Snapshot, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';

const phase = fc.constantFrom<Phase>('healthy', 'failing', 'waiting', 'progressing');
const ended = fc.constantFrom<Phase>('healthy', 'failing', 'waiting');

const snapshots = (phases: readonly Phase[]): readonly Snapshot[] =>
  phases.map((one, at) => ({
    cluster: 'apps',
    epoch: 1,
    object: fluxObject(one, { resourceVersion: String(at + 1) }),
  }));

/** Every item once or not at all or several times, in any order. */
const mangled = <Item>(items: readonly Item[]) =>
  fc
    .array(fc.nat({ max: Math.max(items.length - 1, 0) }), { maxLength: 2 * items.length })
    .map((picks) => picks.flatMap((at) => items[at] ?? []));

const followAll = (seen: readonly Snapshot[]): Tracked | undefined =>
  seen.reduce<Tracked | undefined>((before, one, at) => follow(before, one, at), undefined);

const verdict = (tracked: Tracked | undefined) => ({
  object: tracked?.object,
  epoch: tracked?.epoch,
  standing: tracked?.standing,
  reason: tracked?.reason,
  message: tracked?.message,
  progressing: tracked?.progressingSince !== undefined,
});

describe('an object that is followed', () => {
  test.prop([
    fc.tuple(fc.array(phase, { maxLength: 12 }), ended).chain(([before, last]) => {
      const all = snapshots([...before, last]);
      return fc.tuple(fc.constant(all), mangled(all));
    }),
  ])('stands as its newest snapshot says, whatever order, repeats and losses', ([all, heard]) => {
    const swept = [...heard, ...all.slice(-1)];

    expect(verdict(followAll(swept))).toEqual(verdict(followAll(all)));
  });

  it('keeps its verdict while a pass runs', () => {
    expect(followAll(snapshots(['failing', 'progressing']))?.standing).toBe('failing');
    expect(followAll(snapshots(['healthy', 'progressing']))?.standing).toBe('healthy');
  });

  it('follows a restored cluster, and no straggler of before', () => {
    const old = {
      cluster: 'apps',
      epoch: 1,
      object: fluxObject('failing', { resourceVersion: '900' }),
    };
    const restored = {
      cluster: 'apps',
      epoch: 2,
      object: fluxObject('healthy', { resourceVersion: '300' }),
    };
    const straggler = { ...old, object: { ...old.object, resourceVersion: '901' } };

    expect(followAll([old, restored])?.standing).toBe('healthy');
    expect(followAll([old, restored, straggler])?.standing).toBe('healthy');
  });
});

const member = (change: Partial<Member>): Member => ({
  cluster: 'apps',
  ref: { kind: 'Kustomization', namespace: 'data', name: 'api' },
  uid: 'uid-1',
  epoch: 1,
  resourceVersion: '1',
  standing: 'failing',
  since: 0,
  reason: 'ReconciliationFailed',
  message: 'field is immutable',
  failingSince: 0,
  attempts: 1,
  checksHealth: false,
  ...change,
});

const opened: Incident = {
  id: 'INC-1',
  state: 'open',
  cause: keyOf(member({})),
  members: [member({})],
  blocked: [],
  openedAt: 0,
  flaps: 0,
  foundLate: false,
  rolledUp: false,
  story: [],
};

// versions per object are distinct, as an API server gives them
const changes = fc
  .array(
    fc.record({
      cluster: fc.constantFrom('apps', 'infra'),
      epoch: fc.integer({ min: 1, max: 3 }),
      standing: fc.constantFrom<Member['standing'][]>('failing', 'suspended', 'recovered', 'gone'),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ cluster, epoch, standing }, at): IncidentChange & { member: Member } => ({
      at: at + 1,
      member: member({ cluster, epoch, standing, resourceVersion: String(at + 2) }),
      story: [{ id: `news-${at}`, at, kind: 'reported', object: '', text: `news ${at}` }],
    })),
  );

const foldAll = (all: readonly IncidentChange[]): Incident => all.reduce(foldIncident, opened);

const standing = ({ members, state }: Incident) => ({
  state,
  members: members.toSorted((left, right) => (left.cluster < right.cluster ? -1 : 1)),
});

const newest = (all: readonly (IncidentChange & { member: Member })[]) => {
  const last = new Map<string, IncidentChange & { member: Member }>();
  for (const change of all) {
    const known = last.get(change.member.cluster);
    if (known === undefined || known.member.epoch <= change.member.epoch) {
      last.set(change.member.cluster, change);
    }
  }
  return [...last.values()];
};

describe('an incident', () => {
  test.prop([changes.chain((all) => fc.tuple(fc.constant(all), mangled(all)))])(
    'is the same for any order and repeats, and after losses once swept',
    ([all, heard]) => {
      const swept = [...heard, ...newest(all)];

      expect(standing(foldAll(swept))).toEqual(standing(foldAll(all)));
    },
  );

  test.prop([
    changes.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    ),
  ])('tells each piece of its story once, whatever order', ([all, shuffled]) => {
    const told = (incident: Incident) => incident.story.map(({ id }) => id).toSorted();

    expect(told(foldAll([...shuffled, ...all]))).toEqual(told(foldAll(all)));
  });

  test.prop([changes])('changes nothing when the same comes again', (all) => {
    const once = foldAll(all);
    const last = newest(all);

    expect(standing(last.reduce(foldIncident, once))).toEqual(standing(once));
  });
});

describe('the state of an incident', () => {
  const asked = (...standings: readonly Member['standing'][]) =>
    foldIncident(
      {
        ...opened,
        members: standings.map((one, at) =>
          member({ standing: one, ref: { ...member({}).ref, name: `object-${at}` } }),
        ),
      },
      { story: [], at: 5 },
    ).state;

  it('is that of whatever needs somebody most', () => {
    expect(asked('recovered', 'suspended', 'failing')).toBe('open');
    expect(asked('gone', 'recovered', 'suspended')).toBe('suspended');
    expect(asked('gone', 'recovered')).toBe('resolved');
    expect(asked('gone', 'gone')).toBe('deleted');
  });
});

describe('the end of an incident', () => {
  const recovered = (at: number, resourceVersion: string): IncidentChange => ({
    member: member({ standing: 'recovered', resourceVersion }),
    story: [],
    at,
  });

  it('is when it ended, whatever is said of it after', () => {
    const once = foldIncident(opened, recovered(5, '2'));
    expect(once.endedAt).toBe(5);
    expect(foldIncident(once, recovered(9, '3')).endedAt).toBe(5);
    expect(foldIncident(once, { story: [], at: 9 }).endedAt).toBe(5);
  });

  it('is no more once it is taken up again, and is a later one then', () => {
    const again = foldIncident(foldIncident(opened, recovered(5, '2')), {
      member: member({ resourceVersion: '3' }),
      story: [],
      at: 7,
    });
    expect(again).not.toHaveProperty('endedAt');
    expect(foldIncident(again, recovered(9, '4')).endedAt).toBe(9);
  });

  it('may come by time alone, without a newer version of the object', () => {
    const recoveredAt = foldIncident(opened, recovered(5, '1'));
    expect(recoveredAt.state).toBe('resolved');
  });

  it.each([
    ['an older version', { resourceVersion: '1' }],
    ['an older epoch with any version', { epoch: 1, resourceVersion: '99' }],
  ])('does not come by %s', (_, older) => {
    const current = foldIncident(opened, {
      member: member({ epoch: 2, resourceVersion: '2' }),
      story: [],
      at: 3,
    });
    const late = {
      ...recovered(5, '0'),
      member: member({ standing: 'recovered', epoch: 2, ...older }),
    };
    expect(foldIncident(current, late)).toEqual(current);
  });

  it('counts a version that is no number as the oldest there is', () => {
    const odd = { ...opened, members: [member({ resourceVersion: 'abc' })] };
    expect(foldIncident(odd, recovered(5, '1')).state).toBe('resolved');
    expect(foldIncident(opened, recovered(5, '9x')).state).toBe('open');
    expect(foldIncident(opened, recovered(5, 'x9')).state).toBe('open');
  });
});

describe('what an incident remembers', () => {
  const news = (id: string) => ({ id, at: 0, kind: 'reported' as const, object: '', text: '' });
  const ids = (incident: Incident) => incident.story.map(({ id }) => id);

  it('is how it began and the newest thirty-nine of what came after', () => {
    const story = Array.from({ length: 60 }, (_, at) => news(String(at)));
    const forty = foldIncident(opened, { story: story.slice(0, 40), at: 0 });
    expect(ids(forty)).toEqual(story.slice(0, 40).map(({ id }) => id));
    const all = story.reduce((one, entry) => foldIncident(one, { story: [entry], at: 0 }), opened);
    expect(ids(all)).toEqual(['0', ...story.slice(-39).map(({ id }) => id)]);
  });

  const finding = {
    question: 'q',
    relation: 'ahead' as const,
    total: 1,
    commits: [],
    more: 0,
    partly: false,
  };

  it('is each answer of a Git host, and none where nobody was asked', () => {
    expect(foldIncident(opened, { story: [], at: 0 })).not.toHaveProperty('findings');
    const one = foldIncident(opened, { story: [], at: 0, finding });
    expect(one.findings).toEqual([finding]);
    const other = { ...finding, question: 'r' };
    expect(foldIncident(one, { story: [], at: 0, finding: other }).findings).toEqual([
      finding,
      other,
    ]);
    expect(foldIncident(one, { story: [], at: 0 }).findings).toEqual([finding]);
  });

  it('is that it left the roll-up, for good', () => {
    const rolled = { ...opened, rolledUp: true };
    expect(foldIncident(rolled, { story: [], at: 0 }).rolledUp).toBe(true);
    const own = foldIncident(rolled, { story: [], at: 0, unroll: true });
    expect(own.rolledUp).toBe(false);
    expect(foldIncident(own, { story: [], at: 0 }).rolledUp).toBe(false);
  });
});

describe('the cause of an incident', () => {
  it('is one of its members', () => {
    const other = member({ cluster: 'infra' });
    expect(causeOf({ ...opened, members: [other, member({})] })).toEqual(member({}));
    expect(() => causeOf({ ...opened, members: [other] })).toThrow(
      'INC-1 has no member apps/Kustomization/data/api',
    );
  });
});
