import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLog } from '#src/log.ts';
import { createSlackApp, type SlackApp, slackEventsPath } from '#src/slack/app.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import { renderHome } from '#src/slack/home-blocks.ts';
import type { Incoming } from '#src/slack/incoming.ts';
import { startOutbox } from '#src/slack/outbox.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { desire, saying } from '#test/fakes/outbox-bench.ts';
import { type LocalSlack, localSlackBinary, startLocalSlack } from '#test/slack/local-slack.ts';
import { type SlackProxy, startSlackProxy } from '#test/slack/proxy.ts';
import { realClock } from '#test/slack/real-clock.ts';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';

const channel = 'C0INFRA';
const robin = 'U0ROBIN';

interface Bench {
  readonly local: LocalSlack;
  readonly proxy: SlackProxy;
  readonly app: SlackApp;
  readonly incoming: Incoming[];
  readonly eventsUrl: string | undefined;
  readonly stop: () => Promise<void>;
}

const listenOn = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${slackEventsPath}`;
};

const startBench = async (kind: 'socket' | 'http'): Promise<Bench> => {
  let serve: SlackApp['requestListener'];
  const server = createServer((request, response) => serve?.(request, response));
  const eventsUrl = kind === 'http' ? await listenOn(server) : undefined;
  const local = await startLocalSlack(demoWorkspace(eventsUrl));
  const proxy = await startSlackProxy(local.apiUrl);
  const app = createSlackApp({
    mode:
      kind === 'socket'
        ? { kind, appToken: demoBot.appToken }
        : { kind, signingSecret: demoBot.signingSecret },
    botToken: demoBot.botToken,
    command: '/flux',
    clock: realClock,
    log: silentLog,
    apiUrl: proxy.apiUrl,
  });
  serve = app.requestListener;
  const incoming: Incoming[] = [];
  app.start(async (one) => {
    incoming.push(one);
  });
  await vi.waitUntil(() => app.listening(), { timeout: 20_000 });
  return {
    local,
    proxy,
    app,
    incoming,
    eventsUrl,
    stop: async () => {
      await app.close();
      await proxy.close();
      await local.stop();
      server.close();
      server.closeAllConnections();
    },
  };
};

describe.skipIf(localSlackBinary === undefined).each(['socket', 'http'] as const)(
  'Slack by %s (needs local-slack-linux-x64)',
  (kind) => {
    let bench: Bench;

    beforeAll(async () => {
      bench = await startBench(kind);
    });
    afterAll(() => bench.stop());

    const next = async (): Promise<Incoming> =>
      vi.waitUntil(() => bench.incoming.shift(), { timeout: 20_000 });

    it('knows who it is', async () => {
      expect(await bench.app.identity()).toMatchObject({
        ok: true,
        value: { team: demoTeam, user: demoBot.botUserId },
      });
    });

    it('hears a slash command and answers only the one who asked', async () => {
      await bench.local.command({
        channel,
        user: robin,
        command: '/flux',
        text: 'status “ks/pki/cert-manager” —cluster infra & more',
      });
      const command = await next();
      const answered =
        command.kind === 'command' &&
        (await bench.app.respond({
          responseUrl: command.responseUrl,
          audience: 'asker',
          ...renderMessage(saying('All is well.')),
        }));

      expect(command).toMatchObject({
        kind: 'command',
        workspace: demoTeam,
        team: demoTeam,
        user: robin,
        channel,
        command: '/flux',
        text: 'status “ks/pki/cert-manager” —cluster infra & more',
      });
      expect(answered).toEqual({ ok: true, value: undefined });
      const answer = (await bench.local.messages(channel)).find(
        ({ text }) => text === 'All is well.',
      );
      expect(answer?.ephemeral_to).toBe(robin);
    });

    it('hears a mention, in the channel and in a thread', async () => {
      const text = `<@${demoBot.botUserId}> status infra`;
      await bench.local.say({ channel, user: robin, text });
      const first = await next();
      const root = first.kind === 'mention' ? first.ts : '';
      await bench.local.say({ channel, user: 'U0SAM', text, thread_ts: root });
      const second = await next();

      expect(first).toMatchObject({ kind: 'mention', user: robin, channel, text: 'status infra' });
      expect(first).toHaveProperty('thread', undefined);
      expect(second).toMatchObject({ kind: 'mention', user: 'U0SAM', thread: root });
      expect(second.delivery).not.toBe(first.delivery);
    });

    it('hears a click with what the button asks for', async () => {
      const input = { object: 'ks/pki/cert-manager', cluster: 'infra' };
      const view = {
        summary: 'press',
        parts: [
          {
            kind: 'buttons' as const,
            buttons: [{ label: 'Reconcile', command: 'reconcile', input }],
          },
        ],
      };
      const posted = await bench.app.post({
        channel,
        ...renderMessage(view),
        card: { card: 'press', attempt: '1' },
      });
      const ts = posted.ok ? posted.value.ts : '';

      await bench.local.click(channel, ts, 'U0SAM', 'reconcile');

      expect(await next()).toMatchObject({
        kind: 'click',
        workspace: demoTeam,
        user: 'U0SAM',
        channel,
        message: ts,
        request: { command: 'reconcile', input },
      });
    });

    it('hears that the Home was opened, and a click in it', async () => {
      const input = { object: 'ks/pki/cert-manager', cluster: 'infra' };
      const view = {
        summary: 'home',
        parts: [
          {
            kind: 'buttons' as const,
            buttons: [{ label: 'Reconcile', command: 'reconcile', input }],
          },
        ],
      };

      await bench.local.openHome(robin);
      const opened = await next();
      const published = await bench.app.publishHome(robin, renderHome(view));
      await bench.local.clickHome(robin, 'reconcile');
      const click = await next();

      expect(opened).toMatchObject({ kind: 'home', workspace: demoTeam, user: robin });
      expect(published.ok).toBe(true);
      expect(click).toMatchObject({
        kind: 'click',
        home: true,
        user: robin,
        request: { command: 'reconcile', input },
      });
    });

    it('puts the next page in the place of an answer that only its asker sees', async () => {
      await bench.local.command({ channel, user: robin, command: '/flux', text: 'get' });
      const asked = await next();
      const page = (number: number) => ({
        summary: `page ${number} by ${kind}`,
        parts: [
          {
            kind: 'buttons' as const,
            buttons: [{ label: 'Next', command: 'get', input: {}, answer: 'in-place' as const }],
          },
        ],
      });
      const respond = async (incoming: Incoming, number: number, replace: boolean) =>
        'responseUrl' in incoming && incoming.responseUrl !== undefined
          ? bench.app.respond({
              responseUrl: incoming.responseUrl,
              audience: 'asker',
              replace,
              ...renderMessage(page(number)),
            })
          : undefined;
      await respond(asked, 1, false);
      const ts = async () =>
        (await bench.local.messages(channel)).find(({ text }) => text.endsWith(`by ${kind}`));

      await bench.local.click(channel, (await ts())?.ts ?? '', robin, 'get');
      const click = await next();
      await respond(click, 2, true);

      expect(click).toMatchObject({
        kind: 'click',
        ephemeral: true,
        request: { command: 'get', answer: 'in-place' },
      });
      expect((await ts())?.text).toBe(`page 2 by ${kind}`);
    });

    it('answers nowhere but at Slack', async () => {
      expect(
        await bench.app.respond({
          responseUrl: 'https://evil.example/hook',
          audience: 'asker',
          text: 'x',
          blocks: [],
        }),
      ).toMatchObject({ ok: false, failure: { code: 'refused' } });
    });

    it('shows one card after a lost reply and a rate limit, with the last text', async () => {
      const store = createMemoryStore({ clock: realClock });
      const outbox = startOutbox({
        store,
        slack: bench.app,
        clock: realClock,
        ids: countingIds(kind),
        log: silentLog,
      });
      const id = `card-${kind}`;
      const wish = { id, channel, priority: 'new-incident' as const };
      bench.proxy.order({ method: 'chat.postMessage', answer: { kind: 'lost-reply' } });
      bench.proxy.order({
        method: 'chat.update',
        answer: { kind: 'rate-limited', retryAfterSeconds: 1 },
      });

      await desire(store, { ...wish, view: saying(`${kind} fails`) }, Date.now());
      outbox.wake();
      const texts = async () =>
        (await bench.local.messages(channel))
          .map(({ text }) => text)
          .filter((text) => text.startsWith(kind));
      await vi.waitUntil(async () => (await texts()).includes(`${kind} fails`), {
        timeout: 20_000,
      });
      await desire(store, { ...wish, view: saying(`${kind} is healthy`) }, Date.now());
      outbox.wake();
      await vi.waitUntil(async () => (await texts()).includes(`${kind} is healthy`), {
        timeout: 20_000,
      });
      await outbox.close();

      expect(await texts()).toEqual([`${kind} is healthy`]);
      expect(outbox.status().problems).toEqual([]);
    });
  },
);

describe.skipIf(localSlackBinary === undefined)(
  'A socket that ends (needs local-slack-linux-x64)',
  () => {
    it('is opened again when Slack is back, and closes while Slack is away', async () => {
      const first = await startLocalSlack(demoWorkspace());
      const app = createSlackApp({
        mode: { kind: 'socket', appToken: demoBot.appToken },
        botToken: demoBot.botToken,
        command: '/flux',
        clock: realClock,
        log: silentLog,
        apiUrl: first.apiUrl,
      });
      const heard: string[] = [];
      app.start(async (incoming) => {
        heard.push(incoming.kind === 'command' ? incoming.text : incoming.kind);
      });
      await vi.waitUntil(() => app.listening(), { timeout: 20_000 });
      const before = await app.identity();

      await first.stop();
      await vi.waitUntil(() => !app.listening(), { timeout: 20_000 });
      const away = await app.identity();
      const second = await startLocalSlack(demoWorkspace(), {
        port: Number(new URL(first.url).port),
      });
      await vi.waitUntil(() => app.listening(), { timeout: 30_000 });
      await second.command({ channel, user: robin, command: '/flux', text: 'again' });
      await vi.waitUntil(() => heard.length > 0, { timeout: 20_000 });
      await second.stop();
      await vi.waitUntil(() => !app.listening(), { timeout: 20_000 });
      await app.close();

      expect(heard).toEqual(['again']);
      expect(before.ok).toBe(true);
      expect(away).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    });
  },
);

describe.skipIf(localSlackBinary === undefined)(
  'Signed requests (needs local-slack-linux-x64)',
  () => {
    let bench: Bench;

    beforeAll(async () => {
      bench = await startBench('http');
    });
    afterAll(() => bench.stop());

    const send = async (secret: string, at: number, headers = {}): Promise<number> => {
      const body = new URLSearchParams({
        command: '/flux',
        text: 'status',
        team_id: demoTeam,
        user_id: robin,
        channel_id: channel,
        response_url: 'https://hooks.slack.com/x',
        trigger_id: '1.2.3',
      }).toString();
      const timestamp = String(Math.floor(at / 1_000));
      const signature = createHmac('sha256', secret)
        .update(`v0:${timestamp}:${body}`)
        .digest('hex');
      const answer = await fetch(bench.eventsUrl ?? '', {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
          ...headers,
        },
      });
      await answer.arrayBuffer();
      return answer.status;
    };

    it('takes a right signature, and names a repeated delivery by the same word', async () => {
      const first = await send(demoBot.signingSecret, Date.now());
      const again = await send(demoBot.signingSecret, Date.now(), { 'x-slack-retry-num': '1' });

      expect([first, again]).toEqual([200, 200]);
      const deliveries = bench.incoming.map(({ delivery }) => delivery);
      expect(deliveries).toEqual(['1.2.3', '1.2.3']);
    });

    it('refuses a wrong signature and one of six minutes ago', async () => {
      const heard = bench.incoming.length;

      expect(await send('another secret', Date.now())).toBe(401);
      expect(await send(demoBot.signingSecret, Date.now() - 360_000)).toBe(401);
      expect(bench.incoming).toHaveLength(heard);
    });
  },
);
