import type { Clock } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Dispatch, Invocation, Reply } from '#src/command/dispatch.ts';
import type { AuditFact } from '#src/command/journal.ts';
import { createAnswers } from '#src/console/answers.ts';
import { failureView } from '#src/console/failure-view.ts';
import { type Identify, refusals } from '#src/console/identify.ts';
import { createShare, shareable, whyNotShown, withInvitation } from '#src/console/share.ts';
import { createTell } from '#src/console/tell.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Asking } from '#src/slack/inbound.ts';
import type { Slack, SlackFailure } from '#src/slack/slack.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';
import { plainLine } from '#src/text/plain.ts';

export interface ConsoleOptions {
  readonly dispatch: Dispatch;
  readonly slack: Pick<Slack, 'respond' | 'ephemeral' | 'post'>;
  readonly identify: Identify;
  readonly store: Pick<Store, 'append' | 'read' | 'commit'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The workspace whose people are answered. */
  readonly team: () => string;
  /** Why messages do not reach a channel, as far as is known; see the outbox. */
  readonly channelProblem: (channel: string) => SlackFailure | undefined;
  /** Keeps facts in the audit trail. */
  readonly audit: (facts: readonly AuditFact[]) => Promise<unknown>;
  /** There is something to post. */
  readonly onCards: () => void;
  /** How people invite the bot: its name in the workspace. */
  readonly botName: string;
}

export type Console = (incoming: Asking) => Promise<void>;

/** Deeds that were answered, so that one which Slack repeats is answered once; value = ms. */
export const slackDeliveries = 'slack-deliveries';
/** How long a card may take to reach its channel before we say why it does not. */
const cardPatienceMs = 3_000;

const refused = (why: string): Failure => ({ code: 'refused-person', why });

const requestOf = (incoming: Asking): Invocation['request'] =>
  incoming.kind === 'click' ? incoming.request : { text: incoming.text };

const origins = { command: 'slash', mention: 'mention', click: 'button' } as const;

/**
 * Answers what people do in Slack: who asks is made sure of anew each time, the request goes through the
 * one door, and every one of them ends in an answer.
 */
export const createConsole = (options: ConsoleOptions): Console => {
  const { dispatch, slack, store, clock, log, team, channelProblem, botName, onCards } = options;
  const answers = createAnswers({ store, clock, onCards });
  const share = createShare({ answers, clock, botName, channelProblem });

  const identify = async (incoming: Asking): Promise<Result<Actor, Failure>> => {
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

  /** A person who gets no further than the door is in the trail too, without what was asked. */
  const auditRefused = async (incoming: Asking, failure: Failure): Promise<void> => {
    const { team: of, user, delivery } = incoming;
    const fact = {
      at: clock.now(),
      invocation: delivery,
      actor: { kind: 'slack', team: of, user, name: '', groups: [] },
      command: '',
      input: null,
      targets: [],
      detail: failure.code === 'refused-person' ? failure.why : failure.code,
    } as const;
    try {
      await options.audit([
        { ...fact, kind: 'decided', outcome: 'refused' },
        { ...fact, kind: 'settled', outcome: 'nothing done' },
      ]);
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      log.warn({ delivery }, 'a refusal could not be audited: the store does not answer');
    }
  };

  const tell = createTell({ slack, answers, log });

  /** Where the bot cannot post, whoever asked is told so, with what would have been shown. */
  const watchCard = async (incoming: Asking, reply: Extract<Reply, { kind: 'queued' }>) => {
    const placed =
      reply.card === undefined ? undefined : await answers.placed(reply.card, cardPatienceMs);
    const failure = channelProblem(incoming.channel);
    if (placed?.kind === 'refused' || (placed?.kind === 'waiting' && failure !== undefined)) {
      const problem = placed.kind === 'refused' ? placed.problem : undefined;
      const title = `${reply.journal} is on its way, but cannot be shown here`;
      const why = whyNotShown(failure, problem, botName);
      await tell(incoming, {
        summary: `${title}: ${plainLine(why)}`,
        parts: [
          { kind: 'heading', tone: 'warning', line: [{ kind: 'bold', text: title }] },
          { kind: 'text', line: why },
          ...reply.view.parts,
        ],
      });
    }
  };

  /** A read, where its asker wants it. */
  const answerRead = async (
    incoming: Asking,
    reply: Extract<Reply, { kind: 'view' }>,
    actor: Actor,
  ): Promise<void> => {
    const where = incoming.kind === 'click' ? incoming.request.answer : undefined;
    // what stands in the channel for all is not changed by one of them
    const replace = incoming.kind === 'click' && incoming.ephemeral && where !== undefined;
    if (incoming.kind === 'click' && where === 'in-channel') {
      return tell(incoming, await share(incoming, reply, actor), replace);
    }
    const view = shareable(reply, incoming.channel);
    return tell(incoming, withInvitation(view, channelProblem(incoming.channel), botName), replace);
  };

  const answer = async (incoming: Asking, reply: Reply, actor: Actor): Promise<void> => {
    switch (reply.kind) {
      case 'view':
        return answerRead(incoming, reply, actor);
      case 'failed':
        return tell(incoming, failureView(reply.failure, reply.invocation));
      case 'queued':
        return watchCard(incoming, reply);
      default:
        return reply satisfies never;
    }
  };

  /** The store may go away between the decision and its answer. */
  const answerOrSay = async (incoming: Asking, reply: Reply, actor: Actor) => {
    try {
      await answer(incoming, reply, actor);
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      log.warn({ invocation: reply.invocation }, 'the store went away while an answer was given');
      if (reply.kind === 'queued') {
        // it is recorded, and its card tells the rest
        return;
      }
      await tell(incoming, failureView({ code: 'in-doubt' }, reply.invocation));
    }
  };

  const isRepeat = async (incoming: Asking): Promise<boolean> => {
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
      await auditRefused(incoming, actor.failure);
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
    await answerOrSay(incoming, reply, actor.value);
  };
};
