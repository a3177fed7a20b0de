import { App, HTTPReceiver, SocketModeReceiver, type types } from '@slack/bolt';
import type { Clock } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { boltLogger } from '#src/slack/bolt/log.ts';
import { respond } from '#src/slack/bolt/respond.ts';
import { keepSocket } from '#src/slack/bolt/socket.ts';
import { formCallback } from '#src/slack/form-blocks.ts';
import {
  readClick,
  readCommand,
  readFormDeed,
  readHomeOpened,
  readMention,
  readShortcut,
} from '#src/slack/inbound.ts';
import type { Incoming, IncomingForms } from '#src/slack/incoming.ts';
import type { Slack, SlackFailure, SlackViews } from '#src/slack/slack.ts';
import { slackFailure } from '#src/slack/slack-failure.ts';
import { createWebSlack, Identity } from '#src/slack/web.ts';

/** How Slack reaches us: over a socket that we open, or by signed requests to our public address. */
export type SlackMode =
  | { readonly kind: 'socket'; readonly appToken: string }
  | { readonly kind: 'http'; readonly signingSecret: string };

export interface SlackAppOptions {
  readonly mode: SlackMode;
  readonly botToken: string;
  /** The root command with its slash, such as `/flux`. */
  readonly command: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends in `/api/`; Slack's own when left out. */
  readonly apiUrl?: string | undefined;
  /** Slack is asked to repeat nothing itself, so a call ends within this time. */
  readonly callTimeoutMs?: number | undefined;
}

export type SlackRequestListener = HTTPReceiver['requestListener'];

export interface SlackApp extends Slack, SlackViews {
  /** Mode http: answers `POST /slack/events`; to be mounted before anything that reads the body. */
  readonly requestListener: SlackRequestListener | undefined;
  /**
   * Begins to listen. A socket is opened in the background and again whenever it ends. Slack is told at once
   * that a request has arrived; `handle` answers by the port's verbs.
   */
  start(handle: (incoming: Incoming) => Promise<void>, forms?: IncomingForms): void;
  /** Who we are, asked anew each time; a failure says why Slack does not know us or cannot be asked. */
  identity(): Promise<Result<Identity, SlackFailure>>;
  /** Mode socket: whether the socket is open. Mode http: always. */
  listening(): boolean;
  close(): Promise<void>;
}

export const slackEventsPath = '/slack/events';

const bodyLimit = 1_048_576;
const answerTimeoutMs = 8_000;
const slackAnswers = 'hooks.slack.com';

/** Slack by Bolt. Nothing is repeated by the client itself: a post whose reply was lost may have arrived. */
export const createSlackApp = (options: SlackAppOptions): SlackApp => {
  const { mode, botToken, command, clock, log, apiUrl } = options;
  const logger = boltLogger(log);
  const address = apiUrl === undefined ? {} : { slackApiUrl: apiUrl };
  const timeout = options.callTimeoutMs ?? answerTimeoutMs;
  const receiver = createReceiver(mode, logger, { ...address, timeout });
  const app = new App({
    receiver,
    // The signature says that Slack sent it; the person is authorised by the command, not here.
    authorize: async () => ({ botToken }),
    ignoreSelf: false,
    clientOptions: {
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout,
      logger,
      ...address,
    },
    logger,
    ...(mode.kind === 'socket' ? { socketMode: true } : {}),
  });
  const call = (method: string, parameters: Readonly<Record<string, unknown>>) =>
    app.client.apiCall(method, { token: botToken, ...parameters });

  let known: Promise<Identity> | undefined;
  const askAnew = async (): Promise<Identity> => Identity.parse(await call('auth.test', {}));
  const askIdentity = (): Promise<Identity> => {
    known ??= askAnew();
    known.catch(() => {
      known = undefined;
    });
    return known;
  };

  const closing = new AbortController();
  const socket =
    receiver instanceof SocketModeReceiver
      ? keepSocket(receiver, { clock, log, closing: closing.signal })
      : undefined;
  const web = createWebSlack(call, askIdentity);

  return {
    ...web,
    // Answers go to Slack alone, or to the host that stands in for its API.
    respond: (answer) =>
      respond(
        answer,
        apiUrl === undefined ? slackAnswers : new URL(apiUrl).hostname,
        answerTimeoutMs,
      ),
    requestListener: receiver instanceof HTTPReceiver ? receiver.requestListener : undefined,
    start: (handle, forms) => {
      listen(app, command, log, handle, forms);
      listenToForms(app, log, forms);
      socket?.open();
    },
    identity: () =>
      askAnew().then(ok, (error: unknown) => fail(slackFailure(error, { method: 'auth.test' }))),
    listening: () => socket?.isOpen() ?? true,
    close: async () => {
      closing.abort();
      await socket?.close();
    },
  };
};

type Handle = (incoming: Incoming) => Promise<void>;

const listen = (
  app: App,
  command: string,
  log: Log,
  handle: Handle,
  forms: IncomingForms | undefined,
): void => {
  const take = async (incoming: Incoming | undefined): Promise<void> => {
    if (incoming === undefined) {
      log.warn({}, 'Slack sent something that is not for us');
    } else {
      await handle(incoming);
    }
  };
  app.command(command, async ({ ack, body }) => {
    await ack();
    await take(readCommand(body));
  });
  app.action({ type: 'block_actions' }, async ({ ack, body }) => {
    await ack();
    const deed = readFormDeed(body);
    await (deed?.kind === 'narrow' ? forms?.narrow(deed) : take(readClick(body)));
  });
  app.shortcut({ type: 'message_action' }, async ({ ack, body }) => {
    await ack();
    await take(readShortcut(body));
  });
  app.event('app_mention', ({ body }) => take(readMention(body)));
  app.event('app_home_opened', async ({ body }) => {
    const opened = readHomeOpened(body);
    // the other tabs of the app are none of ours
    if (opened !== undefined) {
      await handle(opened);
    }
  });
  app.error(async (error) => {
    log.error({ error }, 'handling a request from Slack failed');
  });
};

const listenToForms = (app: App, log: Log, forms: IncomingForms | undefined): void => {
  app.view({ callback_id: formCallback, type: 'view_submission' }, async ({ ack, body }) => {
    const incoming = readFormDeed(body);
    if (incoming?.kind !== 'submit' || forms === undefined) {
      log.warn({}, 'Slack sent a form that is not for us');
      await ack();
      return;
    }
    await forms.submit(incoming, async (answer) => {
      switch (answer.kind) {
        case 'close':
          return ack();
        case 'errors':
          return ack({ response_action: 'errors', errors: { ...answer.errors } });
        case 'show':
          return ack({
            response_action: 'update',
            view: answer.view as unknown as types.ModalView,
          });
        default:
          return answer satisfies never;
      }
    });
  });
};

type BoltLogger = ReturnType<typeof boltLogger>;

const createReceiver = (
  mode: SlackMode,
  logger: BoltLogger,
  address: { readonly slackApiUrl?: string; readonly timeout: number },
): SocketModeReceiver | HTTPReceiver =>
  mode.kind === 'socket'
    ? new SocketModeReceiver({
        appToken: mode.appToken,
        logger,
        // By itself it would end the process when a reconnection is refused.
        autoReconnectEnabled: false,
        installerOptions: { clientOptions: { ...address, retryConfig: { retries: 0 } } },
      })
    : new HTTPReceiver({
        signingSecret: mode.signingSecret,
        endpoints: [slackEventsPath],
        bodyLimit,
        logger,
      });
