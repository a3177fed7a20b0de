import type { Clock } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Dispatch, Invocation, Reply } from '#src/command/dispatch.ts';
import { failureView } from '#src/console/failure-view.ts';
import { type Identify, refusals } from '#src/console/identify.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import type { Incoming } from '#src/slack/inbound.ts';
import type { Slack } from '#src/slack/slack.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface ConsoleOptions {
  readonly dispatch: Dispatch;
  readonly slack: Pick<Slack, 'respond' | 'ephemeral'>;
  readonly identify: Identify;
  readonly store: Pick<Store, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The workspace whose people are answered. */
  readonly team: () => string;
  /** Why messages do not reach a channel, as far as is known; see the outbox. */
  readonly channelProblem: (channel: string) => string | undefined;
  /** How people invite the bot: its name in the workspace. */
  readonly botName: string;
}

export type Console = (incoming: Incoming) => Promise<void>;

/** Deeds that were answered, so that one which Slack repeats is answered once; value = ms. */
export const slackDeliveries = 'slack-deliveries';
/** How long a card may take to reach its channel before we say why it does not. */
const cardPatienceMs = 3_000;

const refused = (why: string): Failure => ({ code: 'refused-person', why });

const requestOf = (incoming: Incoming): Invocation['request'] =>
  incoming.kind === 'click' ? incoming.request : { text: incoming.text };

const origins = { command: 'slash', mention: 'mention', click: 'button' } as const;

/**
 * Answers what people do in Slack: who asks is made sure of anew each time, the request goes through the
 * one door, and every one of them ends in an answer.
 */
export const createConsole = (options: ConsoleOptions): Console => {
  const { dispatch, slack, store, clock, log, team, channelProblem } = options;

  const identify = async (incoming: Incoming): Promise<Result<Actor, Failure>> => {
    if (incoming.workspace !== team()) {
      return fail(refused(refusals.external));
    }
    const person = await options.identify({ team: incoming.team, user: incoming.user });
    switch (person.kind) {
      case 'known':
        return ok(person.actor);
      case 'refused':
        return fail(refused(person.why));
      case 'unknown':
        return fail(refused('Slack cannot be asked who you are just now, so nothing was done.'));
      default:
        return person satisfies never;
    }
  };

  const tell = async (incoming: Incoming, view: View): Promise<void> => {
    const message = renderMessage(view);
    const responseUrl = incoming.kind === 'mention' ? undefined : incoming.responseUrl;
    const told =
      responseUrl === undefined
        ? await slack.ephemeral({
            channel: incoming.channel,
            user: incoming.user,
            ...(incoming.kind === 'mention' && incoming.thread !== undefined
              ? { thread: incoming.thread }
              : {}),
            ...message,
            card: { card: 'answer', attempt: incoming.delivery },
          })
        : await slack.respond({ responseUrl, audience: 'asker', ...message });
    if (!told.ok) {
      log.warn(
        { failure: told.failure, delivery: incoming.delivery },
        'an answer did not get through',
      );
    }
  };

  /** Where the bot cannot post, whoever asked is told so, with what would have been shown. */
  const watchCard = async (incoming: Incoming, reply: Extract<Reply, { kind: 'queued' }>) => {
    await clock.wait(cardPatienceMs);
    const problem = channelProblem(incoming.channel);
    if (problem !== undefined) {
      await tell(incoming, {
        summary: `${reply.journal} is on its way, but cannot be shown here: ${problem}`,
        parts: [
          {
            kind: 'heading',
            tone: 'warning',
            line: [
              { kind: 'bold', text: `${reply.journal} is on its way, but cannot be shown here` },
            ],
          },
          {
            kind: 'text',
            line: [`${problem} `, { kind: 'code', text: `/invite @${options.botName}` }],
          },
          ...reply.view.parts,
        ],
      });
    }
  };

  const answer = async (incoming: Incoming, reply: Reply): Promise<void> => {
    switch (reply.kind) {
      case 'view':
        return tell(incoming, reply.view);
      case 'failed':
        return tell(incoming, failureView(reply.failure, reply.invocation));
      case 'queued':
        return watchCard(incoming, reply);
      default:
        return reply satisfies never;
    }
  };

  const isRepeat = async (incoming: Incoming): Promise<boolean> => {
    try {
      return (
        (await store.append(slackDeliveries, incoming.delivery, clock.now(), clock.now())) ===
        'duplicate'
      );
    } catch (error) {
      if (isStoreUnavailable(error)) {
        // dispatch says so to the person
        return false;
      }
      throw error;
    }
  };

  return async (incoming) => {
    if (await isRepeat(incoming)) {
      log.info({ delivery: incoming.delivery }, 'Slack repeated a request that was answered');
      return;
    }
    const actor = await identify(incoming);
    if (!actor.ok) {
      log.warn({ team: incoming.team, user: incoming.user }, 'a person was refused');
      await tell(incoming, failureView(actor.failure, undefined));
      return;
    }
    const thread = incoming.kind === 'command' ? undefined : incoming.thread;
    const reply = await dispatch({
      origin: origins[incoming.kind],
      actor: actor.value,
      place: { channel: incoming.channel, ...(thread === undefined ? {} : { thread }) },
      request: requestOf(incoming),
    });
    await answer(incoming, reply);
  };
};
