import type { CardRecord } from '#src/slack/card.ts';
import { saySlackFailure } from '#src/slack/say-failure.ts';
import type { SlackFailure } from '#src/slack/slack.ts';

const problemAgainMs = 60_000;
const refusedAgainMs = 300_000;

/** Nothing more to do: the message is as desired (or away as desired), and no attempt is in doubt. */
export const isClean = (card: CardRecord): boolean =>
  card.claim === undefined &&
  card.suspect === undefined &&
  (card.desired.view === undefined
    ? card.sent === undefined
    : card.sent?.version === card.desired.version && card.sent.repeat === undefined);

/** Nothing of it is in Slack, and it is too late to post it. */
export const isTooLate = (card: CardRecord, now: number): boolean =>
  card.until !== undefined &&
  card.until <= now &&
  card.sent === undefined &&
  card.claim === undefined &&
  card.suspect === undefined;

/** Not in a thread whose root is gone, but in the channel. */
export const uprooted = ({ under: _, ...card }: CardRecord): CardRecord => card;

/** Without its message: it will be posted anew. */
export const unsent = ({ sent: _, ...card }: CardRecord): CardRecord => card;
/** Without the attempt under way, which is known to have failed. */
export const unclaimed = ({ claim: _, ...card }: CardRecord): CardRecord => card;

/** With an edit whose outcome is not known. */
export const unanswered = (card: CardRecord): CardRecord =>
  card.sent === undefined ? card : { ...card, sent: { ...card.sent, repeat: true } };

/** With the edit that shows `sent`; made once more where one before it is still in doubt. */
export const edited = (card: CardRecord, sent: NonNullable<CardRecord['sent']>): CardRecord => {
  const repeated = card.sent?.version === sent.version;
  return posted(card, card.sent?.repeat && !repeated ? { ...sent, repeat: true } : sent);
};

/** With the message that shows `sent`; whatever stood in its way is over. */
export const posted = (card: CardRecord, sent: NonNullable<CardRecord['sent']>): CardRecord => {
  const { claim: _, problem: __, notBefore: ___, ...rest } = card;
  return {
    ...rest,
    sent,
    // A message of an earlier attempt may still turn up: the looks start anew from here.
    ...(card.suspect === undefined || card.claim === undefined
      ? {}
      : { suspect: { ...card.suspect, from: sent.at, looks: 0 } }),
  };
};

/** What the card's record says about a refusal that time alone does not mend. */
export const problemOf = (
  failure: SlackFailure,
  now: number,
): Pick<CardRecord, 'problem' | 'notBefore'> | undefined => {
  switch (failure.code) {
    case 'not-in-channel':
    case 'channel-gone':
    case 'token-rejected':
      return { problem: saySlackFailure(failure), notBefore: now + problemAgainMs };
    case 'refused':
      return { problem: saySlackFailure(failure), notBefore: now + refusedAgainMs };
    case 'rate-limited':
    case 'no-reply':
    case 'unreachable':
    case 'message-gone':
      return undefined;
    default:
      return failure satisfies never;
  }
};
