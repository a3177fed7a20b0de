import { createAttempts, type DeliveryPorts, type Outcome } from '#src/slack/attempt.ts';
import type { RenderedMessage } from '#src/slack/blocks.ts';
import type { CardRecord } from '#src/slack/card.ts';
import { posted, unclaimed, unsent, uprooted } from '#src/slack/card-changes.ts';
import type { CardStore, StoredCard } from '#src/slack/card-store.ts';
import type { SlackFailure } from '#src/slack/slack.ts';
import type { Fence } from '#src/store/store.ts';

/**
 * Posts a card. The record says that a post is attempted before Slack is asked, so one whose reply is lost
 * is looked for afterwards and not posted twice.
 */
export const createPosting = (ports: DeliveryPorts, cards: CardStore) => {
  const { slack, clock, ids, holdLease } = ports;
  const { write, amend } = cards;
  const { send, fail } = createAttempts(ports, cards);

  const post = async (
    stored: StoredCard,
    thread: string | undefined,
    rendered: RenderedMessage,
    fence: Fence,
  ): Promise<Outcome> => {
    const { card, version } = stored;
    const attempt = ids.next();
    const claim = { attempt, at: clock.now(), version: card.desired.version, looks: 0 };
    const claimed = await write({ ...card, claim }, version, fence);
    if (claimed !== 'committed') {
      return claimed === 'fenced' ? { kind: 'lease-lost' } : { kind: 'done', card: undefined };
    }
    const still = await holdLease();
    if (still?.token !== fence.token) {
      return { kind: 'lease-lost' };
    }
    const message = {
      channel: card.channel,
      thread,
      ...rendered,
      card: { card: card.id, attempt },
    };
    const result = await send(message, slack.post);
    return result.ok
      ? recordPost(card, claim, result.value.ts, fence)
      : postFailed({ ...card, claim }, attempt, thread, result.failure, fence);
  };

  const recordPost = async (
    card: CardRecord,
    claim: NonNullable<CardRecord['claim']>,
    ts: string,
    fence: Fence,
  ): Promise<Outcome> => {
    const recorded = await amend(
      card.id,
      (before) =>
        before.claim?.attempt === claim.attempt
          ? posted(before, { version: claim.version, ts, at: clock.now() })
          : undefined,
      fence,
    );
    if (recorded.kind === 'written') {
      return { kind: 'done', card: recorded.card };
    }
    // Somebody else holds the lease by now. If the card has another message already, ours is one too many;
    // if not, they find ours by its mark.
    const other = recorded.card?.sent?.ts;
    if (other !== undefined && other !== ts) {
      await slack.remove(card.channel, ts);
    }
    return { kind: 'lease-lost' };
  };

  const postFailed = async (
    card: CardRecord,
    attempt: string,
    thread: string | undefined,
    failure: SlackFailure,
    fence: Fence,
  ): Promise<Outcome> => {
    if (failure.code === 'no-reply') {
      // The claim stands: history tells whether Slack took it.
      return { kind: 'failed', card, failure };
    }
    if (failure.code === 'message-gone' && card.thread !== undefined) {
      await amend(
        card.thread,
        (root) => (root.sent?.ts === thread ? unsent(root) : undefined),
        fence,
      );
    }
    const gone = failure.code === 'message-gone';
    return fail(card, failure, fence, (before) => {
      if (before.claim?.attempt !== attempt) {
        return undefined;
      }
      return gone ? uprooted(unclaimed(before)) : unclaimed(before);
    });
  };

  return post;
};
