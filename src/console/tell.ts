import type { Answers } from '#src/console/answers.ts';
import type { Log } from '#src/log.ts';
import { ok, type Result } from '#src/result.ts';
import { type RenderedMessage, renderMessage } from '#src/slack/blocks.ts';
import type { Slack, SlackFailure } from '#src/slack/slack.ts';
import { isStoreUnavailable } from '#src/store/store.ts';
import type { SayTime } from '#src/text/plain.ts';
import type { View } from '#src/view.ts';

export interface TellOptions {
  readonly slack: Pick<Slack, 'respond' | 'ephemeral' | 'post'>;
  readonly answers: Answers;
  readonly log: Log;
  readonly sayTime?: SayTime | undefined;
}

/** Where the answer to a deed goes; what was done in Slack is such a place itself. */
export interface Whereabouts {
  readonly delivery: string;
  readonly user: string;
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly responseUrl?: string | undefined;
  /** Asked in the Home tab: the channel is the conversation with that person. */
  readonly home?: boolean | undefined;
}

/**
 * Shows something to the one who asked; `replace` puts it in the place of what was clicked.
 * @returns whether it got through
 */
export type Tell = (where: Whereabouts, view: View, replace?: boolean) => Promise<boolean>;

export const createTell = ({ slack, answers, log, sayTime }: TellOptions): Tell => {
  /** To the person alone; without the store, as a message that nobody looks after. */
  const byMessage = async (
    { channel, delivery }: Whereabouts,
    view: View,
  ): Promise<Result<unknown, SlackFailure>> => {
    const id = `answer-${delivery}@${channel}`;
    try {
      // the outbox brings it there in the end
      return ok(await answers.post({ id, channel, view }));
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      const card = { card: id, attempt: delivery };
      return slack.post({ channel, ...renderMessage(view, sayTime), card });
    }
  };

  const inPlace = (where: Whereabouts, message: RenderedMessage, replace: boolean) => {
    const { responseUrl, thread } = where;
    const inThread = thread === undefined ? {} : { thread };
    return responseUrl === undefined
      ? slack.ephemeral({
          channel: where.channel,
          user: where.user,
          ...inThread,
          ...message,
          card: { card: 'answer', attempt: where.delivery },
        })
      : slack.respond({
          responseUrl,
          audience: 'asker',
          ...message,
          ...(replace ? { replace } : inThread),
        });
  };

  return async (where, view, replace = false) => {
    const told = await (where.home === true
      ? byMessage(where, view)
      : inPlace(where, renderMessage(view, sayTime), replace));
    if (!told.ok) {
      log.warn(
        { failure: told.failure, delivery: where.delivery },
        'an answer did not get through',
      );
    }
    return told.ok;
  };
};
