import { createAttempts, type DeliveryPorts, type Outcome } from '#src/slack/attempt.ts';
import { type RenderedMessage, renderMessage } from '#src/slack/blocks.ts';
import { type CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
import { edited, isClean, isTooLate, unanswered, unsent } from '#src/slack/card-changes.ts';
import { createCardStore, type StoredCard } from '#src/slack/card-store.ts';
import { afterCensus, afterLook } from '#src/slack/look.ts';
import { comesBack, nextMove } from '#src/slack/move.ts';
import type { PlannedMove, SlackMove } from '#src/slack/plan.ts';
import { createPosting } from '#src/slack/posting.ts';
import type { Fence } from '#src/store/store.ts';

const censusMs = 900_000;

/**
 * Carries out one move for one card. Truth is the record in the store: before a post it says that one is
 * attempted, afterwards which message it is; each write is a compare-and-set fenced by the lease.
 */
export const createDelivery = (ports: DeliveryPorts) => {
  const { store, slack, clock, ids, holdLease, doubtfulSince, sayTime } = ports;
  const cards = createCardStore(store);
  const { load, write, amend } = cards;
  const { send, fail } = createAttempts(ports, cards);
  const post = createPosting(ports, cards);
  const renderedOf = (card: CardRecord): RenderedMessage =>
    renderMessage(card.desired.view ?? { summary: '', parts: [] }, sayTime);
  /** Cards with an edit that was not answered, until that is written down. */
  const inDoubt = new Set<string>();

  const update = async (
    { card }: StoredCard,
    ts: string,
    rendered: RenderedMessage,
    fence: Fence,
  ): Promise<Outcome> => {
    const version = card.desired.version;
    const attempt = ids.next();
    const message = { channel: card.channel, ...rendered, card: { card: card.id, attempt } };
    const result = await send(message, (sent) => slack.update({ ...sent, ts }));
    if (result.ok) {
      const done = await amend(
        card.id,
        (before) =>
          before.sent?.ts === ts
            ? edited(inDoubt.has(card.id) ? unanswered(before) : before, {
                version,
                ts,
                at: clock.now(),
              })
            : undefined,
        fence,
      );
      inDoubt.delete(card.id);
      return done.kind === 'written' ? { kind: 'done', card: done.card } : overtaken(card.id, ts);
    }
    const { code } = result.failure;
    if (code === 'message-gone') {
      return gone(card, ts, fence);
    }
    if (code !== 'no-reply') {
      return fail(card, result.failure, fence);
    }
    inDoubt.add(card.id);
    const failed = await fail(card, result.failure, fence, (before) =>
      before.sent?.ts === ts ? unanswered(before) : before,
    );
    inDoubt.delete(card.id);
    return failed;
  };

  /** Our edit may have put an older text over that of the next holder, who does not know it. */
  const overtaken = async (id: string, ts: string): Promise<Outcome> => {
    await amend(
      id,
      (card) =>
        card.sent?.ts === ts ? { ...card, sent: { ...card.sent, version: 0 } } : undefined,
      undefined,
    );
    return { kind: 'lease-lost' };
  };

  const gone = async (card: CardRecord, ts: string, fence: Fence): Promise<Outcome> => {
    const { card: now } = await amend(
      card.id,
      (before) => {
        if (before.sent?.ts !== ts) {
          return undefined;
        }
        return comesBack(before)
          ? unsent(before)
          : { ...before, sent: { ...before.sent, version: before.desired.version } };
      },
      fence,
    );
    return { kind: 'done', card: now };
  };

  const remove = async ({ card }: StoredCard, ts: string, fence: Fence): Promise<Outcome> => {
    const result = await slack.remove(card.channel, ts);
    if (!result.ok && result.failure.code !== 'message-gone') {
      return fail(card, result.failure, fence);
    }
    const { card: now } = await amend(
      card.id,
      (before) => (before.sent?.ts === ts ? unsent(before) : undefined),
      fence,
    );
    return { kind: 'done', card: now };
  };

  const look = async (
    { card, version }: StoredCard,
    move: Extract<SlackMove, { kind: 'look' }>,
    fence: Fence,
  ): Promise<Outcome> => {
    const result = await slack.ownMessages({
      channel: card.channel,
      thread: move.thread,
      oldest: move.oldest,
    });
    if (!result.ok) {
      return fail(card, result.failure, fence);
    }
    const { card: next, extra } = afterLook(card, result.value, clock.now());
    const written = await write(next, version, fence);
    if (written !== 'committed') {
      return written === 'fenced' ? { kind: 'lease-lost' } : { kind: 'done', card: undefined };
    }
    // Only after the record says which one stays, and still under the lease; a later look finds the rest.
    for (const ts of extra) {
      if ((await holdLease())?.token !== fence.token) {
        return { kind: 'lease-lost' };
      }
      await slack.remove(card.channel, ts);
    }
    return { kind: 'done', card: next };
  };

  return {
    load,

    /** Compares the last quarter of an hour of a card's channel with the records of the cards found there. */
    census: async (card: CardRecord): Promise<Outcome> => {
      const fence = await holdLease();
      if (fence === undefined) {
        return { kind: 'lease-lost' };
      }
      const since = clock.now() - censusMs;
      const found = await slack.ownMessages({ channel: card.channel, oldest: since });
      if (!found.ok) {
        // Without the right to read history this one check is left out; posting goes on.
        return found.failure.code === 'refused'
          ? { kind: 'done', card: undefined }
          : fail(card, found.failure, fence);
      }
      for (const id of new Set(found.value.map((message) => message.card))) {
        await amend(id, (one) => afterCensus(one, found.value, since, clock.now()), fence);
      }
      return { kind: 'done', card: undefined };
    },

    /** Carries out a planned move, if it is still what the card needs. */
    deliver: async ({ card: { id }, move: planned }: PlannedMove): Promise<Outcome> => {
      const stored = await load(id);
      if (stored === undefined) {
        return { kind: 'done', card: undefined };
      }
      const { card } = stored;
      const root = card.thread === undefined ? undefined : await load(card.thread);
      const move = nextMove(card, {
        root: card.thread === undefined ? card.under : root?.card.sent?.ts,
        now: clock.now(),
        doubtfulSince: doubtfulSince(card),
      });
      if (move.kind !== planned.kind) {
        return { kind: 'done', card };
      }
      const fence = await holdLease();
      if (fence === undefined) {
        return { kind: 'lease-lost' };
      }
      switch (move.kind) {
        case 'post':
          return post(stored, move.thread, renderedOf(card), fence);
        case 'update':
          return update(stored, move.ts, renderedOf(card), fence);
        case 'remove':
          return remove(stored, move.ts, fence);
        case 'look':
          return look(stored, move, fence);
        default:
          return { kind: 'done', card };
      }
    },

    /** Takes a card off the list of those that are behind, if it is not. */
    settle: async (id: string, fence: Fence): Promise<void> => {
      const stored = await load(id);
      if (stored === undefined) {
        await store.commit({ fence, unindex: [{ index: dirtyCards, member: id }] });
        return;
      }
      if (isClean(stored.card) || isTooLate(stored.card, clock.now())) {
        await store.commit({
          fence,
          check: [{ key: cardKey(id), version: stored.version }],
          unindex: [{ index: dirtyCards, member: id }],
        });
      }
    },
  };
};
