import { describe, expect, it } from 'vitest';
import type { Member } from '#src/incident/incident.ts';
import { createOpening, dueToUnroll, unroll } from '#src/incident/opening.ts';
import { loadIncidents, readNumbering, rootCardId } from '#src/incident/records.ts';
import { RollUp, rolledUpMs, rollUpCardId, rollUpKey } from '#src/incident/roll-up.ts';
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
    await opening.open(writer, { kind: 'open', member: one, story }, known, start);
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
