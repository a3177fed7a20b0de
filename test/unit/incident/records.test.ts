import { describe, expect, it } from 'vitest';
import { rootCardId } from '#src/incident/card-writes.ts';
import { foldIncident, type Incident, type IncidentChange } from '#src/incident/incident.ts';
import {
  changeIncident,
  endedIncidents,
  type IncidentWriter,
  loadIncidents,
  openIncident,
  openIncidents,
  readNumbering,
} from '#src/incident/records.ts';
import { CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Store } from '#src/store/store.ts';
import { incident, member } from '#test/fakes/situations.ts';

const now = 1_795_000_000_000;

const stage = async (change: Partial<IncidentWriter> = {}) => {
  const store = createMemoryStore({ clock: { now: () => now } });
  const lease = await store.lease('keeper', 'me', 60_000);
  const writer: IncidentWriter = {
    store,
    fence: { lease: 'keeper', token: lease.held ? lease.token : 0 },
    channelOf: (cluster) => (cluster === 'apps' ? 'C1' : undefined),
    stillLeads: () => true,
    ...change,
  };
  const open = async (more: Partial<Incident> = {}) => {
    const { id: _, ...draft } = incident({}, { openedAt: now, ...more });
    return openIncident(writer, draft, await readNumbering(store), now);
  };
  const change_ = (one: Partial<IncidentChange> & { readonly flap?: boolean }, id = 'INC-1') =>
    changeIncident(writer, id, { story: [], at: now + 1, flap: false, ...one });
  const card = async (id: string) => {
    const found = await store.read(cardKey(id));
    return found === undefined ? undefined : CardRecord.parse(found.value);
  };
  const names = async (index: string) =>
    (await store.range(index, { limit: 100 })).map(({ member: name }) => name);
  return { store, writer, open, change: change_, card, names };
};

const root = rootCardId('INC-1', 'C1');
const news = (kind: 'failed-differently' | 'reported' | 'resolved', text = 'in words') => ({
  id: `${kind}/1`,
  at: now,
  kind,
  object: 'apps/Kustomization/data/api',
  text,
});
const recovered = member({ standing: 'recovered', resourceVersion: '3' });

describe('an incident that opens', () => {
  it('is numbered, found among those that are open, and has a card that is behind', async () => {
    const bench = await stage();

    expect(await bench.open()).toMatchObject({ kind: 'written', incident: { id: 'INC-1' } });
    expect(await bench.open()).toMatchObject({ kind: 'written', incident: { id: 'INC-2' } });

    expect(await bench.names(openIncidents)).toEqual(['INC-1', 'INC-2']);
    expect(await bench.names(endedIncidents)).toEqual([]);
    expect(await bench.card(root)).toMatchObject({ channel: 'C1', priority: 'new-incident' });
    expect(await bench.names(dirtyCards)).toContain(root);
  });

  it('is not written where another one was opened since', async () => {
    const bench = await stage();
    const before = await readNumbering(bench.store);
    await bench.open();
    const { id: _, ...draft } = incident();

    expect(await openIncident(bench.writer, draft, before, now)).toEqual({ kind: 'stale' });
    expect(await bench.names(openIncidents)).toEqual(['INC-1']);
  });

  it('has no card where its cluster has no channel', async () => {
    const bench = await stage({ channelOf: () => undefined });

    expect(await bench.open()).toMatchObject({ kind: 'written' });
    expect(await bench.names(dirtyCards)).toEqual([]);
  });
});

describe('a writer that does not lead any more', () => {
  it('writes nothing, whether it knows or not', async () => {
    for (const change of [
      { stillLeads: () => false },
      { fence: { lease: 'keeper', token: 0 } },
    ] as const) {
      const bench = await stage();
      await bench.open();
      const late = { ...bench.writer, ...change };
      const { id: _, ...draft } = incident();

      expect(await openIncident(late, draft, await readNumbering(bench.store), now)).toEqual({
        kind: 'fenced',
      });
      expect(
        await changeIncident(late, 'INC-1', { member: recovered, story: [], at: now, flap: false }),
      ).toEqual({ kind: 'fenced' });
      expect(await bench.names(openIncidents)).toEqual(['INC-1']);
    }
  });
});

describe('an incident that changes', () => {
  it('says so on its card and, once, in its thread', async () => {
    const bench = await stage();
    await bench.open();
    await bench.change({ story: [news('failed-differently')] });
    await bench.change({ story: [news('failed-differently')] });

    expect(await bench.card(`${root}/failed-differently/1`)).toMatchObject({
      channel: 'C1',
      thread: root,
      priority: 'progress',
      desired: { version: 1, view: { summary: 'It fails in another way now:' } },
    });
    expect(await bench.card(root)).toMatchObject({ priority: 'new-incident' });
  });

  it('has a card in progress while its state is the same, and one to resolve when that changes', async () => {
    const bench = await stage();
    await bench.open();
    await bench.change({ member: member({ resourceVersion: '3', message: 'another' }) });
    expect(await bench.card(root)).toMatchObject({ priority: 'progress' });

    await bench.change({ member: { ...recovered, resourceVersion: '4' } });
    expect(await bench.card(root)).toMatchObject({ priority: 'resolve' });
  });

  it('moves between those that are open and those that ended', async () => {
    const bench = await stage();
    await bench.open();
    await bench.change({ member: recovered, at: now + 7 });
    expect(await bench.names(openIncidents)).toEqual([]);
    expect(await bench.store.range(endedIncidents, { limit: 9 })).toEqual([
      { member: 'INC-1', score: now + 7 },
    ]);

    await bench.change({ member: member({ resourceVersion: '4' }) });
    expect(await bench.store.range(openIncidents, { limit: 9 })).toEqual([
      { member: 'INC-1', score: now },
    ]);
    expect(await bench.names(endedIncidents)).toEqual([]);
  });

  it('counts each time it was taken up again once', async () => {
    const bench = await stage();
    await bench.open();
    const again = { flap: true, story: [news('reported')] };

    expect(await bench.change(again)).toMatchObject({ incident: { flaps: 1 } });
    expect(await bench.change(again)).toMatchObject({ incident: { flaps: 1 } });
    expect(await bench.change({ story: [{ ...news('reported'), id: 'other' }] })).toMatchObject({
      incident: { flaps: 1 },
    });
  });

  it('is not written where nothing changes', async () => {
    const bench = await stage();
    await bench.open();
    const versions = async () => (await loadIncidents(bench.store, 0)).map((one) => one.version);
    const before = await versions();

    expect(await bench.change({})).toMatchObject({ kind: 'written', incident: { id: 'INC-1' } });
    expect(await versions()).toEqual(before);
  });

  it('is made on top of what somebody wrote meanwhile', async () => {
    const bench = await stage();
    await bench.open();
    let meanwhile = 1;
    const store: Store = {
      ...bench.store,
      commit: async (batch) => {
        if (meanwhile > 0) {
          meanwhile -= 1;
          await bench.change({ story: [news('reported')] });
        }
        return bench.store.commit(batch);
      },
    };
    const written = await changeIncident({ ...bench.writer, store }, 'INC-1', {
      member: recovered,
      story: [],
      at: now,
      flap: false,
    });

    expect(written).toMatchObject({
      kind: 'written',
      incident: { state: 'resolved', story: [{ kind: 'reported' }] },
    });
  });

  it('is given up where somebody is faster ten times in a row', async () => {
    const bench = await stage();
    await bench.open();
    let commits = 0;
    const store: Store = {
      ...bench.store,
      commit: async () => {
        commits += 1;
        return 'conflict';
      },
    };

    await expect(
      changeIncident({ ...bench.writer, store }, 'INC-1', {
        member: recovered,
        story: [],
        at: now,
        flap: false,
      }),
    ).rejects.toThrow('INC-1 changed ten times in a row');
    expect(commits).toBe(10);
  });

  it('is stale where the store lost it', async () => {
    expect(await (await stage()).change({}, 'INC-9')).toEqual({ kind: 'stale' });
  });

  it('of two clusters has one card in each of their channels', async () => {
    const bench = await stage({ channelOf: (cluster) => `C-${cluster}` });
    await bench.open({ members: [member(), member({ cluster: 'infra' }), member({ uid: 'x' })] });

    expect((await bench.names(dirtyCards)).toSorted()).toEqual(['INC-1@C-apps', 'INC-1@C-infra']);
  });
});

describe('what is loaded', () => {
  it('is all that is open, and what ended since', async () => {
    const bench = await stage();
    await bench.open();
    await bench.open();
    await bench.open();
    await bench.change({ member: recovered, at: now + 5 }, 'INC-1');
    await bench.change({ member: recovered, at: now + 9 }, 'INC-2');

    const loaded = async (after: number) =>
      (await loadIncidents(bench.store, after)).map(({ incident: { id } }) => id).toSorted();
    expect(await loaded(now + 9)).toEqual(['INC-2', 'INC-3']);
    expect(await loaded(now)).toEqual(['INC-1', 'INC-2', 'INC-3']);
    expect(await loaded(Number.POSITIVE_INFINITY)).toEqual(['INC-3']);
  });

  it('is what was written', async () => {
    const bench = await stage();
    await bench.open();
    await bench.change({ story: [news('reported')] });
    const [found] = await loadIncidents(bench.store, 0);

    expect(found?.incident).toEqual(
      foldIncident(incident({}, { openedAt: now, channels: ['C1'] }), {
        story: [news('reported')],
        at: now,
      }),
    );
  });
});
