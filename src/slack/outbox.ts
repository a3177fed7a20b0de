import type { Clock, Ids } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import { type Budget, block, blockAll, type Rates, slackRates } from '#src/slack/budget.ts';
import { CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
import { createDelivery, isClean, type Outcome } from '#src/slack/deliver.ts';
import { methodOf, type PlannedMove, planMoves } from '#src/slack/plan.ts';
import type { Slack, SlackFailure } from '#src/slack/slack.ts';
import { type Fence, isStoreUnavailable, type Store } from '#src/store/store.ts';

/** Why messages do not reach a channel (`*`: any), for metrics and `/readyz`. */
export interface OutboxProblem {
  readonly channel: string;
  readonly failure: SlackFailure;
  /** ms since the epoch. */
  readonly since: number;
}

export interface OutboxOptions {
  readonly store: Store;
  readonly slack: Slack;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly rates?: Rates;
  /** Told when a channel's problem begins or changes, and (`undefined`) when it has ended. */
  readonly onProblem?: (channel: string, problem: OutboxProblem | undefined) => void;
}

export interface Outbox {
  /** Says that cards changed. A wake-up that gets lost is repaired by the next scan. */
  wake(): void;
  status(): OutboxStatus;
  /** Ends after the moves under way, and gives the lease back. */
  close(): Promise<void>;
}

export interface OutboxStatus {
  /** Whether this process is the one that writes to Slack. */
  readonly leading: boolean;
  /** Cards whose message is not yet as desired, as far as this process knows. */
  readonly behind: number;
  readonly problems: readonly OutboxProblem[];
}

const leaseName = 'outbox';
const leaseMs = 10_000;
const renewMs = 3_000;
const scanMs = 5_000;
const storeAgainMs = 1_000;
const mostBehind = 10_000;
const channelAgainMs = 60_000;
const noReplyAgainMs = 2_000;
const longestBackOffMs = 30_000;

interface Known {
  readonly card: CardRecord;
  /** The score in the index when the card was read: a new wish changes it. */
  readonly score: number;
}

/**
 * Brings Slack to what the cards should say. Any number may run on one store: one at a time holds the
 * lease and writes. Starts at once; ends with `close`.
 */
export const startOutbox = (options: OutboxOptions): Outbox => {
  const {
    store,
    slack,
    clock,
    ids,
    log,
    rates = slackRates,
    onProblem = () => undefined,
  } = options;
  const holder = ids.next();
  const known = new Map<string, Known>();
  const roots = new Map<string, string>();
  const busy = new Map<string, Promise<void>>();
  const servedAt = new Map<string, number>();
  const problems = new Map<string, OutboxProblem>();
  let budget: Budget = new Map();
  let fence: Fence | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let backOffMs = 0;
  let woken = false;
  let closing = false;
  let alarm = new AbortController();

  const wake = (): void => {
    woken = true;
    alarm.abort();
  };

  const sleepUntil = async (at: number): Promise<void> => {
    // A wake-up that came since the last sleep has aborted the alarm, and the wait ends at once.
    await clock.wait(Math.max(at - clock.now(), 0), alarm.signal);
    alarm = new AbortController();
  };

  const holdLease = async (): Promise<Fence | undefined> => {
    const lease = await store.lease(leaseName, holder, leaseMs);
    renewedAt = clock.now();
    const before = fence;
    fence = lease.held ? { lease: leaseName, token: lease.token } : undefined;
    if (before?.token !== fence?.token) {
      // Whatever was known may have been changed by somebody else since.
      known.clear();
      roots.clear();
      scannedAt = Number.NEGATIVE_INFINITY;
      log.info({ leading: fence !== undefined }, 'outbox lease changed');
    }
    return fence;
  };

  const delivery = createDelivery({ store, slack, clock, ids, holdLease });

  const readCards = async (names: readonly string[]): Promise<readonly CardRecord[]> => {
    const found = await store.readAll(names.map(cardKey));
    return found.flatMap((versioned) =>
      versioned === undefined ? [] : [CardRecord.parse(versioned.value)],
    );
  };

  const refresh = async (): Promise<void> => {
    const due = woken || clock.now() - scannedAt >= scanMs;
    if (!due) {
      return;
    }
    const everything = clock.now() - scannedAt >= scanMs;
    woken = false;
    const behind = await store.range(dirtyCards, { limit: mostBehind });
    const scores = new Map(behind.map(({ member, score }) => [member, score]));
    for (const id of known.keys()) {
      if (!scores.has(id)) {
        known.delete(id);
      }
    }
    const unread = behind.filter(
      ({ member, score }) => everything || known.get(member)?.score !== score,
    );
    for (const card of await readCards(unread.map(({ member }) => member))) {
      known.set(card.id, { card, score: scores.get(card.id) ?? card.desired.at });
    }
    scannedAt = everything ? clock.now() : scannedAt;
  };

  const findRoots = async (): Promise<void> => {
    const wanted = new Set(
      [...known.values()].flatMap(({ card }) => card.thread ?? []).filter((id) => !roots.has(id)),
    );
    for (const root of await readCards([...wanted])) {
      if (root.sent !== undefined) {
        roots.set(root.id, root.sent.ts);
      }
    }
  };

  const remember = (card: CardRecord): void => {
    if (card.sent === undefined) {
      roots.delete(card.id);
    } else {
      roots.set(card.id, card.sent.ts);
    }
    if (isClean(card)) {
      known.delete(card.id);
    } else if (known.has(card.id)) {
      known.set(card.id, { card, score: card.desired.at });
    }
  };

  const solved = (channel: string): void => {
    backOffMs = 0;
    for (const name of [channel, '*']) {
      if (problems.delete(name)) {
        onProblem(name, undefined);
      }
    }
  };

  const troubled = (channel: string, failure: SlackFailure): void => {
    const before = problems.get(channel);
    if (before?.failure.code !== failure.code) {
      const problem = { channel, failure, since: clock.now() };
      problems.set(channel, problem);
      onProblem(channel, problem);
      log.warn({ channel, failure }, 'Slack does not take messages');
    }
  };

  const learn = ({ card, move }: PlannedMove, failure: SlackFailure): void => {
    const now = clock.now();
    const { channel } = card;
    switch (failure.code) {
      case 'rate-limited':
        budget = block(budget, rates, methodOf(move), channel, now + failure.retryAfterMs);
        return;
      case 'no-reply':
        budget =
          move.kind === 'post'
            ? budget
            : block(budget, rates, methodOf(move), channel, now + noReplyAgainMs);
        return;
      case 'unreachable':
        backOffMs = Math.min(Math.max(backOffMs * 2, 1_000), longestBackOffMs);
        budget = blockAll(budget, rates, '*', now + backOffMs);
        troubled('*', failure);
        return;
      case 'token-rejected':
        budget = blockAll(budget, rates, '*', now + channelAgainMs);
        troubled('*', failure);
        return;
      case 'not-in-channel':
      case 'channel-gone':
        budget = blockAll(budget, rates, channel, now + channelAgainMs);
        troubled(channel, failure);
        return;
      case 'refused':
        log.error({ card: card.id, failure }, 'Slack refused a message');
        return;
      case 'message-gone':
        return;
      default:
        failure satisfies never;
    }
  };

  const conclude = (planned: PlannedMove, outcome: Outcome): void => {
    switch (outcome.kind) {
      case 'lease-lost':
        renewedAt = Number.NEGATIVE_INFINITY;
        return;
      case 'failed':
        remember(outcome.card);
        learn(planned, outcome.failure);
        return;
      case 'done':
        solved(planned.card.channel);
        if (outcome.card === undefined) {
          // Another write came between: read it again.
          known.delete(planned.card.id);
          woken = true;
        } else {
          remember(outcome.card);
        }
        return;
      default:
        outcome satisfies never;
    }
  };

  const start = (planned: PlannedMove): void => {
    const { channel } = planned.card;
    servedAt.set(channel, clock.now());
    const done = delivery
      .deliver(planned)
      .then((outcome) => conclude(planned, outcome))
      .catch((error: unknown) => {
        log.error({ card: planned.card.id, error }, 'outbox move failed');
        scannedAt = Number.NEGATIVE_INFINITY;
        budget = blockAll(budget, rates, channel, clock.now() + storeAgainMs);
      })
      .finally(() => {
        busy.delete(channel);
        alarm.abort();
      });
    busy.set(channel, done);
  };

  const pass = async (): Promise<void> => {
    if (clock.now() - renewedAt >= renewMs) {
      await holdLease();
    }
    if (fence === undefined) {
      woken = false;
      await sleepUntil(clock.now() + scanMs);
      return;
    }
    await refresh();
    await findRoots();
    const plan = planMoves({
      cards: [...known.values()].map(({ card }) => card),
      rootOf: (id) => roots.get(id),
      busy: new Set(busy.keys()),
      budget,
      rates,
      servedAt,
      now: clock.now(),
    });
    budget = plan.budget;
    for (const card of plan.settled) {
      known.delete(card.id);
      await delivery.settle(card.id, fence);
    }
    plan.moves.forEach(start);
    await sleepUntil(
      Math.min(plan.nextAt ?? Number.POSITIVE_INFINITY, scannedAt + scanMs, renewedAt + renewMs),
    );
  };

  const run = async (): Promise<void> => {
    while (!closing) {
      try {
        await pass();
      } catch (error) {
        const away = isStoreUnavailable(error);
        log[away ? 'warn' : 'error']({ error }, 'outbox pass failed');
        fence = undefined;
        renewedAt = Number.NEGATIVE_INFINITY;
        await clock.wait(storeAgainMs);
      }
    }
    await Promise.all(busy.values());
    await store.release(leaseName, holder).catch(() => undefined);
  };

  const running = run();

  return {
    wake,
    status: () => ({
      leading: fence !== undefined,
      behind: known.size,
      problems: [...problems.values()],
    }),
    close: async () => {
      closing = true;
      alarm.abort();
      await running;
    },
  };
};
