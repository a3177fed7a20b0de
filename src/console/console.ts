import type { Clock } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { AnyCommand, Context } from '#src/command/define.ts';
import type { Dispatch, Reply } from '#src/command/dispatch.ts';
import type { AuditFact } from '#src/command/journal.ts';
import type { Asked } from '#src/command/read-request.ts';
import { createAnswers } from '#src/console/answers.ts';
import { failureView } from '#src/console/failure-view.ts';
import { createForms, type Offered } from '#src/console/forms.ts';
import { type Identify, refusals } from '#src/console/identify.ts';
import { offersAfter } from '#src/console/offers.ts';
import { createRefusal } from '#src/console/refusal.ts';
import { createShare, shareable, whyNotShown, withInvitation } from '#src/console/share.ts';
import { createSubmit } from '#src/console/submit.ts';
import { createSubmitted } from '#src/console/submitted.ts';
import { createTell, type Whereabouts } from '#src/console/tell.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Asking, IncomingForms, IncomingNarrow } from '#src/slack/incoming.ts';
import type { Slack, SlackFailure, SlackViews } from '#src/slack/slack.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';
import { plainLine, type SayTime } from '#src/text/plain.ts';

export interface ConsoleOptions {
  readonly dispatch: Dispatch;
  readonly commands: readonly AnyCommand[];
  /** The world as one person may see it in a channel. */
  readonly contextOf: (actor: Actor, channel: string) => Context;
  readonly slack: Pick<Slack, 'respond' | 'ephemeral' | 'post'> & SlackViews;
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
  /** For the plain text of answers; see `renderMessage`. */
  readonly sayTime?: SayTime | undefined;
}

export type Converse = (incoming: Asking) => Promise<void>;

export interface Console {
  readonly converse: Converse;
  /** Takes what is done in forms; a form is answered in time, whatever the store does. */
  readonly forms: IncomingForms;
}

/** Deeds that were answered, so that one which Slack repeats is answered once; value = ms. */
export const slackDeliveries = 'slack-deliveries';
/** How long a card may take to reach its channel before we say why it does not. */
const cardPatienceMs = 3_000;

const refused = (why: string): Failure => ({ code: 'refused-person', why });

const requestOf = (incoming: Asking): Asked =>
  incoming.kind === 'click' ? incoming.request : { text: incoming.text };

const origins = { command: 'slash', mention: 'mention', click: 'button' } as const;

/**
 * Answers what people do in Slack: who asks is made sure of anew each time, the request goes through the
 * one door, and every one of them ends in an answer.
 */
export const createConsole = (options: ConsoleOptions): Console => {
  const { dispatch, commands, contextOf, slack, store, clock, log } = options;
  const { team, channelProblem, botName, onCards } = options;
  const answers = createAnswers({ store, clock, onCards });
  const share = createShare({ answers, clock, botName, channelProblem });

  const identify = async (
    incoming: Pick<Asking, 'workspace' | 'team' | 'user'>,
  ): Promise<Result<Actor, Failure>> => {
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

  const refusePerson = createRefusal({ audit: options.audit, clock, log });
  const tell = createTell({ slack, answers, log, sayTime: options.sayTime });

  /** Where the bot cannot post, whoever asked is told so, with what would have been shown. */
  const watchCard = async (where: Whereabouts, reply: Extract<Reply, { kind: 'queued' }>) => {
    const placed =
      reply.card === undefined ? undefined : await answers.placed(reply.card, cardPatienceMs);
    const failure = channelProblem(where.channel);
    if (placed?.kind === 'refused' || (placed?.kind === 'waiting' && failure !== undefined)) {
      const problem = placed.kind === 'refused' ? placed.problem : undefined;
      const title = `${reply.journal} is on its way, but cannot be shown here`;
      const why = whyNotShown(failure, problem, botName);
      await tell(where, {
        summary: `${title}: ${plainLine(why)}`,
        parts: [
          { kind: 'heading', tone: 'warning', line: [{ kind: 'bold', text: title }] },
          { kind: 'text', line: why },
          ...reply.view.parts,
        ],
      });
    }
  };

  /** An answer as its asker sees it in a channel. */
  const present = (reply: Extract<Reply, { kind: 'view' }>, channel: string) =>
    withInvitation(shareable(reply, channel), channelProblem(channel), botName);

  /** A read, where its asker wants it. */
  const answerRead = async (
    incoming: Asking,
    reply: Extract<Reply, { kind: 'view' }>,
    actor: Actor,
  ): Promise<void> => {
    const where = incoming.kind === 'click' ? incoming.request.answer : undefined;
    // what stands in the channel for all is not changed by one of them
    const replace = incoming.kind === 'click' && incoming.ephemeral && where !== undefined;
    const view =
      incoming.kind === 'click' && where === 'in-channel'
        ? await share(incoming, reply, actor)
        : present(reply, incoming.channel);
    await tell(incoming, view, replace);
  };

  const answer = async (incoming: Asking, reply: Reply, actor: Actor): Promise<void> => {
    switch (reply.kind) {
      case 'view':
        return answerRead(incoming, reply, actor);
      case 'failed': {
        const context = contextOf(actor, incoming.channel);
        const offers = offersAfter(reply.failure, requestOf(incoming), commands, context);
        await tell(incoming, failureView(reply.failure, reply.invocation, offers));
        return;
      }
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

  const isRepeat = async (incoming: Pick<Asking, 'delivery'>): Promise<boolean> => {
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

  const forms = createForms({ commands, contextOf, slack, clock, log });

  /** Whether a modal answers it: it is opened before anything that may be slow is waited for. */
  const offer = async (
    incoming: Asking,
    identifying: Promise<Result<Actor, Failure>>,
  ): Promise<Offered> => {
    if (incoming.kind === 'mention') {
      return 'unanswered';
    }
    const arrivedAt = clock.now();
    const { channel, triggerId, responseUrl } = incoming;
    const thread = incoming.kind === 'click' ? incoming.thread : undefined;
    const home = incoming.kind === 'click' && incoming.home;
    const place = { channel, thread, responseUrl, home, at: arrivedAt };
    return forms.offer({ asked: requestOf(incoming), triggerId, place, arrivedAt }, identifying);
  };

  const carryOut = async (incoming: Asking, actor: Actor, offered: Offered): Promise<void> => {
    if (offered === 'answered') {
      return;
    }
    const thread = incoming.kind === 'command' ? undefined : incoming.thread;
    const reply = await dispatch({
      origin: origins[incoming.kind],
      actor,
      place: { channel: incoming.channel, ...(thread === undefined ? {} : { thread }) },
      request: requestOf(incoming),
    });
    // what a modal has refused is audited by the refusal, and said once
    if (offered === 'unanswered' || reply.kind !== 'failed') {
      await answerOrSay(incoming, reply, actor);
    }
  };

  const converse: Converse = async (incoming) => {
    const identifying = identify(incoming);
    const [repeated, actor, offered] = await Promise.all([
      isRepeat(incoming),
      identifying,
      offer(incoming, identifying),
    ]);
    if (repeated) {
      log.info({ delivery: incoming.delivery }, 'Slack repeated a request that was answered');
      return;
    }
    if (actor.ok) {
      await carryOut(incoming, actor.value, offered);
      return;
    }
    await refusePerson(incoming, actor.failure);
    if (offered === 'unanswered') {
      await tell(incoming, failureView(actor.failure, undefined));
    }
  };

  const narrow = async (incoming: IncomingNarrow): Promise<void> => {
    const actor = await identify(incoming);
    return actor.ok ? forms.narrow(incoming, actor.value) : undefined;
  };

  const submitted = createSubmitted({ store, clock, log });
  const common = { dispatch, commands, forms, slack, clock, log };
  const submit = createSubmit({
    ...common,
    identify,
    isRepeat: async (incoming) => {
      const repeats = [isRepeat(incoming), submitted.has(incoming.viewId)];
      return (await Promise.all(repeats)).includes(true);
    },
    onRecorded: ({ viewId }) => submitted.add(viewId),
    refusePerson,
    tell,
    present,
    watchCard,
  });
  return { converse, forms: { submit, narrow } };
};
