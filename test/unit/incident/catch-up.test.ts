import { describe, expect, it } from 'vitest';
import { catchUpView, createCatchUp } from '#src/incident/catch-up.ts';
import type { Incident } from '#src/incident/incident.ts';
import { CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
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

  it('is said once, when the first lists had time to come in', async () => {
    const { store, writer, said } = await stage();
    const catchUp = await createCatchUp(store, start, 'first');
    catchUp.note(writer, incident('plex'));

    await catchUp.beat(writer, start + 19_999);
    expect(await said('first')).toBeUndefined();

    await catchUp.beat(writer, start + 20_000);
    expect(await said('first')).toBe('Watching from now on: 1 failure found');
    catchUp.note(writer, incident('jellyfin'));
    await catchUp.beat(writer, start + 40_000);
    expect(await said('first')).toBe('Watching from now on: 1 failure found');
    expect((await store.range(dirtyCards, { limit: 9 })).map(({ member }) => member)).toEqual([
      'catch-up-first@C1',
    ]);
  });

  it('is not what began since, nor what has no channel', async () => {
    const { store, writer, said } = await stage();
    const catchUp = await createCatchUp(store, start, 'first');
    const began = { foundLate: false, openedAt: start + 1 };

    catchUp.note(writer, incident('new', began));
    catchUp.note(writer, incident('over', { ...began, state: 'resolved', endedAt: start + 9 }));
    catchUp.note(writer, incident('before', { ...began, openedAt: start - 1 }));
    catchUp.note({ ...writer, channelOf: () => undefined }, incident('nowhere'));
    await catchUp.beat(writer, start + minute);

    expect(await said('first')).toBeUndefined();
  });

  it('counts an incident once, as it is last', async () => {
    const { store, writer, said } = await stage();
    await (await createCatchUp(store, start, 'before')).beat(writer, start);
    const back = start + 5 * minute;
    const catchUp = await createCatchUp(store, back, 'after');
    catchUp.note(writer, incident('plex'));
    catchUp.note(writer, incident('plex', { state: 'resolved', endedAt: back + 1_000 }));
    await catchUp.beat(writer, back + minute);

    expect(await said('after')).toBe(
      'Back after 5 min without watching: nothing is failing, 1 ended meanwhile',
    );
  });

  it('goes by when somebody was last at work', async () => {
    const away = async (ms: number) => {
      const { store, writer, said } = await stage();
      const before = await createCatchUp(store, start, 'before');
      await before.beat(writer, start);
      await before.beat(writer, start + minute);
      const back = start + minute + ms;
      const catchUp = await createCatchUp(store, back, 'after');
      catchUp.note(writer, incident('plex'));
      await catchUp.beat(writer, back + minute);
      return said('after');
    };

    expect(await away(59_999)).toBeUndefined();
    expect(await away(minute)).toContain('Back after 1 min');
  });

  it('is known to ten seconds, without a write at each look', async () => {
    const { store, writer } = await stage();
    const catchUp = await createCatchUp(store, start, 'first');
    const versions: (number | undefined)[] = [];
    for (const ms of [0, 9_999, 10_000]) {
      await catchUp.beat(writer, start + ms);
      versions.push((await store.read('last-kept'))?.version);
    }

    expect(versions).toEqual([1, 1, 2]);
  });

  it('is left to whoever leads by now', async () => {
    const { store, writer, said } = await stage();
    const late = { ...writer, fence: { lease: 'keeper', token: 0 } };
    const catchUp = await createCatchUp(store, start, 'first');
    catchUp.note(writer, incident('plex'));

    expect(await catchUp.beat(late, start + minute)).toBe(false);
    expect(await said('first')).toBeUndefined();
    expect(await catchUp.beat(writer, start + 2 * minute)).toBe(true);
  });
});

describe('the message about what was found', () => {
  const found = (count: number) => Array.from({ length: count }, (_, at) => incident(`app-${at}`));
  const partsOf = (count: number) =>
    catchUpView(undefined, found(count)).parts.map((part) =>
      part.kind === 'list' ? part.items.length : part.kind,
    );

  it('names ten and counts the rest', () => {
    expect(partsOf(0)).toEqual(['heading']);
    expect(partsOf(10)).toEqual(['heading', 10]);
    expect(partsOf(11)).toEqual(['heading', 10, 'small']);
    expect(catchUpView(undefined, found(13)).parts.at(-1)).toEqual({
      kind: 'small',
      line: ['3 more'],
    });
    expect(catchUpView(undefined, found(1)).parts.at(-1)).toEqual({
      kind: 'list',
      items: [['ks/media/app-0 on infra cannot be built']],
    });
  });
});
