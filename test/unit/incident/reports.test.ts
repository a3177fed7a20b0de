import { describe, expect, it } from 'vitest';
import { type IntakeEntry, intakeStream } from '#src/flux/intake.ts';
import type { Incident } from '#src/incident/incident.ts';
import {
  type IncidentWriter,
  loadIncidents,
  openIncident,
  readNumbering,
} from '#src/incident/records.ts';
import { createReports } from '#src/incident/reports.ts';
import { adopt, createWorld } from '#src/incident/world.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { incident, member } from '#test/fakes/situations.ts';

const now = 1_795_000_000_000;
/** By then the object itself would have said it. */
const settled = now + 10_000;

const stage = async (options: { readonly opened?: boolean; readonly leads?: boolean } = {}) => {
  const { opened = true, leads = true } = options;
  const store = createMemoryStore({ clock: { now: () => now } });
  const lease = await store.lease('keeper', 'me', 60_000);
  const token = lease.held ? lease.token : 0;
  const writer: IncidentWriter = {
    store,
    fence: { lease: 'keeper', token },
    channelOf: () => 'C1',
    stillLeads: () => leads,
  };
  const world = createWorld();
  let normalised = 0;
  const reports = createReports({
    store,
    log: silentLog,
    clean: {
      redact: (text) => text.replace('hunter2', '[redacted]'),
      normalise: (text) => {
        normalised += 1;
        return text.replace(/\d+/g, 'N');
      },
    },
  });
  const open = async (change: Partial<Incident> = {}): Promise<Incident> => {
    const { id: _, ...draft } = incident({}, change);
    const leading = { ...writer, stillLeads: () => true };
    const written = await openIncident(leading, draft, await readNumbering(store), now);
    if (written.kind !== 'written') {
      throw new Error(written.kind);
    }
    adopt(world, written.incident);
    return written.incident;
  };
  if (opened) {
    await open();
  }
  let sent = 0;
  return {
    store,
    writer,
    world,
    reports,
    /** How many texts were brought into the form in which they are compared. */
    normalised: () => normalised,
    open,
    send: async (change: Partial<IntakeEntry['event']> = {}, more: Partial<IntakeEntry> = {}) => {
      sent += 1;
      const entry: IntakeEntry = {
        type: 'flux-event',
        cluster: 'apps',
        receivedAt: now,
        digest: `digest-${sent}`,
        stale: false,
        event: {
          involvedObject: {
            kind: 'Kustomization',
            namespace: 'data',
            name: 'api',
            uid: 'uid-1',
            apiVersion: '',
            resourceVersion: '',
          },
          severity: 'error',
          timestamp: '2026-11-18T00:00:00Z',
          message: 'Helm says: the Job failed',
          reason: 'UpgradeFailed',
          metadata: {},
          reportingController: '',
          ...change,
        },
        ...more,
      };
      await store.append(intakeStream, entry.digest, now, entry);
    },
    /** Reads the stream, and again when reports no longer wait for their object. */
    take: async () => {
      await reports.take(writer, world, now);
      return reports.take(writer, world, settled);
    },
    told: async () =>
      (await loadIncidents(store, 0)).flatMap(({ incident: { story } }) =>
        story.map(({ kind, text }) => [kind, text]),
      ),
  };
};

describe('what Flux reports about an object of an open incident', () => {
  it('is added to its story, redacted, once', async () => {
    const bench = await stage();
    await bench.send({ message: 'password hunter2 is wrong' });

    expect(await bench.take()).toEqual({ done: true, changed: true, more: false });
    await bench.send({ message: 'password hunter2 is wrong' });
    expect(await bench.take()).toMatchObject({ changed: false });

    expect(await bench.told()).toEqual([['reported', 'password [redacted] is wrong']]);
    expect(bench.world.incidents.get('INC-1')?.story).toHaveLength(1);
    expect(await bench.store.entries(intakeStream, undefined, 10)).toEqual([]);
  });

  it('is compared with what is known without reading all of that for each event', async () => {
    const bench = await stage({ opened: false });
    const story = Array.from({ length: 30 }, (_, at) => ({
      id: `reported/${at}`,
      at: now,
      kind: 'reported' as const,
      object: '',
      text: `${'a'.repeat(at + 1)} long text`,
    }));
    await bench.open({ story });
    for (let at = 0; at < 100; at++) {
      await bench.send({ message: 'aaa long text' });
    }

    await bench.take();

    expect(await bench.told()).toHaveLength(30);
    expect(bench.normalised()).toBeLessThan(300);
  });

  it('names the object and the delivery', async () => {
    const bench = await stage();
    await bench.send();
    await bench.take();

    const [found] = await loadIncidents(bench.store, 0);
    expect(found?.incident.story).toEqual([
      {
        id: 'reported/digest-1',
        at: settled,
        kind: 'reported',
        object: 'apps/Kustomization/data/api',
        text: 'Helm says: the Job failed',
      },
    ]);
    expect(found?.incident.flaps).toBe(0);
  });

  it.each<[string, Partial<IntakeEntry['event']>, Partial<IntakeEntry>]>([
    ['what its condition says', { message: 'field is immutable' }, {}],
    ['a part of what its condition says', { message: 'immutable' }, {}],
    ['good news', { severity: 'info' }, {}],
    ['a heartbeat', { metadata: { commit_status: 'update' } }, {}],
    ['that it waits', { reason: 'DependencyNotReady' }, {}],
    ['nothing', { message: '' }, {}],
    ['old news', {}, { stale: true }],
    ['the same of another cluster', {}, { cluster: 'infra' }],
  ])('is no news where it is %s', async (_, event, entry) => {
    const bench = await stage();
    await bench.send(event, entry);

    expect(await bench.take()).toEqual({ done: true, changed: false, more: false });
    expect(await bench.told()).toEqual([]);
    expect(await bench.store.entries(intakeStream, undefined, 10)).toEqual([]);
  });

  it('is no news where it differs in what differs each time', async () => {
    const bench = await stage();
    await bench.send({ message: 'try 1 failed' });
    await bench.send({ message: 'try 2 failed' });
    await bench.take();

    expect(await bench.told()).toEqual([['reported', 'try 1 failed']]);
  });

  it('waits for what the object says itself', async () => {
    const bench = await stage();
    await bench.send();

    expect(await bench.reports.take(bench.writer, bench.world, now)).toMatchObject({
      changed: false,
    });
    expect(await bench.told()).toEqual([]);
    expect(await bench.store.entries(intakeStream, undefined, 10)).toHaveLength(1);
  });

  it('is nothing about what is no object of Flux', async () => {
    const bench = await stage();
    const involvedObject = {
      kind: 'Deployment',
      namespace: 'data',
      name: 'api',
      uid: '',
      apiVersion: '',
      resourceVersion: '',
    };
    await bench.send({ involvedObject });
    await bench.store.append(intakeStream, 'odd', now, 'no entry at all');

    expect(await bench.take()).toMatchObject({ done: true, changed: false });
    expect(await bench.store.entries(intakeStream, undefined, 10)).toEqual([]);
  });

  it('stays on the stream for whoever leads by now', async () => {
    const bench = await stage({ leads: false });
    await bench.send();

    expect(await bench.take()).toMatchObject({ done: false });
    expect(await bench.store.entries(intakeStream, undefined, 10)).toHaveLength(1);
  });
});

describe('what Flux reports before an incident opens', () => {
  const attached = async (afterMs: number, messages = ['the Job failed']) => {
    const bench = await stage({ opened: false });
    for (const message of messages) {
      await bench.send({ message });
    }
    await bench.reports.take(bench.writer, bench.world, now);
    const opened = await bench.open();
    await bench.reports.attach(bench.writer, bench.world, opened, now + afterMs);
    return { ...bench, opened };
  };

  it('is told with it, and not again', async () => {
    const bench = await attached(119_999);
    await bench.reports.attach(bench.writer, bench.world, bench.opened, now + 119_999);

    expect(await bench.told()).toEqual([['reported', 'the Job failed']]);
  });

  it('is the last three things that were said', async () => {
    const bench = await attached(0, ['job one', 'job two', 'job three', 'job four']);

    expect(await bench.told()).toEqual([
      ['reported', 'job two'],
      ['reported', 'job three'],
      ['reported', 'job four'],
    ]);
  });

  it('is forgotten after two minutes', async () => {
    expect(await (await attached(120_000)).told()).toEqual([]);

    const bench = await stage({ opened: false });
    await bench.send();
    await bench.reports.take(bench.writer, bench.world, now);
    await bench.reports.take(bench.writer, bench.world, now + 120_000);
    const opened = await bench.open();
    await bench.reports.attach(bench.writer, bench.world, opened, now);
    expect(await bench.told()).toEqual([]);
  });

  it('is not told of an incident that has ended', async () => {
    const bench = await stage({ opened: false });
    const ended = await bench.open({ state: 'resolved', endedAt: now });
    await bench.send();
    await bench.reports.take(bench.writer, bench.world, settled);

    await bench.reports.attach(bench.writer, bench.world, ended, settled);
    expect(await bench.told()).toEqual([]);
  });

  it('is told of its own object only', async () => {
    const bench = await stage({ opened: false });
    await bench.send();
    await bench.reports.take(bench.writer, bench.world, now);
    const opened = await bench.open({
      cause: 'infra/Kustomization/data/api',
      members: [member({ cluster: 'infra' })],
    });

    await bench.reports.attach(bench.writer, bench.world, opened, now);
    expect(await bench.told()).toEqual([]);
  });
});
