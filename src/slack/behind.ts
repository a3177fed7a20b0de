import type { Clock } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import { CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
import { isClean } from '#src/slack/card-changes.ts';
import { doubtOf } from '#src/slack/move.ts';
import type { Fence, Store } from '#src/store/store.ts';

const scanMs = 5_000;
/** Another process may have made the wish and woken itself: the list is cheap to look at. */
const glanceMs = 500;
const mostBehind = 10_000;
/** A score is a time of whoever made the wish, whose clock may be ahead of ours by not quite so much. */
const aheadMs = 30 * 60_000;
/** How many cards of a channel that takes none go on being tried; the rest is put off, for half an hour. */
const mostTried = 50;
const putOffMs = 2 * aheadMs;
const atOnce = 200;

export interface BehindOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What one process knows of the cards whose message is not as desired. Only for planning: whoever acts on
 * a card reads it again.
 */
export const createBehind = ({ store, clock, log }: BehindOptions) => {
  /** With the score in the index at the time of reading: a new wish changes it. */
  const known = new Map<string, { readonly card: CardRecord; readonly score: number }>();
  const roots = new Map<string, string>();
  /** Cards that cannot be read, with their score; they are looked at again only with everything. */
  const unreadable = new Map<string, number | undefined>();
  const doubts = new Map<string, { readonly doubt: string; readonly since: number }>();
  let woken = false;
  let glancedAt = Number.NEGATIVE_INFINITY;
  let scannedAt = Number.NEGATIVE_INFINITY;

  const readCards = async (
    names: readonly string[],
    scoreOf: (name: string) => number | undefined,
  ): Promise<readonly CardRecord[]> => {
    const found = await store.readAll(names.map(cardKey));
    return found.flatMap((versioned, index) => {
      const name = names[index] ?? '';
      const parsed = CardRecord.safeParse(versioned?.value);
      if (parsed.success) {
        unreadable.delete(name);
        return [parsed.data];
      }
      if (versioned !== undefined) {
        // once: it is met at every scan, for as long as it is there
        if (!unreadable.has(name)) {
          log.error({ card: name, error: parsed.error }, 'card cannot be read');
        }
        unreadable.set(name, scoreOf(name));
      }
      return [];
    });
  };

  const readList = async (everything: boolean): Promise<void> => {
    const upTo = clock.now() + aheadMs;
    const behind = await store.range(dirtyCards, { upTo, limit: mostBehind });
    const scores = new Map(behind.map(({ member, score }) => [member, score]));
    for (const id of known.keys()) {
      if (!scores.has(id)) {
        known.delete(id);
      }
    }
    const unread = behind
      .filter(
        ({ member, score }) =>
          everything || (known.get(member)?.score !== score && unreadable.get(member) !== score),
      )
      .map(({ member }) => member);
    for (const card of await readCards(unread, (name) => scores.get(name))) {
      known.set(card.id, { card, score: scores.get(card.id) ?? card.desired.at });
    }
  };

  const readRoots = async (): Promise<void> => {
    const wanted = new Set(
      [...known.values()].flatMap(({ card }) => card.thread ?? []).filter((id) => !roots.has(id)),
    );
    for (const root of await readCards([...wanted], () => undefined)) {
      if (root.sent !== undefined) {
        roots.set(root.id, root.sent.ts);
      }
    }
  };

  const rescore = async (
    cards: readonly CardRecord[],
    scoreOf: (card: CardRecord) => number,
    fence: Fence,
  ): Promise<void> => {
    for (let at = 0; at < cards.length; at += atOnce) {
      const part = cards.slice(at, at + atOnce);
      await store.commit({
        fence,
        // one that was wished anew meanwhile is in the list again with the next wish, or in half an hour
        index: part.map((card) => ({ index: dirtyCards, member: card.id, score: scoreOf(card) })),
      });
      for (const { id } of part) {
        known.delete(id);
      }
    }
  };

  return {
    /**
     * Puts off what waits for a channel that takes no messages, all but a few cards: one that stays archived
     * for months gathers thousands, which would be read again and again and keep others off the list.
     */
    putOff: async (channel: string, fence: Fence): Promise<void> => {
      const waiting = [...known.values()]
        .map(({ card }) => card)
        .filter((card) => card.channel === channel)
        // replies wait for their root in any case
        .sort(
          (left, right) =>
            Number(left.thread !== undefined) - Number(right.thread !== undefined) ||
            left.desired.at - right.desired.at,
        );
      const later = clock.now() + putOffMs;
      await rescore(waiting.slice(mostTried), () => later, fence);
    },

    /** The channel takes messages again: what was put off is due. */
    takeUp: async (channel: string, fence: Fence): Promise<void> => {
      const from = clock.now() + aheadMs;
      const later = await store.range(dirtyCards, { from, limit: mostBehind });
      const cards = await readCards(
        later.map(({ member }) => member),
        () => undefined,
      );
      const back = cards.filter((card) => card.channel === channel);
      await rescore(back, (card) => card.desired.at, fence);
    },

    /** Something changed: look at the list the next time. */
    wake: (): void => {
      woken = true;
    },

    /** Nothing that was known counts any more. */
    forget: (): void => {
      known.clear();
      roots.clear();
      scannedAt = Number.NEGATIVE_INFINITY;
    },

    /** Reads what is new; every five seconds everything, which repairs what a process got wrong. */
    refresh: async (): Promise<void> => {
      const everything = clock.now() - scannedAt >= scanMs;
      if (woken || everything || clock.now() - glancedAt >= glanceMs) {
        woken = false;
        glancedAt = clock.now();
        await readList(everything);
      }
      if (everything) {
        scannedAt = glancedAt;
        roots.clear();
      }
      await readRoots();
    },

    nextGlanceAt: (): number => glancedAt + glanceMs,
    cards: (): readonly CardRecord[] => [...known.values()].map(({ card }) => card),
    size: (): number => known.size,
    rootOf: (id: string): string | undefined => roots.get(id),

    /** When this process first saw the card's present doubt (ms), see `Moment` in move.ts. */
    doubtfulSince: (card: CardRecord): number => {
      const doubt = doubtOf(card);
      if (doubt === undefined) {
        return clock.now();
      }
      const before = doubts.get(card.id);
      const since = before?.doubt === doubt ? before.since : clock.now();
      doubts.set(card.id, { doubt, since });
      return since;
    },

    /** The card as it now stands in the store. */
    remember: (card: CardRecord): void => {
      if (card.sent === undefined) {
        roots.delete(card.id);
      } else {
        roots.set(card.id, card.sent.ts);
      }
      if (isClean(card)) {
        known.delete(card.id);
        doubts.delete(card.id);
      } else if (known.has(card.id)) {
        known.set(card.id, { card, score: card.desired.at });
      }
    },

    drop: (id: string): void => {
      known.delete(id);
    },
  };
};
