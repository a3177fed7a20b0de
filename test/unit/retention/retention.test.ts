import { describe, expect, it } from 'vitest';
import { createAudit } from '#src/audit/audit.ts';
import { askedBy, journalKey, settledJournals } from '#src/command/journal.ts';
import { journalCardId } from '#src/command/journals.ts';
import { postedAnswers } from '#src/console/answers.ts';
import { slackDeliveries } from '#src/console/console.ts';
import { createSubmitted, submittedForms } from '#src/console/submitted.ts';
import { rootCardId } from '#src/incident/card-writes.ts';
import {
  changeIncident,
  endedIncidents,
  incidentKey,
  openIncident,
  openIncidents,
  readNumbering,
} from '#src/incident/records.ts';
import { silentLog } from '#src/log.ts';
import { ok } from '#src/result.ts';
import { sweepOld } from '#src/retention/retention.ts';
import { runSweeper } from '#src/retention/sweeper.ts';
import { cardKey, dirtyCards, loose, looseCards } from '#src/slack/card.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Json, Store } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';
import { incident, member } from '#test/fakes/incidents.ts';

const day = 86_400_000;
const now = 1_795_000_000_000;
const limits = { incidentsMs: 90 * day, commandsMs: 90 * day, auditMs: 365 * day };

const stage = async () => {
  const store = createMemoryStore({ clock: { now: () => now } });
  const audit = createAudit({ store, key: 'k'.repeat(32) });
  return { store, audit };
};

const fact = (at: number) => ({
  at,
  kind: 'webhook-refused' as const,
  webhook: 'flux',
  key: 'infra',
  cluster: 'apps',
  reason: 'not its cluster',
});

describe('what has been kept for long enough', () => {
  it('goes with its cards; what is open or recent stays', async () => {
    const { store } = await stage();
    await store.commit({
      put: [
        { key: cardKey(rootCardId('INC-1', 'C1')), value: 'card' },
        { key: cardKey(rootCardId('INC-2', 'C1')), value: 'card' },
      ],
      index: [
        { index: endedIncidents, member: 'INC-1', score: now - 91 * day },
        { index: endedIncidents, member: 'INC-2', score: now - 89 * day },
        { index: openIncidents, member: 'INC-3', score: now - 400 * day },
      ],
    });

    expect(await sweepOld(store, limits, ['C1'], now)).toMatchObject({ incidents: 1 });

    const names = async (index: string) =>
      (await store.range(index, { limit: 10 })).map(({ member }) => member);
    expect(await names(endedIncidents)).toEqual(['INC-2']);
    expect(await names(openIncidents)).toEqual(['INC-3']);
    expect(await store.read(incidentKey('INC-1'))).toBeUndefined();
    expect(await store.read(cardKey(rootCardId('INC-1', 'C1')))).toBeUndefined();
    expect(await store.read(cardKey(rootCardId('INC-2', 'C1')))).toBeDefined();
  });

  it('is an incident with the cards of its thread, in every channel that there is', async () => {
    const { store } = await stage();
    const story = [{ id: 'reported/1', at: 0, kind: 'reported' as const, object: '', text: '' }];
    const cards = ['C1', 'C2'].flatMap((channel) => {
      const root = rootCardId('INC-1', channel);
      return [root, `${root}/reported/1`];
    });
    await store.commit({
      put: [
        { key: incidentKey('INC-1'), value: incident({ id: 'INC-1', story }) as unknown as Json },
        ...cards.map((card) => ({ key: cardKey(card), value: 'card' })),
      ],
      index: [
        { index: endedIncidents, member: 'INC-1', score: now - 91 * day },
        ...cards.map((member) => ({ index: dirtyCards, member, score: 1 })),
      ],
    });

    await sweepOld(store, limits, ['C1', 'C2'], now);

    expect((await store.readAll(cards.map(cardKey))).filter((card) => card !== undefined)).toEqual(
      [],
    );
    expect(await store.count(dirtyCards)).toBe(0);
  });

  it('is a command with its card and its place among those of who asked', async () => {
    const bench = createCommandBench();
    const settled = bench.clock.now();
    const asked = askedBy('slack:T1:U1');
    for (const [text, place] of [
      ['reconcile ks/data/api apps', { channel: 'C1' }],
      ['reconcile ks/media/web apps', {}],
    ] as const) {
      await bench.dispatcher()(text, { place });
    }
    bench.setPolicy({ teams: ['T1'], grants: [] });
    await bench.runner('one').advance('CMD-1');
    await bench.runner('one').advance('CMD-2');
    await bench.store.commit({ index: [{ index: settledJournals, member: 'CMD-9', score: 1 }] });
    const { store } = bench;
    expect(await store.count(asked)).toBe(2);

    expect(await sweepOld(store, limits, [], settled + 89 * day)).toMatchObject({ commands: 1 });
    expect(await store.read(journalKey('CMD-1'))).toBeDefined();
    expect(await sweepOld(store, limits, [], settled + 91 * day)).toMatchObject({ commands: 2 });

    expect(await store.count(asked)).toBe(0);
    expect(await store.count(settledJournals)).toBe(0);
    expect(await store.read(journalKey('CMD-1'))).toBeUndefined();
    expect(await store.read(journalKey('CMD-2'))).toBeUndefined();
    expect(await store.read(cardKey(journalCardId('CMD-1', 'C1')))).toBeUndefined();
  });

  it('goes in one sweep however much there is of it', async () => {
    const { store } = await stage();
    const index = Array.from({ length: 450 }, (_, at) => ({
      index: endedIncidents,
      member: `INC-${at}`,
      score: now - 91 * day,
    }));
    await store.commit({ index });
    for (let at = 0; at < 450; at++) {
      await store.append(slackDeliveries, String(at), now - 2 * day, now - 2 * day);
    }

    expect(await sweepOld(store, limits, [], now)).toMatchObject({ incidents: 450 });

    expect(await store.count(endedIncidents)).toBe(0);
    expect(await store.entries(slackDeliveries, undefined, 9)).toEqual([]);
  });

  it('is kept where its time cannot be read', async () => {
    const { store } = await stage();
    await store.append(slackDeliveries, 'old', now - 2 * day, now - 2 * day);
    await store.append(slackDeliveries, 'odd', now, 'of another version');
    await store.append(slackDeliveries, 'older', now, now - 3 * day);

    await sweepOld(store, limits, [], now);

    expect((await store.entries(slackDeliveries, undefined, 9)).map(({ value }) => value)).toEqual([
      'of another version',
      now - 3 * day,
    ]);
  });

  it('is forgotten as a delivery, too, so that its digest could come again', async () => {
    const { store } = await stage();
    await store.append(slackDeliveries, 'old', now - 2 * day, now - 2 * day);
    await store.append(slackDeliveries, 'new', now - 1, now - 1);

    await sweepOld(store, limits, [], now);

    expect(await store.append(slackDeliveries, 'old', now, now)).toBe('stored');
    expect(await store.append(slackDeliveries, 'new', now, now)).toBe('duplicate');
  });

  it('leaves an audit trail that still proves itself', async () => {
    const { store, audit } = await stage();
    await audit.append([fact(now - 400 * day), fact(now - 366 * day), fact(now - day)]);

    expect(await sweepOld(store, limits, [], now)).toMatchObject({ audit: 2 });

    expect(await audit.verify()).toMatchObject(ok({ count: 1 }));
  });

  // the trail is read in pages of 200
  it.each([1, 2, 200, 201, 450])(
    'does not look like a trail that was cut off after %i facts and a quiet year',
    async (count) => {
      const { store, audit } = await stage();
      await audit.append(Array.from({ length: count }, (_, at) => fact(now - 400 * day + at)));

      expect(await sweepOld(store, limits, [], now)).toMatchObject({ audit: count - 1 });
      expect(await sweepOld(store, limits, [], now)).toMatchObject({ audit: 0 });

      expect(await audit.verify()).toMatchObject(ok({ count: 1, last: { seq: count } }));
      await audit.append([fact(now)]);
      expect(await audit.verify()).toMatchObject(ok({ count: 2, last: { seq: count + 1 } }));
    },
  );

  it('forgets yesterday’s deliveries from Slack', async () => {
    const { store } = await stage();
    await store.append(slackDeliveries, 'old', now - 2 * day, now - 2 * day);
    await store.append(slackDeliveries, 'new', now, now);

    await sweepOld(store, limits, [], now);

    expect((await store.entries(slackDeliveries, undefined, 10)).map(({ value }) => value)).toEqual(
      [now],
    );
  });

  it('forgets the forms that were sent off the day before', async () => {
    const { store } = await stage();
    const submitted = (at: number) =>
      createSubmitted({ store, clock: { now: () => at }, log: silentLog });
    await submitted(now - 2 * day).add('V1');
    await submitted(now).add('V2');

    await sweepOld(store, limits, [], now);

    expect(await submitted(now).has('V1')).toBe(false);
    expect(await submitted(now).has('V2')).toBe(true);
    expect(await store.count(submittedForms)).toBe(1);
  });

  it('drops the cards of answers that were posted the day before', async () => {
    const { store } = await stage();
    await store.commit({
      put: [
        { key: cardKey('shared-1@C1'), value: 'card' },
        { key: cardKey('shared-2@C1'), value: 'card' },
      ],
      index: [
        { index: postedAnswers, member: 'shared-1@C1', score: now - 2 * day },
        { index: postedAnswers, member: 'shared-2@C1', score: now },
      ],
    });

    await sweepOld(store, limits, ['C1'], now);

    expect(await store.read(cardKey('shared-1@C1'))).toBeUndefined();
    expect(await store.read(cardKey('shared-2@C1'))).toBeDefined();
    expect(await store.count(postedAnswers)).toBe(1);
  });

  it('goes though another version wrote it, and what comes after it too', async () => {
    const { store } = await stage();
    await store.commit({
      put: [
        { key: incidentKey('INC-1'), value: { id: 'INC-1', state: 'of another version' } },
        { key: journalKey('CMD-1'), value: 'no journal' },
        { key: cardKey(rootCardId('INC-1', 'C1')), value: 'card' },
      ],
      index: [
        { index: endedIncidents, member: 'INC-1', score: now - 92 * day },
        { index: endedIncidents, member: 'INC-2', score: now - 91 * day },
        { index: settledJournals, member: 'CMD-1', score: now - 91 * day },
      ],
    });

    expect(await sweepOld(store, limits, ['C1'], now)).toMatchObject({ incidents: 2, commands: 1 });

    expect(await store.read(incidentKey('INC-1'))).toBeUndefined();
    expect(await store.read(cardKey(rootCardId('INC-1', 'C1')))).toBeUndefined();
    expect(await store.count(endedIncidents)).toBe(0);
  });

  it('includes every reply in the thread of an incident that fails again and again', async () => {
    const { store } = await stage();
    const cards = new Set<string>();
    const seen: Store = {
      ...store,
      commit: (batch) => {
        for (const { key } of batch.put ?? []) {
          if (key.startsWith('card/')) {
            cards.add(key);
          }
        }
        return store.commit(batch);
      },
    };
    const lease = await store.lease('keeper', 'me', 60_000);
    const writer = {
      store: seen,
      fence: { lease: 'keeper', token: lease.held ? lease.token : 0 },
      channelOf: () => 'C1',
      stillLeads: () => true,
    };
    const before = now - 91 * day;
    const known = await readNumbering(store);
    await openIncident(writer, incident({ state: 'open' }), known, before);
    for (let flap = 0; flap < 60; flap++) {
      const kind = 'reopened' as const;
      const story = [{ id: `reopened/${flap}`, at: before, kind, object: '', text: 'again' }];
      await changeIncident(writer, 'INC-1', { story, at: before, flap: true });
    }
    const gone = member({ standing: 'gone', resourceVersion: '11' });
    await changeIncident(writer, 'INC-1', { member: gone, story: [], at: before, flap: false });
    expect(cards.size).toBe(61);

    await sweepOld(store, limits, ['C1'], now);

    const left = await store.readAll([...cards]);
    expect(left.filter((card) => card !== undefined)).toEqual([]);
    expect(await store.count(looseCards)).toBe(0);
  });

  it('includes the roll-up and what was found after an outage', async () => {
    const { store } = await stage();
    const before = now - 91 * day;
    await store.commit({
      put: [
        { key: cardKey('roll-up-1@C1'), value: 'card' },
        { key: cardKey('roll-up-2@C1'), value: 'card' },
      ],
      index: [loose('roll-up-1@C1', before), loose('roll-up-2@C1', now)],
    });

    await sweepOld(store, limits, ['C1'], now);

    expect(await store.read(cardKey('roll-up-1@C1'))).toBeUndefined();
    expect(await store.read(cardKey('roll-up-2@C1'))).toBeDefined();
  });

  it('is told by the clock of the store, however wrong that of the machine is', async () => {
    const clock = createVirtualClock(now);
    const store = createMemoryStore({ clock });
    const audit = createAudit({ store, key: 'k'.repeat(32) });
    await audit.append([{ at: now - day, kind: 'webhook-refused' }]);
    const stop = new AbortController();
    const sweeping = runSweeper(
      {
        store,
        clock: { ...clock, now: () => clock.now() + 20 * 365 * day },
        holder: 'one',
        limits: () => limits,
        channels: () => [],
        log: silentLog,
      },
      stop.signal,
    );

    await clock.advance(2 * 60_000);

    expect(await audit.verify()).toMatchObject(ok({ count: 1 }));
    stop.abort();
    await clock.advance(1);
    await sweeping;
  });
});
