import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { contextFor } from '#src/command/context.ts';
import { createConsole } from '#src/console/console.ts';
import { createDoor } from '#src/console/door.ts';
import { createHomeDoor } from '#src/console/home-door.ts';
import { createIdentify } from '#src/console/identify.ts';
import { messageShortcuts } from '#src/console/offer.ts';
import { createShortcutDoor } from '#src/console/shortcut-door.ts';
import { silentLog } from '#src/log.ts';
import { createSlackApp, type SlackApp, slackEventsPath } from '#src/slack/app.ts';
import type { Incoming } from '#src/slack/incoming.ts';
import { createPeople } from '#src/slack/people.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { realClock } from '#test/slack/real-clock.ts';

/** Requests as Slack sends them, signed, to Bolt and the console behind it: the local Slack sends no such ones. */

const secret = 'a signing secret of this test';
const team = 'T1';

const listenOn = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${slackEventsPath}`;
};

interface Sent {
  readonly key?: string;
  /** ms before now. */
  readonly ageMs?: number;
  readonly retry?: number;
}

const send = async (
  url: string,
  type: string,
  body: string,
  { key = secret, ageMs = 0, retry }: Sent = {},
): Promise<number> => {
  const timestamp = String(Math.floor((Date.now() - ageMs) / 1_000));
  const signature = createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex');
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': type,
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
      ...(retry === undefined
        ? {}
        : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' }),
    },
  });
  await answer.arrayBuffer();
  return answer.status;
};

const event = (id: string, inner: object, workspace = team): string =>
  JSON.stringify({
    type: 'event_callback',
    team_id: workspace,
    api_app_id: 'A1',
    event_id: id,
    event: inner,
    authorizations: [{ team_id: workspace, user_id: 'UBOT', is_bot: true }],
  });

const homeOpened = (id: string, tab = 'home', workspace = team): string =>
  event(
    id,
    { type: 'app_home_opened', user: 'U1', channel: 'D1', tab, event_ts: '1.1' },
    workspace,
  );

const mention = (id: string, workspace = team): string =>
  event(
    id,
    { type: 'app_mention', user: 'U1', channel: 'C1', text: '<@UBOT> whoami', ts: '2.1' },
    workspace,
  );

const shortcut = (id: string, change: object = {}): string =>
  new URLSearchParams({
    payload: JSON.stringify({
      type: 'message_action',
      callback_id: messageShortcuts[0]?.callbackId,
      team: { id: team, domain: 'demo' },
      user: { id: 'U1', username: 'robin', team_id: team },
      channel: { id: 'C1', name: 'flux-infra' },
      message_ts: '5.1',
      message: { type: 'message', ts: '5.1', user: 'UBOT', text: 'INC-99 ks/evil/forged fails' },
      response_url: 'https://hooks.slack.com/app/1',
      trigger_id: id,
      ...change,
    }),
  }).toString();

const asEvent = 'application/json';
const asForm = 'application/x-www-form-urlencoded';

describe('what Slack sends signed', () => {
  const slack = createFakeSlack({ clock: realClock });
  const bench = createCommandBench();
  const ask = bench.dispatcher();
  const offered: (readonly [string, string])[] = [];
  const shown: string[] = [];
  const heard: Incoming[] = [];
  let app: SlackApp;
  let server: Server;
  let url: string;
  let handling: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    slack.addPerson({ team, user: 'U1', name: 'robin', kind: 'member' });
    const people = createPeople({ slack, clock: realClock });
    const identify = createIdentify({ people, team: () => team, groups: () => [] });
    const { converse } = createConsole({
      dispatch: (invocation) => ask('', invocation),
      commands,
      contextOf: (actor, channel) =>
        contextFor(bench.surroundings(), actor, channel, realClock.now()),
      slack,
      identify,
      audit: async (facts) => bench.facts.push(...facts),
      store: createMemoryStore({ clock: realClock }),
      clock: realClock,
      log: silentLog,
      team: () => team,
      channelProblem: () => undefined,
      onCards: () => undefined,
      botName: 'flux',
    });
    const homes = {
      show: async ({ user }: { readonly user: string }) => {
        shown.push(user);
        return undefined;
      },
      run: async () => undefined,
    };
    const common = {
      slack,
      log: silentLog,
      refusePerson: async () => undefined,
      team: () => team,
    };
    const door = createDoor({
      converse,
      home: createHomeDoor({ ...common, converse, homes }),
      shortcut: createShortcutDoor({
        ...common,
        identify,
        offer: async (_, channel, ts) => {
          offered.push([channel, ts]);
          return { summary: 'offered', parts: [] };
        },
      }),
    });
    app = createSlackApp({
      mode: { kind: 'http', signingSecret: secret },
      botToken: 'xoxb-1',
      command: '/flux',
      clock: realClock,
      log: silentLog,
    });
    app.start((incoming) => {
      heard.push(incoming);
      handling = door(incoming);
      return handling;
    });
    server = createServer((request, response) => app.requestListener?.(request, response));
    url = await listenOn(server);
  });
  afterAll(async () => {
    await app.close();
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    heard.length = 0;
    offered.length = 0;
    shown.length = 0;
  });

  const deliver = async (type: string, body: string, sent?: Sent): Promise<number> => {
    const status = await send(url, type, body, sent);
    await handling;
    return status;
  };
  const ephemerals = () => slack.calls().filter(({ verb }) => verb === 'ephemeral').length;

  it('opens the Home of whoever opened it, and minds no other tab', async () => {
    expect(await deliver(asEvent, homeOpened('Ev1'))).toBe(200);
    expect(await deliver(asEvent, homeOpened('Ev2', 'messages'))).toBe(200);

    expect(shown).toEqual(['U1']);
  });

  it('answers a mention once, though Slack sends it three times', async () => {
    const before = ephemerals();

    const statuses = [
      await deliver(asEvent, mention('Ev3')),
      await deliver(asEvent, mention('Ev3'), { retry: 1 }),
      await deliver(asEvent, mention('Ev3'), { retry: 2 }),
    ];

    expect(statuses).toEqual([200, 200, 200]);
    expect(heard).toHaveLength(3);
    expect(ephemerals() - before).toBe(1);
  });

  it('takes a message shortcut by where the message stands, not by what it says', async () => {
    expect(await deliver(asForm, shortcut('t1'))).toBe(200);
    expect(
      await deliver(asForm, shortcut('t2', { message: { ts: '5.1', thread_ts: '4.1' } })),
    ).toBe(200);

    expect(offered).toEqual([
      ['C1', '5.1'],
      ['C1', '4.1'],
    ]);
    expect(slack.answers().at(-1)).toMatchObject({ audience: 'asker', thread: '4.1' });
  });

  it('offers nothing for a shortcut of another workspace, and says why', async () => {
    await deliver(
      asForm,
      shortcut('t3', { team: { id: 'T2' }, user: { id: 'U1', team_id: 'T2' } }),
    );

    expect(offered).toEqual([]);
    expect(slack.answers().at(-1)?.text).toContain('People of other workspaces are not answered.');
  });

  it('shows no Home and runs no mention of another workspace', async () => {
    const audited = bench.facts.length;

    await deliver(asEvent, homeOpened('Ev4', 'home', 'T2'));
    await deliver(asEvent, mention('Ev5', 'T2'));

    expect(shown).toEqual([]);
    // that somebody was refused is in the trail, and nothing else
    expect(bench.facts.slice(audited).map(({ outcome }) => outcome)).toEqual([
      'refused',
      'nothing done',
    ]);
  });

  const bodies = [
    ['an event', asEvent, homeOpened('Ev6')],
    ['a mention', asEvent, mention('Ev7')],
    ['a shortcut', asForm, shortcut('t4')],
  ] as const;

  it.each(bodies)('refuses %s with a wrong signature', async (_, type, body) => {
    expect(await deliver(type, body, { key: 'another secret' })).toBe(401);
    expect(heard).toEqual([]);
  });

  it.each(bodies)('refuses %s of six minutes ago, also as a retry', async (_, type, body) => {
    expect(await deliver(type, body, { ageMs: 360_000 })).toBe(401);
    expect(await deliver(type, body, { ageMs: 360_000, retry: 1 })).toBe(401);
    expect(heard).toEqual([]);
  });

  it.each(bodies)('refuses %s whose body was changed on the way', async (_, type, body) => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    const answer = await fetch(url, {
      method: 'POST',
      body: body.replace('U1', 'U2'),
      headers: {
        'content-type': type,
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${signature}`,
      },
    });
    await answer.arrayBuffer();

    expect(answer.status).toBe(401);
    expect(heard).toEqual([]);
  });
});
