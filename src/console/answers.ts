import type { Clock } from '#src/clock.ts';
import { CardRecord, cardKey, desireCard } from '#src/slack/card.ts';
import type { Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

/** Cards of answers that were posted as messages of their own; score = ms of the wish. */
export const postedAnswers = 'answers/posted';

export interface PostedAnswer {
  /** Names the answer for good: the same name twice is one message. */
  readonly id: string;
  readonly channel: string;
  /** `ts` of the root of the thread that it belongs to. */
  readonly under?: string | undefined;
  /** ms; not posted after this. */
  readonly until?: number | undefined;
  readonly view: View;
}

export type Placed =
  | { readonly kind: 'shown' }
  /** Slack does not take it, in words for the operator. */
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'waiting' };

export interface Answers {
  /** Leaves it to the outbox, which posts it once, whatever happens. @returns false: it was left before */
  post(answer: PostedAnswer): Promise<boolean>;
  /** What has become of a card, once that is known or after `withinMs`. */
  placed(card: string, withinMs: number): Promise<Placed>;
}

export interface AnswersOptions {
  readonly store: Pick<Store, 'read' | 'commit'>;
  readonly clock: Clock;
  /** There is something to post. */
  readonly onCards: () => void;
}

const glanceMs = 250;

export const createAnswers = ({ store, clock, onCards }: AnswersOptions): Answers => {
  const look = async (card: string): Promise<Placed> => {
    const found = await store.read(cardKey(card));
    const record = found === undefined ? undefined : CardRecord.parse(found.value);
    if (record?.sent !== undefined) {
      return { kind: 'shown' };
    }
    return record?.problem === undefined
      ? { kind: 'waiting' }
      : { kind: 'refused', problem: record.problem };
  };

  return {
    post: async (answer) => {
      const now = clock.now();
      const card = desireCard(undefined, { ...answer, priority: 'progress' }, now);
      const written =
        card === undefined
          ? 'conflict'
          : await store.commit({
              put: [card.put],
              index: [card.index, { index: postedAnswers, member: answer.id, score: now }],
            });
      if (written === 'committed') {
        onCards();
      }
      return written === 'committed';
    },
    placed: async (card, withinMs) => {
      const until = clock.now() + withinMs;
      for (;;) {
        const placed = await look(card);
        if (placed.kind !== 'waiting' || clock.now() >= until) {
          return placed;
        }
        await clock.wait(glanceMs);
      }
    },
  };
};
