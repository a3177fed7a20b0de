import type { CardPriority, CardRecord } from '#src/slack/card.ts';
import { isTooLate } from '#src/slack/card-changes.ts';

/** What brings one card's message nearer to what is desired. */
export type Move =
  | { readonly kind: 'settled' }
  /** Nothing to do before `until` (ms); `root` = until the message it stands under is there. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'wait-for-root' }
  | { readonly kind: 'post'; readonly thread: string | undefined }
  | { readonly kind: 'update'; readonly ts: string }
  | { readonly kind: 'remove'; readonly ts: string }
  /** Compare the channel's history with the records before the first post there. */
  | { readonly kind: 'census' }
  /** Search the channel's history (ms since the epoch) for our own message. */
  | { readonly kind: 'look'; readonly thread: string | undefined; readonly oldest: number };

/**
 * When history is searched after an attempt whose outcome is not known, in ms after the attempt: Slack
 * shows a message that it accepted some seconds late, so that one look would post twice.
 */
const claimLooks = [2_000, 10_000, 60_000] as const;
/** And after a further attempt, for a message of an earlier one that came even later. */
const suspectLooks = [2_000, 10_000, 60_000, 120_000] as const;

/** Slack's clock, ours and that of whoever made the attempt differ; a search too far back costs little. */
const historySlack = 330_000;

/** When an edit is made once more because one before it may come late, in ms. */
const repeatAfter = 15_000;

/** Edits of a card in progress come at most this often, so that they do not use up the budget. */
const progressEvery = 1_000;

export interface Moment {
  /** ts of the message that the card stands under, where it has one and it is posted. */
  readonly root: string | undefined;
  /** ms since the epoch, by the clock of this process. */
  readonly now: number;
  /**
   * When this process first saw the card's present doubt (see {@link doubtOf}), by its own clock: the clock
   * of whoever made the attempt decides nothing.
   */
  readonly doubtfulSince: number;
}

/**
 * The next move for a card; pure.
 */
export const nextMove = (card: CardRecord, { root, now, doubtfulSince }: Moment): Move => {
  if (isTooLate(card, now)) {
    return { kind: 'settled' };
  }
  if (card.notBefore !== undefined && card.notBefore > now) {
    return { kind: 'wait', until: card.notBefore };
  }
  if (card.claim !== undefined) {
    const due = doubtfulSince + (claimLooks[card.claim.looks] ?? claimLooks[2]);
    return lookMove(card, root, now, card.claim.at, due);
  }
  const wanted = wantedMove(card, { root, now, doubtfulSince });
  if (card.suspect === undefined || (wanted.kind !== 'settled' && wanted.kind !== 'wait')) {
    return wanted;
  }
  const due = doubtfulSince + (suspectLooks[card.suspect.looks] ?? suspectLooks[3]);
  const look = lookMove(card, root, now, card.suspect.since, due);
  return wanted.kind === 'wait' && look.kind === 'wait'
    ? { kind: 'wait', until: Math.min(wanted.until, look.until) }
    : look;
};

/** What is in doubt about a card; undefined where nothing is. The same word, the same doubt. */
export const doubtOf = ({ claim, suspect, sent }: CardRecord): string | undefined =>
  claim?.attempt ??
  (suspect === undefined ? undefined : `${suspect.since}-${suspect.from}`) ??
  (sent?.repeat === undefined ? undefined : `edit ${sent.version}`);

/** Whether the claim's message was searched for often enough to post again. */
export const claimIsLost = (looks: number): boolean => looks >= claimLooks.length;
export const suspicionEnds = (looks: number): boolean => looks >= suspectLooks.length;

const lookMove = (
  card: CardRecord,
  root: string | undefined,
  now: number,
  since: number,
  due: number,
): Move => {
  if (card.thread !== undefined && root === undefined) {
    return { kind: 'wait-for-root' };
  }
  return now < due
    ? { kind: 'wait', until: due }
    : { kind: 'look', thread: root, oldest: since - historySlack };
};

const wantedMove = (card: CardRecord, { root, now, doubtfulSince }: Moment): Move => {
  const { desired, sent } = card;
  if (desired.view === undefined) {
    return sent === undefined ? { kind: 'settled' } : { kind: 'remove', ts: sent.ts };
  }
  if (sent === undefined) {
    return card.thread !== undefined && root === undefined
      ? { kind: 'wait-for-root' }
      : { kind: 'post', thread: root };
  }
  if (sent.version === desired.version) {
    return sent.repeat === undefined
      ? { kind: 'settled' }
      : repeatMove(sent.ts, now, doubtfulSince);
  }
  // A time ahead of ours comes from another clock.
  const recent = card.priority === 'progress' && sent.at <= now;
  const earliest = recent ? sent.at + progressEvery : 0;
  return earliest > now ? { kind: 'wait', until: earliest } : { kind: 'update', ts: sent.ts };
};

const repeatMove = (ts: string, now: number, doubtfulSince: number): Move => {
  const due = doubtfulSince + repeatAfter;
  return now < due ? { kind: 'wait', until: due } : { kind: 'update', ts };
};

const ranks: Readonly<Record<CardPriority, number>> = {
  approval: 0,
  'new-incident': 1,
  resolve: 2,
  progress: 3,
  digest: 4,
};

/** What goes first where not everything can go at once; the lowest first. */
export const rankOf = (card: CardRecord): number => {
  // A root that changed before it could be posted is still the first news of it.
  const unposted = card.sent === undefined && card.thread === undefined;
  return unposted && card.priority === 'progress' ? ranks['new-incident'] : ranks[card.priority];
};

/** Whether a message that somebody deleted in Slack is posted anew. */
export const comesBack = (card: CardRecord): boolean =>
  card.priority !== 'resolve' && card.priority !== 'digest';
