import type { CardRecord } from '#src/slack/card.ts';
import { claimIsLost, suspicionEnds } from '#src/slack/move.ts';
import type { OwnMessage } from '#src/slack/slack.ts';

export interface Looked {
  readonly card: CardRecord;
  /** Messages of the card that should not be there: one stays, and it is the recorded one. */
  readonly extra: readonly string[];
}

// Slack may show a message late: only a look this long after the attempt says that it is gone.
const sureAfter = 2;

/**
 * What a search of the channel's history says about a card; pure.
 * @param messages - all of our own messages since the first attempt
 * @param now - ms since the epoch
 */
export const afterLook = (
  card: CardRecord,
  messages: readonly OwnMessage[],
  now: number,
): Looked => {
  const found = messages
    .filter((message) => message.card === card.id)
    .sort((left, right) => Number(left.ts) - Number(right.ts));
  return card.claim === undefined
    ? settleSuspicion(card, found, now)
    : settleClaim(card, card.claim, found, now);
};

/**
 * What a channel's history says about a card that nothing is in doubt of: a message that its record does
 * not know is its own where it has none, and one too many where it has. Undefined where all is as recorded.
 * @param messages - our own root messages in the channel
 * @param since - how far back they go (ms)
 */
export const afterCensus = (
  card: CardRecord,
  messages: readonly OwnMessage[],
  since: number,
  now: number,
): CardRecord | undefined => {
  const found = messages
    .filter((message) => message.card === card.id)
    .sort((left, right) => Number(left.ts) - Number(right.ts));
  const [first] = found;
  const isKnown = found.every(({ ts }) => ts === card.sent?.ts);
  if (first === undefined || isKnown || card.claim !== undefined) {
    return undefined;
  }
  return {
    ...card,
    // Which text it shows is not known, so it is written anew.
    sent: card.sent ?? { version: 0, ts: first.ts, at: now },
    ...(found.length === 1 && card.sent === undefined
      ? {}
      : { suspect: { since, from: now, looks: 0 } }),
  };
};

type Claim = NonNullable<CardRecord['claim']>;

const settleClaim = (
  card: CardRecord,
  claim: Claim,
  found: readonly OwnMessage[],
  now: number,
): Looked => {
  const { claim: _, ...free } = card;
  const [first, ...extra] = found;
  if (first !== undefined) {
    return {
      card: {
        ...free,
        sent: {
          // Another attempt may have posted an older view.
          version: first.attempt === claim.attempt ? claim.version : 0,
          ts: first.ts,
          at: now,
        },
        ...(extra.length === 0 ? {} : { suspect: { since: claim.at, from: now, looks: 0 } }),
        ...(card.suspect === undefined
          ? {}
          : { suspect: { ...card.suspect, from: now, looks: 0 } }),
      },
      extra: extra.map(({ ts }) => ts),
    };
  }
  const looks = claim.looks + 1;
  return {
    card: claimIsLost(looks)
      ? { ...free, suspect: { since: card.suspect?.since ?? claim.at, from: now, looks: 0 } }
      : { ...card, claim: { ...claim, looks } },
    extra: [],
  };
};

const settleSuspicion = (card: CardRecord, found: readonly OwnMessage[], now: number): Looked => {
  const { suspect, ...calm } = card;
  if (suspect === undefined) {
    return { card, extra: [] };
  }
  const [first] = found;
  if (card.sent === undefined && first !== undefined) {
    return {
      card: {
        ...card,
        sent: { version: 0, ts: first.ts, at: now },
        suspect: { ...suspect, from: now, looks: 0 },
      },
      extra: found.slice(1).map(({ ts }) => ts),
    };
  }
  const extra = found.filter(({ ts }) => ts !== card.sent?.ts).map(({ ts }) => ts);
  const gone =
    card.sent !== undefined && suspect.looks >= sureAfter && extra.length === found.length;
  const looks = suspect.looks + 1;
  if (gone) {
    const { sent: _, ...unsent } = card;
    return { card: unsent, extra };
  }
  if (extra.length > 0) {
    return { card: { ...card, suspect: { ...suspect, from: now, looks: 0 } }, extra };
  }
  return {
    card: suspicionEnds(looks) ? calm : { ...card, suspect: { ...suspect, looks } },
    extra,
  };
};
