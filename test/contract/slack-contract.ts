import { beforeEach, expect, it } from 'vitest';
import { renderMessage } from '#src/slack/blocks.ts';
import type { OutgoingMessage, Slack } from '#src/slack/slack.ts';
import { cards } from '#test/fakes/cards.ts';

/** A Slack under test, with the hands that a test needs in it. */
export interface SlackUnderTest {
  readonly slack: Slack;
  /** A channel with the bot in it, and a person of the workspace. */
  readonly channel: string;
  readonly person: { readonly team: string; readonly user: string; readonly name: string };
  textsIn(channel: string): Promise<readonly string[]>;
  /** What a person's Home tab shows. */
  homeOf(user: string): Promise<unknown>;
  setChannel(state: 'joined' | 'not-joined' | 'archived'): void;
  deleteMessage(channel: string, ts: string): Promise<void>;
  /** The reply to the next post is lost after Slack has accepted it. */
  loseNextReply(): void;
  limitNextPost(seconds: number): void;
}

let attempts = 0;
const messageFor = (channel: string, text: string, thread?: string): OutgoingMessage => {
  attempts += 1;
  return {
    channel,
    thread,
    text,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }],
    card: { card: `card-${text}`, attempt: `attempt-${attempts}` },
  };
};

/** What the bot relies on; the fake and the adapter on the local Slack both keep it. */
export const slackContract = (make: () => SlackUnderTest): void => {
  let on: SlackUnderTest;
  let from: number;

  beforeEach(() => {
    on = make();
    on.setChannel('joined');
    from = Date.now() - 60_000;
  });

  const post = async (message: OutgoingMessage) => {
    const result = await on.slack.post(message);
    if (!result.ok) {
      throw new Error(JSON.stringify(result.failure));
    }
    return result.value;
  };

  it('posts, edits and removes a message', async () => {
    const posted = await post(messageFor(on.channel, 'one'));
    const edited = await on.slack.update({ ...messageFor(on.channel, 'two'), ts: posted.ts });
    const texts = await on.textsIn(on.channel);
    const removed = await on.slack.remove(on.channel, posted.ts);

    expect(edited).toEqual({ ok: true, value: posted });
    expect(texts).toContain('two');
    expect(texts).not.toContain('one');
    expect(removed.ok).toBe(true);
    expect(await on.textsIn(on.channel)).not.toContain('two');
  });

  it.each(Object.entries(cards))('takes the card %s', async (name, view) => {
    const message = messageFor(on.channel, name);

    expect(await on.slack.post({ ...message, ...renderMessage(view) })).toMatchObject({ ok: true });
  });

  it('finds our own messages by their mark: roots in the channel, replies in the thread', async () => {
    const root = messageFor(on.channel, 'root');
    const { ts } = await post(root);
    const reply = messageFor(on.channel, 'reply', ts);
    const posted = await post(reply);

    const roots = await on.slack.ownMessages({ channel: on.channel, oldest: from });
    const replies = await on.slack.ownMessages({ channel: on.channel, thread: ts, oldest: from });

    expect(roots.ok && roots.value).toContainEqual({ channel: on.channel, ts, ...root.card });
    expect(roots.ok && roots.value.map(({ card }) => card)).not.toContain(reply.card.card);
    expect(replies.ok && replies.value).toContainEqual({
      channel: on.channel,
      ts: posted.ts,
      ...reply.card,
    });
  });

  it('leaves out messages from before', async () => {
    const message = messageFor(on.channel, 'earlier');
    await post(message);

    const later = await on.slack.ownMessages({ channel: on.channel, oldest: Date.now() + 60_000 });

    expect(later).toEqual({ ok: true, value: [] });
  });

  it('says of a deleted message that it is gone', async () => {
    const { ts } = await post(messageFor(on.channel, 'short-lived'));
    await on.deleteMessage(on.channel, ts);

    const edited = await on.slack.update({ ...messageFor(on.channel, 'again'), ts });
    const removed = await on.slack.remove(on.channel, ts);

    const gone = { ok: false, failure: { code: 'message-gone', channel: on.channel, ts } };
    expect(edited).toEqual(gone);
    expect(removed).toEqual(gone);
  });

  it('cannot tell whether a post whose reply was lost has arrived, but finds it', async () => {
    const message = messageFor(on.channel, 'lost');
    on.loseNextReply();

    const result = await on.slack.post(message);
    const found = await on.slack.ownMessages({ channel: on.channel, oldest: from });

    expect(result).toMatchObject({ ok: false, failure: { code: 'no-reply' } });
    expect(found.ok && found.value.filter(({ card }) => card === message.card.card)).toHaveLength(
      1,
    );
  });

  it('passes on how long Slack asks to wait', async () => {
    on.limitNextPost(7);

    expect(await on.slack.post(messageFor(on.channel, 'too fast'))).toEqual({
      ok: false,
      failure: { code: 'rate-limited', retryAfterMs: 7_000 },
    });
  });

  it('names a channel that it is not in, and one that is archived', async () => {
    on.setChannel('not-joined');
    const outside = await on.slack.post(messageFor(on.channel, 'outside'));
    on.setChannel('archived');
    const archived = await on.slack.post(messageFor(on.channel, 'archived'));

    expect(outside).toMatchObject({
      failure: { code: 'not-in-channel', channel: on.channel },
    });
    expect(archived).toMatchObject({
      failure: { code: 'channel-gone', channel: on.channel, error: 'is_archived' },
    });
  });

  it('refuses what is over the limits', async () => {
    const block = { type: 'section', text: { type: 'mrkdwn', text: 'x' } };
    const many = Array.from({ length: 51 }, () => block);
    const blocks = await on.slack.post({ ...messageFor(on.channel, 'many'), blocks: many });
    const long = await on.slack.post({ ...messageFor(on.channel, 'x'), text: 'y'.repeat(45_001) });

    expect(blocks).toMatchObject({ failure: { code: 'refused', error: 'invalid_blocks' } });
    expect(long).toMatchObject({ failure: { code: 'refused', error: 'msg_too_long' } });
  });

  it('shows a person a Home, and refuses one that is over the limits', async () => {
    const { user } = on.person;
    const { blocks } = renderMessage({
      summary: 'x',
      parts: [{ kind: 'text', line: ['all well'] }],
    });
    const many = Array.from({ length: 101 }, () => ({ type: 'divider' }));

    expect(await on.slack.publishHome(user, blocks)).toEqual({ ok: true, value: undefined });
    expect(JSON.stringify(await on.homeOf(user))).toContain('all well');
    expect(await on.slack.publishHome(user, many)).toMatchObject({
      failure: { code: 'refused', method: 'views.publish', error: 'invalid_arguments' },
    });
    expect(JSON.stringify(await on.homeOf(user))).toContain('all well');
  });

  it('writes to one person in a conversation of their own, the same each time', async () => {
    const opened = await on.slack.directChannel(on.person.user);
    const again = await on.slack.directChannel(on.person.user);
    const channel = opened.ok ? opened.value : '';
    await post(messageFor(channel, 'between us'));

    expect(channel).toMatch(/^D/);
    expect(again).toEqual(opened);
    expect(await on.textsIn(channel)).toContain('between us');
  });

  it('knows people by name and kind, and a link to a message', async () => {
    const { team, user, name } = on.person;
    const { ts } = await post(messageFor(on.channel, 'linked'));

    expect(await on.slack.person({ team, user })).toMatchObject({
      ok: true,
      value: { team, user, name, kind: 'member' },
    });
    expect((await on.slack.person({ team, user: 'U0NOBODY' })).ok).toBe(false);
    const link = await on.slack.permalink(on.channel, ts);
    expect(link.ok && link.value).toContain(ts.replace('.', ''));
  });
};
