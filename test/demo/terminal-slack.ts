import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';

/** Something that the bot said, to everybody in a channel or to one person. */
export interface Said {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  /** The card that the message shows, where it is one. */
  readonly card: string | undefined;
  readonly how: 'new' | 'edited' | 'reply' | 'only you';
}

export interface TerminalSlack {
  readonly apiUrl: string;
  /** Sends a slash command to the bot, signed as Slack signs. @returns the HTTP status */
  type(user: string, channel: string, text: string): Promise<number>;
  close(): Promise<void>;
}

const Metadata = z.object({ event_payload: z.object({ card: z.string() }) });

const cardOf = (written: string | undefined): string | undefined => {
  const parsed = Metadata.safeParse(written === undefined ? undefined : JSON.parse(written));
  return parsed.success ? parsed.data.event_payload.card : undefined;
};

type Parameters = Readonly<Partial<Record<string, string>>>;

interface Message {
  readonly ts: string;
  readonly text: string;
  readonly thread_ts: string | undefined;
  readonly metadata: unknown;
}

/**
 * As much of Slack as the bot needs where there is no page: it takes messages and hands on slash commands.
 * @param port - its own
 * @param botUrl - where the bot takes Slack's requests
 * @param heard - told of each message
 */
export const startTerminalSlack = async (
  port: number,
  botUrl: string,
  heard: (said: Said) => void,
): Promise<TerminalSlack> => {
  const messages = new Map<string, Message[]>();
  let count = 0;

  const post = (given: Parameters): object => {
    count += 1;
    const ts = `${Math.floor(Date.now() / 1_000)}.${String(count).padStart(6, '0')}`;
    const { channel = '', text = '', thread_ts, metadata } = given;
    messages.set(channel, [
      ...(messages.get(channel) ?? []),
      { ts, text, thread_ts, metadata: metadata === undefined ? undefined : JSON.parse(metadata) },
    ]);
    const how = thread_ts === undefined ? 'new' : 'reply';
    heard({ channel, ts, text, card: cardOf(metadata), how });
    return { channel, ts };
  };

  const history = ({ channel = '', ts, oldest = '0' }: Parameters): object => ({
    messages: (messages.get(channel) ?? []).filter(
      (one) => one.thread_ts === ts && Number(one.ts) >= Number(oldest),
    ),
  });

  const methods: Readonly<Record<string, (given: Parameters) => object>> = {
    'auth.test': () => ({ team_id: demoTeam, user_id: demoBot.botUserId, bot_id: 'B0BOT' }),
    'chat.postMessage': post,
    'chat.update': ({ channel = '', ts = '', text = '', metadata }) => {
      heard({ channel, ts, text, card: cardOf(metadata), how: 'edited' });
      return { channel, ts };
    },
    'chat.delete': ({ channel = '', ts }) => {
      messages.set(
        channel,
        (messages.get(channel) ?? []).filter((one) => one.ts !== ts),
      );
      return {};
    },
    'chat.postEphemeral': ({ channel = '', text = '' }) => {
      heard({ channel, ts: '', text, card: undefined, how: 'only you' });
      return { message_ts: '' };
    },
    'conversations.history': history,
    'conversations.replies': history,
    'users.info': ({ user = '' }) => {
      const found = demoWorkspace().users.find(({ id }) => id === user);
      return { user: { ...found, team_id: demoTeam, tz: 'UTC', profile: {} } };
    },
    'chat.getPermalink': ({ channel = '', message_ts = '' }) => ({
      permalink: `http://127.0.0.1:${port}/${channel}/${message_ts}`,
    }),
  };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks).toString();
    const path = request.url ?? '';
    if (path.startsWith('/respond/')) {
      const parsed = z.object({ text: z.string().default('') }).parse(JSON.parse(body));
      heard({
        ...{ channel: path.slice('/respond/'.length), ts: '', text: parsed.text },
        ...{ card: undefined, how: 'only you' },
      });
      response.end('ok');
      return;
    }
    const method = methods[path.replace('/api/', '')];
    const answer = method?.(Object.fromEntries(new URLSearchParams(body)));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(answer ? { ok: true, ...answer } : { ok: false, error: 'unknown_method' }),
      );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    apiUrl: `http://127.0.0.1:${port}/api/`,
    type: async (user, channel, text) => {
      const [command = '', ...words] = text.split(' ');
      const form = new URLSearchParams({
        ...{ command, text: words.join(' '), team_id: demoTeam, user_id: user, user_name: user },
        ...{ channel_id: channel, channel_name: channel, api_app_id: demoBot.appId },
        ...{
          trigger_id: randomUUID(),
          token: '',
          team_domain: 'demo',
          is_enterprise_install: 'false',
        },
        response_url: `http://127.0.0.1:${port}/respond/${channel}`,
      }).toString();
      const time = String(Math.floor(Date.now() / 1_000));
      const signature = createHmac('sha256', demoBot.signingSecret)
        .update(`v0:${time}:${form}`)
        .digest('hex');
      const answer = await fetch(`${botUrl}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': time,
          'x-slack-signature': `v0=${signature}`,
        },
        body: form,
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      return answer?.status ?? 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
