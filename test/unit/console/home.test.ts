import { beforeEach, describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import type { Surroundings } from '#src/command/context.ts';
import type { AuditFact } from '#src/command/journal.ts';
import type { Policy } from '#src/command/policy.ts';
import { createDoor } from '#src/console/door.ts';
import { createHomeData } from '#src/console/home-data.ts';
import { createHomeDoor } from '#src/console/home-door.ts';
import { createHomes } from '#src/console/homes.ts';
import { createIdentify } from '#src/console/identify.ts';
import { createRefusal } from '#src/console/refusal.ts';
import { silentLog } from '#src/log.ts';
import type { Asking, IncomingHome } from '#src/slack/incoming.ts';
import { createPeople } from '#src/slack/people.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createConsoleBench } from '#test/fakes/console-bench.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { failing, put } from '#test/unit/commands/stage.ts';

const everything: Policy = {
  teams: ['T1'],
  grants: [{ role: 'all', permissions: ['*'], subjects: ['slack-member:T1'] }],
};
const minute = 60_000;

const createStage = () => {
  const clock = createVirtualClock();
  const slack = createFakeSlack({ clock });
  slack.addPerson({ team: 'T1', user: 'U1', name: 'robin', kind: 'member' });
  const cluster = createMemoryCluster('infra', clock.now);
  put(cluster, 'Kustomization/media/plex', { status: failing });
  put(cluster, 'Kustomization/data/api');
  put(cluster, 'Kustomization/home/zigbee', { spec: { suspend: true } });
  cluster.listAll();
  let policy = everything;
  let away = false;
  const store = createMemoryStore({ clock });
  const orAway = async <Value>(ask: () => Promise<Value>): Promise<Value> => {
    if (away) {
      throw storeUnavailable('away');
    }
    return ask();
  };
  const surroundings: Surroundings = {
    clusters: [cluster],
    policy: () => policy,
    root: '/flux',
    defaultCluster: () => undefined,
    incidents: () => orAway(async () => []),
    commands: commands.map(({ doc }) => doc),
  };
  const homes = createHomes({
    slack,
    identify: createIdentify({
      people: createPeople({ slack, clock }),
      team: () => 'T1',
      groups: () => [],
    }),
    gather: createHomeData({
      surroundings,
      commands,
      store: {
        range: (...query) => orAway(() => store.range(...query)),
        readAll: (keys) => orAway(() => store.readAll(keys)),
      },
      clock,
    }),
    clock,
    log: silentLog,
  });
  const asked: Asking[] = [];
  const converse = async (incoming: Asking): Promise<void> => {
    asked.push(incoming);
  };
  const facts: AuditFact[] = [];
  const refusePerson = createRefusal({
    audit: async (said) => facts.push(...said),
    clock,
    log: silentLog,
  });
  const common = { slack, log: silentLog, refusePerson, team: () => 'T1' };
  const door = createDoor({
    converse,
    home: createHomeDoor({ ...common, converse, homes }),
    shortcut: async () => undefined,
  });
  return {
    clock,
    slack,
    cluster,
    homes,
    door,
    facts,
    asked,
    setPolicy: (next: Policy): void => {
      policy = next;
    },
    takeStoreAway: (): void => {
      away = true;
    },
    home: (user = 'U1'): string => JSON.stringify(slack.homeOf(user)),
    publications: () => slack.calls().filter(({ verb }) => verb === 'publishHome').length,
    follow: (): AbortController => {
      const stopping = new AbortController();
      void homes.run(stopping.signal);
      return stopping;
    },
  };
};

const opened = (change: Partial<IncomingHome> = {}): IncomingHome => ({
  kind: 'home',
  delivery: 'Ev1',
  workspace: 'T1',
  team: 'T1',
  user: 'U1',
  channel: 'D1',
  ...change,
});

describe('the Home of a person', () => {
  let stage: ReturnType<typeof createStage>;
  beforeEach(() => {
    stage = createStage();
  });

  it('shows what fails and what is suspended, with buttons, as of now', async () => {
    await stage.door(opened());

    expect(stage.home()).toContain('*1 object failing*');
    expect(stage.home()).toContain('*ks/media/plex* on infra does not become healthy');
    expect(stage.home()).toContain('"text":"Reconcile"');
    expect(stage.home()).toContain('*1 object suspended*');
    expect(stage.home()).toContain('ks/home/zigbee');
    expect(stage.home()).toContain('as of <!date^');
    expect(stage.home()).not.toContain('ks/data/api');
  });

  it('shows only what that person may read, and no button that would be refused', async () => {
    stage.setPolicy({
      teams: ['T1'],
      grants: [
        {
          role: 'media',
          permissions: ['status'],
          subjects: ['slack-member:T1'],
          namespaces: ['media'],
        },
      ],
    });

    await stage.door(opened());

    expect(stage.home()).toContain('ks/media/plex');
    expect(stage.home()).not.toContain('ks/home/zigbee');
    expect(stage.home()).not.toContain('Reconcile');
  });

  it('says to whoever may read nothing who can change that', async () => {
    stage.setPolicy({ ...everything, grants: [] });

    await stage.door(opened());

    expect(stage.home()).toContain('You may not read any cluster');
    expect(stage.home()).not.toContain('plex');
  });

  it.each([
    ['guest', 'Guests are not answered.'],
    ['external', 'People of other workspaces are not answered.'],
    ['deactivated', 'This account is deactivated.'],
  ] as const)('says to a %s that they are refused, and audits it', async (kind, said) => {
    stage.slack.addPerson({ team: 'T1', user: 'U9', name: 'kim', kind });

    await stage.door(opened({ user: 'U9' }));

    expect(stage.home('U9')).toContain(said);
    expect(stage.home('U9')).not.toContain('plex');
    expect(stage.facts).toMatchObject([
      { kind: 'decided', outcome: 'refused', invocation: 'Ev1', detail: said },
      { kind: 'settled', outcome: 'nothing done', actor: { user: 'U9' } },
    ]);
  });

  it('is not shown on behalf of another workspace', async () => {
    await stage.door(opened({ workspace: 'T2', team: 'T1' }));

    expect(stage.publications()).toBe(0);
    expect(stage.facts).toMatchObject([{ outcome: 'refused' }, { outcome: 'nothing done' }]);
  });

  it('shows what it knows while the store is away, and says what it does not', async () => {
    stage.takeStoreAway();

    await stage.door(opened());

    expect(stage.home()).toContain('ks/media/plex');
    expect(stage.home()).toContain('The bot cannot reach its store just now');
  });

  it('follows what changes for a quarter of an hour, and calls Slack only then', async () => {
    const stopping = stage.follow();
    await stage.door(opened());
    await stage.clock.advance(minute);
    const quiet = stage.publications();
    put(stage.cluster, 'Kustomization/media/plex');
    await stage.clock.advance(10_000);
    const recovered = stage.home();
    await stage.clock.advance(15 * minute);
    put(stage.cluster, 'Kustomization/media/plex', { status: failing });
    await stage.clock.advance(minute);
    stopping.abort();

    expect(quiet).toBe(1);
    expect(recovered).toContain('Nothing is failing');
    expect(stage.publications()).toBe(2);
  });

  it('leaves Slack alone for as long as it asks, and then catches up', async () => {
    const stopping = stage.follow();
    await stage.door(opened());
    stage.slack.interfere((verb) =>
      verb === 'publishHome'
        ? { failure: { code: 'rate-limited', retryAfterMs: 30_000 } }
        : undefined,
    );
    put(stage.cluster, 'Kustomization/media/plex');
    await stage.clock.advance(25_000);
    const meanwhile = stage.publications();
    stage.slack.interfere(() => undefined);
    await stage.clock.advance(20_000);
    stopping.abort();

    expect(meanwhile).toBe(2);
    expect(stage.home()).toContain('Nothing is failing');
  });

  const bench = createConsoleBench();
  const click = (answer?: 'in-place') =>
    bench.click(
      { command: 'status', input: {}, ...(answer === undefined ? {} : { answer }) },
      { home: true, channel: '', message: undefined, responseUrl: undefined, ephemeral: false },
    );

  it('is shown anew by Refresh, without a command', async () => {
    await stage.door(opened());
    put(stage.cluster, 'Kustomization/media/plex');

    await stage.door(click('in-place'));

    expect(stage.home()).toContain('Nothing is failing');
    expect(stage.asked).toEqual([]);
  });

  it('audits that Refresh was refused, and nothing while it is shown', async () => {
    await stage.door(click('in-place'));
    const shown = [...stage.facts];
    stage.slack.addPerson({ team: 'T1', user: 'U1', name: 'robin', kind: 'deactivated' });
    await stage.clock.advance(10 * minute);

    await stage.door(click('in-place'));

    expect(shown).toEqual([]);
    expect(stage.facts).toMatchObject([{ outcome: 'refused' }, { outcome: 'nothing done' }]);
  });

  it('passes a click on with the conversation of bot and person as its place', async () => {
    await stage.door(click());

    expect(stage.asked).toMatchObject([{ kind: 'click', user: 'U1', channel: 'DU1' }]);
    expect(stage.publications()).toBe(1);
  });

  it('says so where the person cannot be written to', async () => {
    stage.slack.interfere((verb) =>
      verb === 'directChannel'
        ? { failure: { code: 'refused', method: 'conversations.open', error: 'user_disabled' } }
        : undefined,
    );

    await stage.door(click());

    expect(stage.asked).toEqual([]);
    expect(stage.home()).toContain('does not let the bot write to you');
  });
});

describe('a click in a Home', () => {
  const inHome = {
    home: true,
    channel: 'DU1',
    message: undefined,
    responseUrl: undefined,
  } as const;

  it('is answered by a message to that person, once, and authorised anew', async () => {
    const bench = createConsoleBench();
    const request = { command: 'status', input: { object: 'ks/data/api', cluster: 'apps' } };
    const click = bench.click(request, inHome);

    await Promise.all([bench.handle(click), bench.handle(click)]);
    bench.setPolicy({ ...everything, grants: [] });
    await bench.handle(bench.click(request, inHome));

    expect(bench.texts('DU1')).toEqual([
      expect.stringContaining('ks/data/api on apps'),
      expect.stringContaining('missing: status anywhere'),
    ]);
    await bench.close();
  });

  it('shows what it does on a card there, and in the Home of who asked', async () => {
    const bench = createConsoleBench();
    const request = { command: 'reconcile', input: { object: 'ks/data/api', cluster: 'apps' } };

    await bench.handle(bench.click(request, inHome));

    expect(bench.texts('DU1')).toEqual([expect.stringContaining('Reconcile ks/data/api on apps')]);
    const { asked } = await bench.gatherHome('U1');
    expect(asked).toMatchObject([
      {
        ...{ id: 'CMD-1', title: 'reconcile ks/data/api on apps', status: 'running' },
        ...{ done: 0, total: 2, detail: 'Ask ks/data/api' },
      },
    ]);
    expect((await bench.gatherHome('U2')).asked).toEqual([]);
    await bench.close();
  });
});
