import { fail, ok } from '#src/result.ts';
import type { OutgoingMessage, OwnMessage, Slack } from '#src/slack/slack.ts';

export interface ReplayedMessage extends OutgoingMessage {
  readonly ts: string;
}

/** A Slack that takes everything and keeps it, to see what the bot would have said. */
export interface ReplaySlack extends Slack {
  messages(): readonly ReplayedMessage[];
  counts(): { readonly posts: number; readonly updates: number; readonly threadReplies: number };
}

/** @param now - ms since the epoch */
export const createReplaySlack = (now: () => number): ReplaySlack => {
  const messages = new Map<string, ReplayedMessage>();
  let posts = 0;
  let updates = 0;
  let threadReplies = 0;
  return {
    messages: () => [...messages.values()],
    counts: () => ({ posts, updates, threadReplies }),
    post: async (message) => {
      if (message.thread === undefined) {
        posts += 1;
      } else {
        threadReplies += 1;
      }
      const count = String(posts + threadReplies).padStart(6, '0');
      const ts = `${Math.floor(now() / 1_000)}.${count}`;
      messages.set(ts, { ...message, ts });
      return ok({ channel: message.channel, ts });
    },
    update: async (message) => {
      updates += 1;
      messages.set(message.ts, message);
      return ok({ channel: message.channel, ts: message.ts });
    },
    remove: async (_, ts) => {
      messages.delete(ts);
      return ok(undefined);
    },
    ephemeral: async () => ok(undefined),
    respond: async () => ok(undefined),
    ownMessages: async ({ channel, thread }) =>
      ok(
        [...messages.values()]
          .filter((message) => message.channel === channel && message.thread === thread)
          .map(({ ts, card }): OwnMessage => ({ channel, ts, ...card })),
      ),
    publishHome: async () => ok(undefined),
    directChannel: async (user) => ok(`D${user}`),
    person: async () => fail({ code: 'refused', method: 'users.info', error: 'user_not_found' }),
    groupMembers: async () => ok([]),
    permalink: async (channel, ts) => ok(`slack://${channel}/${ts}`),
  };
};
