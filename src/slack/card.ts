import { z } from 'zod';
import type { Json } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

/**
 * A message that we want Slack to show, kept level-triggered: `desired` is what it should say, `sent` the
 * version Slack was last known to show. An outbox brings the one to the other (see design: Slack is a view).
 */
export const CardRecord = z.object({
  id: z.string(),
  channel: z.string(),
  /** The card under whose message this one stands, as a reply in the thread. */
  thread: z.string().optional(),
  /** `ts` of a message under which this one stands, where no card of ours is its root. */
  under: z.string().optional(),
  /** ms; a message that is not there by then is no news any more, and is not posted. */
  until: z.number().optional(),
  priority: z.enum(['approval', 'new-incident', 'resolve', 'progress', 'digest']),
  desired: z.object({
    /** Grows with every change of the view; `view` absent = the message should not be there. */
    version: z.number(),
    view: z.custom<View>((value) => typeof value === 'object' && value !== null).optional(),
    /** ms since the epoch. */
    at: z.number(),
  }),
  sent: z
    .object({
      version: z.number(),
      ts: z.string(),
      /** ms since the epoch. */
      at: z.number(),
      /** An edit before this one was not answered and may come late, over it: it is made once more. */
      repeat: z.literal(true).optional(),
    })
    .optional(),
  /** An attempt at posting whose outcome is not known; there is none between attempts. */
  claim: z
    .object({
      attempt: z.string(),
      at: z.number(),
      /** The version that the attempt posts. */
      version: z.number(),
      /** How often Slack's history was searched for it. */
      looks: z.number(),
    })
    .optional(),
  /** More than one attempt was made: history is searched for a second message that came late. */
  suspect: z
    .object({
      /** When the first attempt was made (ms). */
      since: z.number(),
      /** When the last one was (ms); the looks are counted from here. */
      from: z.number(),
      looks: z.number(),
    })
    .optional(),
  /** Why Slack refuses it, in words for the operator; set while it does. */
  problem: z.string().optional(),
  /** Not before (ms): after a refusal or a rate limit. */
  notBefore: z.number().optional(),
});
export type CardRecord = z.infer<typeof CardRecord>;
export type CardPriority = CardRecord['priority'];

export const cardKey = (id: string): string => `card/${id}`;
/** Index of the cards whose message differs from what is desired; score = ms of the wish. */
export const dirtyCards = 'cards/dirty';
/**
 * Cards that go with nothing that is removed by itself (replies in the thread of an incident, which remembers
 * the newest only; roll-ups; what was found after an outage); score = ms of the last wish.
 */
export const looseCards = 'cards/loose';

/** The write that has a card removed in time. */
export const loose = (
  card: string,
  now: number,
): { readonly index: string; readonly member: string; readonly score: number } => ({
  index: looseCards,
  member: card,
  score: now,
});

/** What a decision wants a card to say. */
export interface CardWish {
  readonly id: string;
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly under?: string | undefined;
  readonly until?: number | undefined;
  readonly priority: CardPriority;
  /** Absent: the message should go. */
  readonly view: View | undefined;
}

export interface CardWrite {
  readonly put: { readonly key: string; readonly value: Json; readonly expect: number };
  readonly index: { readonly index: string; readonly member: string; readonly score: number };
}

/**
 * The writes that make `wish` the desired state of its card; undefined when it is so already.
 * They go into the same batch as the decision they follow from.
 * @param current - the record as it stands, with its version; undefined where there is none
 * @param now - ms since the epoch
 */
export const desireCard = (
  current: { readonly record: CardRecord; readonly version: number } | undefined,
  wish: CardWish,
  now: number,
): CardWrite | undefined => {
  const before = current?.record;
  if (before !== undefined && JSON.stringify(before.desired.view) === JSON.stringify(wish.view)) {
    return undefined;
  }
  const record: CardRecord = {
    ...before,
    id: wish.id,
    channel: wish.channel,
    ...(wish.thread === undefined ? {} : { thread: wish.thread }),
    ...(wish.under === undefined ? {} : { under: wish.under }),
    ...(wish.until === undefined ? {} : { until: wish.until }),
    priority: wish.priority,
    desired: {
      version: (before?.desired.version ?? 0) + 1,
      ...(wish.view === undefined ? {} : { view: wish.view }),
      at: now,
    },
  };
  return {
    put: { key: cardKey(wish.id), value: record as unknown as Json, expect: current?.version ?? 0 },
    index: { index: dirtyCards, member: wish.id, score: now },
  };
};
