import { describe, expect, it } from 'vitest';
import { createCatchUp } from '#src/incident/catch-up.ts';
import type { Incident } from '#src/incident/incident.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import { createMemoryStore } from '#src/store/memory.ts';

const start = 1_795_000_000_000;
const minute = 60_000;

const incident = (name: string, more: Partial<Incident> = {}): Incident => ({
  id: `INC-${name}`,
  state: 'open',
  cause: `infra/Kustomization/media/${name}`,
  members: [
    {
      cluster: 'infra',
      ref: { kind: 'Kustomization', namespace: 'media', name },
      uid: name,
      epoch: 1,
      resourceVersion: '7',
      standing: 'failing',
      since: start,
      reason: 'BuildFailed',
      message: 'broken',
      failingSince: start - 60 * minute,
      attempts: 1,
      checksHealth: true,
    },
  ],
  blocked: [],
  openedAt: start,
  flaps: 0,
  foundLate: true,
  rolledUp: false,
  story: [],
  ...more,
});

const stage = async () => {
  const store = createMemoryStore({ clock: { now: () => start } });
  const lease = await store.lease('keeper', 'me', minute);
  const writer = {
    store,
    fence: { lease: 'keeper', token: lease.held ? lease.token : 0 },
    channelOf: () => 'C1',
    stillLeads: () => true,
  };
  const said = async (name: string) => {
    const found = await store.read(cardKey(`catch-up-${name}@C1`));
    return found === undefined ? undefined : CardRecord.parse(found.value).desired.view?.summary;
  };
  return { store, writer, said };
};

describe('what is found on a start', () => {
  it('is one message per channel on the first start', async () => {
    const { store, writer, said } = await stage();
    const catchUp = await createCatchUp(store, start, 'first');

    catchUp.note(writer, incident('plex'));
    catchUp.note(writer, incident('jellyfin'));
    await catchUp.beat(writer, start + minute);

    expect(await said('first')).toBe('Watching from now on: 2 failures found');
  });

  it('says after an outage how long nobody watched, and what ended meanwhile', async () => {
    const { store, writer, said } = await stage();
    await (await createCatchUp(store, start, 'before')).beat(writer, start);
    const back = start + 12 * minute;
    const catchUp = await createCatchUp(store, back, 'after');

    catchUp.note(writer, incident('plex'));
    catchUp.note(writer, incident('zigbee', { state: 'resolved', endedAt: back + 1_000 }));
    await catchUp.beat(writer, back + minute);

    expect(await said('after')).toBe(
      'Back after 12 min without watching: 1 failure found, 1 ended meanwhile',
    );
  });

  it('is nothing to speak of after a short restart, nor where nothing was found', async () => {
    const { store, writer, said } = await stage();
    await (await createCatchUp(store, start, 'before')).beat(writer, start + minute);
    const restarted = await createCatchUp(store, start + minute + 20_000, 'restarted');

    restarted.note(writer, incident('plex'));
    await restarted.beat(writer, start + 3 * minute);

    expect(await said('restarted')).toBeUndefined();
    expect(await said('before')).toBeUndefined();
  });
});
