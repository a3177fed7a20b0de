import { describe, expect, it } from 'vitest';
import { rootCardId } from '#src/incident/card-writes.ts';
import type { Incident, Member } from '#src/incident/incident.ts';
import { createOpening, dueToUnroll, unroll } from '#src/incident/opening.ts';
import { loadIncidents, readNumbering } from '#src/incident/records.ts';
import {
  intoRollUp,
  RollUp,
  rolledUpMs,
  rollUpCard,
  rollUpCardId,
  rollUpKey,
} from '#src/incident/roll-up.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import { createMemoryStore } from '#src/store/memory.ts';

const start = 1_795_000_000_000;

const member = (name: string): Member => ({
  cluster: 'infra',
  ref: { kind: 'Kustomization', namespace: 'media', name },
  uid: name,
  epoch: 1,
  resourceVersion: '7',
  standing: 'failing',
  since: start,
  reason: 'BuildFailed',
  message: 'broken',
  failingSince: start,
  attempts: 1,
  checksHealth: true,
});

/** Opens as many incidents at once, while nothing is posted. */
const openAtOnce = async (count: number) => {
  const store = createMemoryStore({ clock: { now: () => start } });
  const lease = await store.lease('keeper', 'me', 60_000);
  const writer = {
    store,
    fence: { lease: 'keeper', token: lease.held ? lease.token : 0 },
    channelOf: () => 'C1',
    stillLeads: () => true,
  };
  const opening = createOpening(store);
  for (let at = 0; at < count; at++) {
    const one = member(`app-${at}`);
    const story = {
      id: `opened/${at}`,
      at: start,
      kind: 'opened' as const,
      object: one.uid,
      text: '',
    };
    const known = await readNumbering(store);
    await opening.open(writer, { kind: 'open', member: one, story, found: false }, known, start);
  }
  const card = async (id: string) => {
    const found = await store.read(cardKey(id));
    return found === undefined ? undefined : CardRecord.parse(found.value).desired.view?.summary;
  };
  return { store, writer, card };
};

describe('many failures at once in one channel', () => {
  it('get cards of their own up to ten', async () => {
    const { card } = await openAtOnce(10);

    expect(await card(rootCardId('INC-10', 'C1'))).toContain('ks/media/app-9');
    expect(await card(rollUpCardId('C1', 1))).toBeUndefined();
  });

  it('share one roll-up card beyond that, and no incident is lost', async () => {
    const { store, card } = await openAtOnce(14);

    expect(await card(rootCardId('INC-11', 'C1'))).toBeUndefined();
    expect(await card(rollUpCardId('C1', 1))).toBe('infra: 4 more failures at once');
    expect((await loadIncidents(store, 0)).length).toBe(14);
  });

  it('leave the roll-up for a card of their own when they last', async () => {
    const { store, writer, card } = await openAtOnce(12);
    const incidents = (await loadIncidents(store, 0)).map(({ incident }) => incident);

    for (const incident of dueToUnroll(incidents, start + rolledUpMs)) {
      await unroll(writer, incident, start + rolledUpMs);
    }

    expect(await card(rootCardId('INC-12', 'C1'))).toContain('ks/media/app-11');
    const rollUp = RollUp.parse((await store.read(rollUpKey('C1')))?.value);
    expect(rollUp.entries.map((entry) => entry.state)).toEqual(['own-card', 'own-card']);
  });
});

describe('a roll-up', () => {
  const of = (name: string, change: Partial<Incident> = {}): Incident => {
    const cause = member(name);
    return {
      id: `INC-${name}`,
      state: 'open',
      cause: `infra/Kustomization/media/${name}`,
      members: [cause],
      blocked: [],
      openedAt: start,
      flaps: 0,
      foundLate: false,
      rolledUp: true,
      story: [],
      ...change,
    };
  };
  const all = (...incidents: readonly Incident[]) =>
    incidents.reduce<RollUp | undefined>(intoRollUp, undefined) ?? { number: 0, entries: [] };
  const ended = { state: 'resolved', endedAt: start } as const;
  const states = ({ number, entries }: RollUp) => [number, ...entries.map(({ state }) => state)];

  it('holds each incident once, as it is last', () => {
    expect(all(of('a'), of('b'), of('a', ended), of('b', { rolledUp: false }))).toEqual({
      number: 1,
      entries: [
        {
          incident: 'INC-a',
          cluster: 'infra',
          object: 'ks/media/a',
          reason: 'BuildFailed',
          state: 'ended',
        },
        expect.objectContaining({ incident: 'INC-b', state: 'own-card' }),
      ],
    });
  });

  it('goes on while any of it is open, and another one begins after', () => {
    expect(states(all(of('a', ended), of('b')))).toEqual([2, 'open']);
    expect(states(all(of('a'), of('b'), of('a', ended), of('c')))).toEqual([
      1,
      'ended',
      'open',
      'open',
    ]);
    expect(states(all(of('a'), of('a', { rolledUp: false }), of('b')))).toEqual([2, 'open']);
  });

  it('says on its card how many there are, which, and what became of the others', () => {
    const card = rollUpCard(
      all(of('a'), of('b'), of('c'), of('b', ended), of('c', { rolledUp: false })),
    );

    expect(card.summary).toBe(
      'infra: 1 more failure at once (1 well again or gone, 1 with a card of their own)',
    );
    expect(card.parts[0]).toMatchObject({
      tone: 'failing',
      line: [
        { text: '1 more failure at once' },
        ' on ',
        { text: 'infra' },
        ' · 1 well again or gone, 1 with a card of their own',
      ],
    });
    expect(card.parts[1]).toEqual({ kind: 'list', items: [['ks/media/a cannot be built']] });
  });

  it('says on its card that all is over', () => {
    const card = rollUpCard(all(of('a'), of('b'), of('a', ended), of('b', ended)));

    expect(card.summary).toBe('infra: All 2 further failures have ended (2 well again or gone)');
    expect(card.parts).toMatchObject([{ kind: 'heading', tone: 'recovered' }]);
  });

  it('names ten and counts the rest', () => {
    const many = (count: number) =>
      rollUpCard(all(...Array.from({ length: count }, (_, at) => of(`app-${at}`)))).parts;
    const what = 'What is still failing after 10 min gets a card of its own.';

    expect(many(10)).toMatchObject([
      {},
      { items: Array(10).fill([expect.any(String)]) },
      { line: [what] },
    ]);
    expect(many(12)).toMatchObject([
      {},
      { items: Array(10).fill([expect.any(String)]) },
      { line: ['2 more. ', what] },
    ]);
  });
});

describe('leaving a roll-up', () => {
  const rolled: Incident = {
    id: 'INC-1',
    state: 'open',
    cause: 'infra/Kustomization/media/a',
    members: [member('a')],
    blocked: [],
    openedAt: start,
    flaps: 0,
    foundLate: false,
    rolledUp: true,
    story: [],
  };

  it('is due after ten minutes, for what is still failing on it', () => {
    const due = (change: Partial<Incident>, after = rolledUpMs) =>
      dueToUnroll([{ ...rolled, ...change }], start + after).length === 1;

    expect(due({})).toBe(true);
    expect(due({}, rolledUpMs - 1)).toBe(false);
    expect(due({ rolledUp: false })).toBe(false);
    expect(due({ state: 'resolved', endedAt: start })).toBe(false);
  });
});
