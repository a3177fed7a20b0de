import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { contextFor, type Surroundings } from '#src/command/context.ts';
import type { AuditFact } from '#src/command/journal.ts';
import type { Policy } from '#src/command/policy.ts';
import { createIdentify } from '#src/console/identify.ts';
import { messageShortcuts } from '#src/console/offer.ts';
import { createOffering } from '#src/console/offering.ts';
import { createRefusal } from '#src/console/refusal.ts';
import { createShortcutDoor } from '#src/console/shortcut-door.ts';
import { changeIncident, openIncident, readNumbering } from '#src/incident/records.ts';
import { silentLog } from '#src/log.ts';
import type { IncomingShortcut } from '#src/slack/incoming.ts';
import { createPeople } from '#src/slack/people.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { incident, member } from '#test/fakes/incidents.ts';
import { createBench } from '#test/fakes/outbox-bench.ts';

const everything: Policy = {
  teams: ['T1'],
  grants: [{ role: 'all', permissions: ['*'], subjects: ['slack-member:T1'] }],
};

const createStage = async () => {
  const bench = createBench();
  const { clock, store, slack } = bench;
  slack.addPerson({ team: 'T1', user: 'U1', name: 'robin', kind: 'member' });
  slack.addPerson({ team: 'T1', user: 'U9', name: 'kim', kind: 'guest' });
  const outbox = bench.start();
  await clock.advance(1_000);
  const lease = await store.lease('keeper', 'test', 3_600_000);
  const writer = {
    store,
    fence: { lease: 'keeper', token: lease.held ? lease.token : 0 },
    channelOf: () => 'C1',
    stillLeads: () => true,
  };
  let policy = everything;
  let reach = store;
  const surroundings: Surroundings = {
    clusters: [],
    policy: () => policy,
    root: '/flux',
    defaultCluster: () => undefined,
    incidents: async () => [],
    commands: commands.map(({ doc }) => doc),
  };
  const facts: AuditFact[] = [];
  const audit = async (said: readonly AuditFact[]) => facts.push(...said);
  const shortcut = createShortcutDoor({
    refusePerson: createRefusal({ audit, clock, log: silentLog }),
    slack,
    identify: createIdentify({
      people: createPeople({ slack, clock }),
      team: () => 'T1',
      groups: () => [],
    }),
    offer: (...asked) =>
      createOffering({
        store: reach,
        contextOf: (actor, channel) => contextFor(surroundings, actor, channel, clock.now()),
        clock,
        ids: countingIds('offer'),
        audit,
      })(...asked),
    log: silentLog,
    team: () => 'T1',
  });
  return {
    ...bench,
    outbox,
    writer,
    shortcut,
    facts,
    setPolicy: (next: Policy): void => {
      policy = next;
    },
    takeStoreAway: (): void => {
      const gone = async (): Promise<never> => {
        throw storeUnavailable('away');
      };
      reach = { ...store, range: gone, read: gone, readAll: gone };
    },
    open: async (change: Parameters<typeof incident>[0] = {}): Promise<string> => {
      const { id: _, ...draft } = incident({ openedAt: clock.now(), ...change });
      const written = await openIncident(writer, draft, await readNumbering(store), clock.now());
      outbox.wake();
      await clock.advance(5_000);
      return written.kind === 'written' ? written.incident.id : '';
    },
    tsOf: (text: string): string =>
      slack.messages().find((message) => message.text.includes(text))?.ts ?? '',
    said: () => slack.answers().at(-1)?.text ?? '',
    buttons: (): readonly string[] =>
      (slack.answers().at(-1)?.blocks ?? [])
        .flatMap((block) => (block['elements'] ?? []) as { text?: { text?: string } }[])
        .flatMap((element) => element.text?.text ?? []),
  };
};

const asked = (root: string, change: Partial<IncomingShortcut> = {}): IncomingShortcut => ({
  kind: 'shortcut',
  delivery: 'trigger-1',
  workspace: 'T1',
  team: 'T1',
  user: 'U1',
  channel: 'C1',
  callbackId: messageShortcuts[0]?.callbackId ?? '',
  root,
  thread: undefined,
  responseUrl: 'https://hooks.slack.com/app/1',
  triggerId: 'trigger-1',
  ...change,
});

describe('the message shortcut', () => {
  let stage: Awaited<ReturnType<typeof createStage>>;
  beforeEach(async () => {
    stage = await createStage();
  });
  afterEach(async () => {
    const closed = stage.outbox.close();
    await stage.clock.advance(1_000);
    await closed;
  });

  it('offers what can be done about the incident of a card, to the one who asked', async () => {
    const id = await stage.open();

    await stage.shortcut(asked(stage.tsOf('ks/media/plex')));

    expect(stage.slack.answers().at(-1)).toMatchObject({ audience: 'asker' });
    expect(stage.said()).toContain('ks/media/plex does not become healthy');
    expect(stage.said()).toContain(id);
    expect(stage.buttons()).toEqual(['Reconcile', 'Status']);
    expect(stage.facts).toMatchObject([
      { kind: 'decided', outcome: 'allowed', command: 'status', targets: ['infra/ks/media/plex'] },
      { kind: 'settled', outcome: 'answered', actor: { user: 'U1' } },
    ]);
  });

  it('finds it from a reply in the thread too, and answers there', async () => {
    await stage.open();
    const root = stage.tsOf('ks/media/plex');

    await stage.shortcut(asked(root, { thread: root }));

    expect(stage.slack.answers().at(-1)).toMatchObject({ thread: root });
    expect(stage.said()).toContain('ks/media/plex');
  });

  it('tells two incidents apart by their messages', async () => {
    await stage.open();
    const other = member({ ref: { kind: 'HelmRelease', namespace: 'pki', name: 'issuer' } });
    await stage.open({ members: [other], cause: 'infra/HelmRelease/pki/issuer' });

    await stage.shortcut(asked(stage.tsOf('hr/pki/issuer')));

    expect(stage.said()).toContain('hr/pki/issuer');
    expect(stage.said()).not.toContain('ks/media/plex');
  });

  it('offers to look at what has ended', async () => {
    const id = await stage.open();
    await changeIncident(stage.writer, id, {
      member: member({ standing: 'recovered', resourceVersion: '11' }),
      story: [],
      at: stage.clock.now(),
      flap: false,
    });

    await stage.shortcut(asked(stage.tsOf('ks/media/plex')));

    expect(stage.said()).toContain('is well again');
    expect(stage.buttons()).toEqual(['Status']);
  });

  it('offers only what the person may do', async () => {
    stage.setPolicy({
      teams: ['T1'],
      grants: [{ role: 'viewer', permissions: ['status'], subjects: ['slack-member:T1'] }],
    });
    await stage.open();

    await stage.shortcut(asked(stage.tsOf('ks/media/plex')));

    expect(stage.buttons()).toEqual(['Status']);
  });

  it('says which right is missing to whoever may not read it', async () => {
    stage.setPolicy({ ...everything, grants: [] });
    await stage.open();

    await stage.shortcut(asked(stage.tsOf('ks/media/plex')));

    expect(stage.said()).toContain('missing: status on ks/media/plex on infra');
    expect(stage.facts).toMatchObject([
      { kind: 'decided', outcome: 'refused', detail: 'status on ks/media/plex on infra' },
      { kind: 'settled', outcome: 'nothing done', targets: ['infra/ks/media/plex'] },
    ]);
    expect(stage.buttons()).toEqual([]);
  });

  it('does not believe a message that only reads like a card, or one of another channel', async () => {
    await stage.open();
    const root = stage.tsOf('ks/media/plex');

    await stage.shortcut(asked('1700000000.000100'));
    const forged = stage.said();
    await stage.shortcut(asked(root, { channel: 'C2' }));

    expect(forged).toContain('This message is not the card of an incident');
    expect(stage.said()).toContain('This message is not the card of an incident');
    expect(stage.facts).toEqual([]);
  });

  it('knows the card that stands for many', async () => {
    await stage.open({ rolledUp: true });

    await stage.shortcut(asked(stage.tsOf('1 more failure at once')));

    expect(stage.said()).toContain('This card stands for 1 failure');
    expect(stage.buttons()).toEqual(['All that fail']);
  });

  it.each([
    ['a guest', { user: 'U9' }, 'Guests are not answered.'],
    ['another workspace', { workspace: 'T2', team: 'T2' }, 'other workspaces'],
  ])('refuses %s, and audits it', async (_, change, why) => {
    await stage.open();

    await stage.shortcut(asked(stage.tsOf('ks/media/plex'), change));

    expect(stage.said()).toContain(why);
    expect(stage.facts).toMatchObject([
      { kind: 'decided', outcome: 'refused', detail: expect.stringContaining(why) },
      { kind: 'settled', outcome: 'nothing done', invocation: 'trigger-1' },
    ]);
  });

  it('says so while the store is away', async () => {
    stage.takeStoreAway();

    await stage.shortcut(asked('1.1'));

    expect(stage.said()).toContain('The bot cannot reach its own store');
  });

  it('answers no shortcut that is not ours', async () => {
    await stage.shortcut(asked('1.1', { callbackId: 'of_another_app' }));

    expect(stage.slack.answers()).toEqual([]);
  });
});
