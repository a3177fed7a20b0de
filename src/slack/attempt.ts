import type { Clock, Ids } from '#src/clock.ts';
import type { Result } from '#src/result.ts';
import type { CardRecord } from '#src/slack/card.ts';
import { problemOf } from '#src/slack/card-changes.ts';
import type { CardStore } from '#src/slack/card-store.ts';
import type { OutgoingMessage, PostedMessage, Slack, SlackFailure } from '#src/slack/slack.ts';
import type { Fence, Store } from '#src/store/store.ts';
import type { SayTime } from '#src/text/plain.ts';

export interface DeliveryPorts {
  readonly store: Store;
  readonly slack: Slack;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Renews the lease and gives its fence; undefined once somebody else holds it. */
  readonly holdLease: () => Promise<Fence | undefined>;
  /** See `Moment` in move.ts. */
  readonly doubtfulSince: (card: CardRecord) => number;
  /** For the plain text of messages; see `renderMessage`. */
  readonly sayTime?: SayTime | undefined;
}

export type Outcome =
  /** `card` as it now stands in the store, where it is known. */
  | { readonly kind: 'done'; readonly card: CardRecord | undefined }
  | { readonly kind: 'failed'; readonly card: CardRecord; readonly failure: SlackFailure }
  | { readonly kind: 'lease-lost' };

/** What every attempt at Slack for one card has in common. */
export const createAttempts = ({ clock }: DeliveryPorts, { amend }: CardStore) => {
  /** A message that Slack refuses for its blocks is sent as text alone: the news matters most. */
  const send = async (
    message: OutgoingMessage,
    call: (message: OutgoingMessage) => Promise<Result<PostedMessage, SlackFailure>>,
  ): Promise<Result<PostedMessage, SlackFailure>> => {
    const result = await call(message);
    const forBlocks = !result.ok && result.failure.code === 'refused' && message.blocks.length > 0;
    return forBlocks ? call({ ...message, blocks: [] }) : result;
  };

  const fail = async (
    card: CardRecord,
    failure: SlackFailure,
    fence: Fence,
    change: (card: CardRecord) => CardRecord | undefined = (card) => card,
  ): Promise<Outcome> => {
    const problem = problemOf(failure, clock.now());
    const { card: now } = await amend(
      card.id,
      (before) => {
        const after = change(before);
        return after === undefined || problem === undefined ? after : { ...after, ...problem };
      },
      fence,
    );
    return { kind: 'failed', card: now ?? card, failure };
  };

  return { send, fail };
};
