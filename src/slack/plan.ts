import {
  availableAt,
  type Budget,
  type Rates,
  type SlackMethod,
  spend,
} from '#src/slack/budget.ts';
import type { CardRecord } from '#src/slack/card.ts';
import { type Move, nextMove, rankOf } from '#src/slack/move.ts';

/** A move that calls Slack. */
export type SlackMove = Extract<Move, { kind: 'post' | 'update' | 'remove' | 'look' | 'census' }>;

export interface PlannedMove {
  readonly card: CardRecord;
  readonly move: SlackMove;
}

export interface Plan {
  /** At most one per channel, the channels independent of each other. */
  readonly moves: readonly PlannedMove[];
  /** Cards with nothing left to do. */
  readonly settled: readonly CardRecord[];
  /** When something that is not in `moves` may become possible, in ms; undefined = not by time alone. */
  readonly nextAt: number | undefined;
  readonly budget: Budget;
}

export interface PlanInput {
  readonly cards: readonly CardRecord[];
  /** ts of the message of a card, where it is posted. */
  readonly rootOf: (card: string) => string | undefined;
  /** See `Moment` in move.ts. */
  readonly doubtfulSince: (card: CardRecord) => number;
  /**
   * Channels whose history was compared with the records. A store that lost its last writes does not know
   * of a message that is there, and nothing is posted before that is ruled out.
   */
  readonly counted: ReadonlySet<string>;
  /** Channels in which a move is under way. */
  readonly busy: ReadonlySet<string>;
  readonly budget: Budget;
  readonly rates: Rates;
  /** When a channel was last served, in ms: of equals, the one that waited longest goes first. */
  readonly servedAt: ReadonlyMap<string, number>;
  readonly now: number;
}

export const methodOf = (move: SlackMove): SlackMethod =>
  move.kind === 'look' || move.kind === 'census' ? 'history' : move.kind;

/** What to do now for all the cards that are behind, within what Slack lets us do; pure. */
export const planMoves = (input: PlanInput): Plan => {
  const { rates, now } = input;
  const decided = input.cards.map((card) => ({
    card,
    move: nextMove(card, {
      root: card.thread === undefined ? card.under : input.rootOf(card.thread),
      now,
      doubtfulSince: input.doubtfulSince(card),
    }),
  }));
  const moves: PlannedMove[] = [];
  const taken = new Set(input.busy);
  let budget = input.budget;
  let nextAt = Number.POSITIVE_INFINITY;

  for (const { card, move: wanted } of decided.filter(callsSlack).sort(byUrgency(input))) {
    if (taken.has(card.channel)) {
      continue;
    }
    const isFirst = wanted.kind === 'post' && !input.counted.has(card.channel);
    const move: SlackMove = isFirst ? { kind: 'census' } : wanted;
    const method = methodOf(move);
    const free = availableAt(budget, rates, method, card.channel, now);
    if (free > now) {
      nextAt = Math.min(nextAt, free);
      continue;
    }
    budget = spend(budget, rates, method, card.channel, now);
    taken.add(card.channel);
    moves.push({ card, move });
  }

  for (const { move } of decided) {
    nextAt = move.kind === 'wait' ? Math.min(nextAt, move.until) : nextAt;
  }
  return {
    moves,
    settled: decided.filter(({ move }) => move.kind === 'settled').map(({ card }) => card),
    nextAt: Number.isFinite(nextAt) ? nextAt : undefined,
    budget,
  };
};

const callsSlack = (decided: { card: CardRecord; move: Move }): decided is PlannedMove =>
  decided.move.kind !== 'settled' &&
  decided.move.kind !== 'wait' &&
  decided.move.kind !== 'wait-for-root';

const byUrgency =
  ({ servedAt }: PlanInput) =>
  ({ card: left }: PlannedMove, { card: right }: PlannedMove): number =>
    rankOf(left) - rankOf(right) ||
    (servedAt.get(left.channel) ?? 0) - (servedAt.get(right.channel) ?? 0) ||
    left.desired.at - right.desired.at ||
    (left.id < right.id ? -1 : 1);
