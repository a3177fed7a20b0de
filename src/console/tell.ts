import type { Answers } from '#src/console/answers.ts';
import type { Log } from '#src/log.ts';
import { type RenderedMessage, renderMessage } from '#src/slack/blocks.ts';
import type { Asking } from '#src/slack/inbound.ts';
import type { Slack } from '#src/slack/slack.ts';
import { isStoreUnavailable } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface TellOptions {
  readonly slack: Pick<Slack, 'respond' | 'ephemeral' | 'post'>;
  readonly answers: Answers;
  readonly log: Log;
}

/** Shows something to the one who asked; `replace` puts it in the place of what was clicked. */
export type Tell = (incoming: Asking, view: View, replace?: boolean) => Promise<void>;

export const createTell = ({ slack, answers, log }: TellOptions): Tell => {
  /** To the person alone; without the store, as a message that nobody looks after. */
  const byMessage = async ({ channel, delivery }: Asking, view: View): Promise<void> => {
    const id = `answer-${delivery}@${channel}`;
    try {
      await answers.post({ id, channel, view });
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      const card = { card: id, attempt: delivery };
      await slack.post({ channel, ...renderMessage(view), card });
    }
  };

  const inPlace = (incoming: Asking, message: RenderedMessage, replace: boolean) => {
    const responseUrl = incoming.kind === 'mention' ? undefined : incoming.responseUrl;
    const thread = incoming.kind === 'command' ? undefined : incoming.thread;
    const inThread = thread === undefined ? {} : { thread };
    return responseUrl === undefined
      ? slack.ephemeral({
          channel: incoming.channel,
          user: incoming.user,
          ...inThread,
          ...message,
          card: { card: 'answer', attempt: incoming.delivery },
        })
      : slack.respond({
          responseUrl,
          audience: 'asker',
          ...message,
          ...(replace ? { replace } : inThread),
        });
  };

  return async (incoming, view, replace = false) => {
    if (incoming.kind === 'click' && incoming.home) {
      return byMessage(incoming, view);
    }
    const told = await inPlace(incoming, renderMessage(view), replace);
    if (!told.ok) {
      log.warn(
        { failure: told.failure, delivery: incoming.delivery },
        'an answer did not get through',
      );
    }
  };
};
