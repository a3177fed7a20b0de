import type { Clock } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { AnyCommand } from '#src/command/define.ts';
import type { Dispatch, Reply } from '#src/command/dispatch.ts';
import { failureView } from '#src/console/failure-view.ts';
import { type Forms, problemsOf } from '#src/console/forms.ts';
import type { ReadReply } from '#src/console/share.ts';
import type { Tell, Whereabouts } from '#src/console/tell.ts';
import { explain, type Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import type { Result } from '#src/result.ts';
import { noticeView } from '#src/slack/form-blocks.ts';
import type { FormPlace } from '#src/slack/form-place.ts';
import type { IncomingSubmit, TakeSubmit } from '#src/slack/incoming.ts';
import type { SlackView, SlackViews, SubmitAnswer } from '#src/slack/slack.ts';
import type { View } from '#src/view.ts';

export interface SubmitOptions {
  readonly dispatch: Dispatch;
  readonly commands: readonly AnyCommand[];
  readonly forms: Forms;
  readonly slack: Pick<SlackViews, 'updateView'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly identify: (incoming: IncomingSubmit) => Promise<Result<Actor, Failure>>;
  readonly isRepeat: (incoming: IncomingSubmit) => Promise<boolean>;
  /** Its command is recorded: to send it off again must not be another one. */
  readonly onRecorded: (incoming: IncomingSubmit) => Promise<void>;
  readonly refusePerson: (incoming: IncomingSubmit, failure: Failure) => Promise<void>;
  readonly tell: Tell;
  /** A read as its asker sees it in a channel. */
  readonly present: (reply: ReadReply, channel: string) => View;
  readonly watchCard: (
    where: Whereabouts,
    reply: Extract<Reply, { kind: 'queued' }>,
  ) => Promise<void>;
}

/** How long a form may be worked on before its modal says so; Slack waits three seconds. */
const patienceMs = 2_000;
/** Until Slack shows what it was just told to show: what follows must not be overwritten by it. */
const afterReplyMs = 500;
// Slack answers by such an address for 30 minutes
const responseUrlLivesMs = 25 * 60_000;

interface Settled {
  /** While Slack still waits. */
  readonly answer: SubmitAnswer;
  /** When it has stopped to wait. */
  readonly late: SlackView;
  /** What only the modal says: it is told where the form was asked for if the modal is gone by then. */
  readonly untold?: View;
  readonly afterwards?: () => Promise<void>;
}

const placeOf = (place: FormPlace) =>
  place.thread === undefined
    ? { channel: place.channel }
    : { channel: place.channel, thread: place.thread };

/**
 * Carries out forms that were sent off. Who sent it is made sure of anew, and authorised as for any other
 * request. What cannot be done is said in the modal; else it closes, and the answer goes where the form was
 * asked for. Slack is answered in time, whatever anything else does.
 */
export const createSubmit = (options: SubmitOptions): TakeSubmit => {
  const { dispatch, commands, forms, slack, clock, log, identify, isRepeat, tell, present } =
    options;

  const whereOf = (incoming: IncomingSubmit): Whereabouts => {
    const { place } = incoming.form;
    const isFresh = clock.now() - place.at < responseUrlLivesMs;
    return {
      ...placeOf(place),
      user: incoming.user,
      delivery: incoming.delivery,
      responseUrl: isFresh ? place.responseUrl : undefined,
      home: place.home,
    };
  };

  const closing = (incoming: IncomingSubmit, line: string, afterwards?: () => Promise<void>) => ({
    answer: { kind: 'close' as const },
    late: noticeView(incoming.form.command, [line]),
    ...(afterwards === undefined ? {} : { afterwards }),
  });

  const refusing = (
    { form }: IncomingSubmit,
    failure: Failure,
    actor: Actor | undefined,
  ): Settled => {
    const { what, next } = explain(failure);
    const words = `${what} ${next}`;
    const late = actor === undefined ? undefined : forms.again(form, actor, words);
    return {
      answer: forms.refuse(form, failure, actor),
      late: late ?? noticeView(form.command, [words]),
      untold: failureView(failure, undefined),
    };
  };

  const deliver = async (incoming: IncomingSubmit, view: View): Promise<Settled> => {
    if (await tell(whereOf(incoming), view)) {
      return closing(incoming, 'The answer is in the channel, for you alone.');
    }
    const late = noticeView(incoming.form.command, [
      view.summary,
      'It could not be shown in the channel: the bot may not be a member there.',
    ]);
    return { answer: { kind: 'show', view: late }, late };
  };

  const settle = async (incoming: IncomingSubmit): Promise<Settled> => {
    const [repeated, actor] = await Promise.all([isRepeat(incoming), identify(incoming)]);
    const { form } = incoming;
    if (repeated) {
      log.info({ delivery: incoming.delivery }, 'Slack repeated a form that was answered');
      return closing(incoming, 'This was answered before.');
    }
    if (!actor.ok) {
      await options.refusePerson(incoming, actor.failure);
      return refusing(incoming, actor.failure, undefined);
    }
    const command = commands.find(({ doc }) => doc.name === form.command);
    const problems = command === undefined ? {} : problemsOf(form, command);
    const issues = Object.values(problems);
    if (command !== undefined && issues.length > 0) {
      const words = issues.join(' ');
      const late = forms.again(form, actor.value, words) ?? noticeView(form.command, [words]);
      const { usage } = command.doc;
      const untold = failureView({ code: 'invalid-arguments', issues, usage }, undefined);
      return { answer: { kind: 'errors', errors: problems }, late, untold };
    }
    const reply = await dispatch({
      origin: 'form',
      actor: actor.value,
      place: placeOf(form.place),
      request: { command: form.command, input: form.input },
    });
    switch (reply.kind) {
      case 'view':
        return deliver(incoming, present(reply, form.place.channel));
      case 'failed':
        return refusing(incoming, reply.failure, actor.value);
      case 'queued':
        await options.onRecorded(incoming);
        return closing(
          incoming,
          `${reply.journal} is on its way; its card is in the channel.`,
          () => options.watchCard(whereOf(incoming), reply),
        );
      default:
        return reply satisfies never;
    }
  };

  /** The modal may have been closed while the form was worked on. */
  const showLate = async (incoming: IncomingSubmit, { late, untold }: Settled): Promise<void> => {
    const shown = await slack.updateView(incoming.viewId, late);
    if (shown.ok) {
      return;
    }
    log.warn({ failure: shown.failure }, 'the end of a form could not be shown');
    if (untold !== undefined) {
      await tell(whereOf(incoming), untold);
    }
  };

  return async (incoming, reply) => {
    const settling = settle(incoming);
    const raced = new AbortController();
    const inTime = await Promise.race([
      settling,
      clock.wait(patienceMs, raced.signal).then(() => undefined),
    ]).finally(() => raced.abort());
    if (inTime === undefined) {
      await reply({
        kind: 'show',
        view: noticeView(incoming.form.command, ['This takes longer than usual …']),
      });
      const [late] = await Promise.all([settling, clock.wait(afterReplyMs)]);
      await showLate(incoming, late);
      await late.afterwards?.();
      return;
    }
    await reply(inTime.answer);
    await inTime.afterwards?.();
  };
};
