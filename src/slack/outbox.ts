import { createBell } from '#src/bell.ts';
import type { Clock, Ids } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import type { Outcome } from '#src/slack/attempt.ts';
import { createBehind } from '#src/slack/behind.ts';
import { type Budget, block, blockAll, type Rates, slackRates } from '#src/slack/budget.ts';
import { createDelivery } from '#src/slack/deliver.ts';
import { methodOf, type PlannedMove, planMoves } from '#src/slack/plan.ts';
import type { Slack, SlackFailure } from '#src/slack/slack.ts';
import { type Fence, isStoreUnavailable, type Store } from '#src/store/store.ts';
import type { SayTime } from '#src/text/plain.ts';

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
  /** For the plain text of messages; see `renderMessage`. */
  readonly sayTime?: SayTime | undefined;
  /** Told when a channel's problem begins or changes, and (`undefined`) when it has ended. */
  readonly onProblem?: (channel: string, problem: OutboxProblem | undefined) => void;
}

export interface Outbox {
  /** The store may have lost writes (a fail-over): compare it with Slack before anything is posted. */
  recount(): void;
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
const followMs = 5_000;
const storeAgainMs = 1_000;
const channelAgainMs = 60_000;
const noReplyAgainMs = 2_000;
const longestBackOffMs = 30_000;

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
    sayTime,
    onProblem = () => undefined,
  } = options;
  const holder = ids.next();
  const bell = createBell(clock);
  const behind = createBehind({ store, clock, log });
  const busy = new Map<string, Promise<void>>();
  const servedAt = new Map<string, number>();
  const problems = new Map<string, OutboxProblem>();
  const counted = new Set<string>();
  /** Channels that take messages again. */
  const back = new Set<string>();
  let budget: Budget = new Map();
  let fence: Fence | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let backOffMs = 0;
  let closing = false;

  const sleepUntil = (at: number): Promise<void> => bell.sleep(Math.max(at - clock.now(), 0));

  const holdLease = async (): Promise<Fence | undefined> => {
    const lease = await store.lease(leaseName, holder, leaseMs);
    renewedAt = clock.now();
    const before = fence;
    fence = lease.held ? { lease: leaseName, token: lease.token } : undefined;
    if (before?.token !== fence?.token) {
      // Whatever was known may have been changed by somebody else since.
      behind.forget();
      counted.clear();
      log.info({ leading: fence !== undefined }, 'outbox lease changed');
    }
    return fence;
  };

  const delivery = createDelivery({
    store,
    slack,
    clock,
    ids,
    holdLease,
    doubtfulSince: behind.doubtfulSince,
    sayTime,
  });

  const solved = (channel: string): void => {
    backOffMs = 0;
    for (const name of [channel, '*']) {
      if (problems.delete(name)) {
        onProblem(name, undefined);
        back.add(name);
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
        behind.remember(outcome.card);
        learn(planned, outcome.failure);
        return;
      case 'done':
        solved(planned.card.channel);
        if (outcome.card === undefined) {
          // Another write came between: read it again.
          behind.drop(planned.card.id);
          behind.wake();
        } else {
          behind.remember(outcome.card);
        }
        return;
      default:
        outcome satisfies never;
    }
  };

  const deliver = async (planned: PlannedMove): Promise<void> =>
    conclude(planned, await delivery.deliver(planned));

  const census = async (planned: PlannedMove): Promise<void> => {
    const outcome = await delivery.census(planned.card);
    if (outcome.kind === 'done') {
      counted.add(planned.card.channel);
      behind.forget();
    }
    conclude(planned, outcome);
  };

  const start = (planned: PlannedMove): void => {
    const { channel } = planned.card;
    servedAt.set(channel, clock.now());
    const done = (planned.move.kind === 'census' ? census(planned) : deliver(planned))
      .catch((error: unknown) => {
        const level = isStoreUnavailable(error) ? 'warn' : 'error';
        log[level]({ card: planned.card.id, error }, 'outbox move failed');
        behind.drop(planned.card.id);
        behind.wake();
        budget = blockAll(budget, rates, channel, clock.now() + storeAgainMs);
      })
      .finally(() => {
        busy.delete(channel);
        bell.ring();
      });
    busy.set(channel, done);
  };

  /** Keeps channels that take nothing from being in the way of the others. */
  const sortOut = async (held: Fence): Promise<void> => {
    for (const { channel, failure } of problems.values()) {
      if (failure.code === 'channel-gone' || failure.code === 'not-in-channel') {
        await behind.putOff(channel, held);
      }
    }
    for (const channel of back) {
      await behind.takeUp(channel, held);
      back.delete(channel);
    }
  };

  const pass = async (): Promise<void> => {
    if (clock.now() - renewedAt >= renewMs) {
      await holdLease();
    }
    if (fence === undefined) {
      await sleepUntil(clock.now() + followMs);
      return;
    }
    await behind.refresh();
    await sortOut(fence);
    const plan = planMoves({
      cards: behind.cards(),
      rootOf: behind.rootOf,
      doubtfulSince: behind.doubtfulSince,
      counted,
      busy: new Set(busy.keys()),
      budget,
      rates,
      servedAt,
      now: clock.now(),
    });
    budget = plan.budget;
    for (const card of plan.settled) {
      behind.drop(card.id);
      await delivery.settle(card.id, fence);
    }
    plan.moves.forEach(start);
    await sleepUntil(
      Math.min(plan.nextAt ?? Number.POSITIVE_INFINITY, behind.nextGlanceAt(), renewedAt + renewMs),
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
    recount: () => counted.clear(),
    wake: () => {
      behind.wake();
      bell.ring();
    },
    status: () => ({
      leading: fence !== undefined,
      behind: behind.size(),
      problems: [...problems.values()],
    }),
    close: async () => {
      closing = true;
      bell.ring();
      await running;
    },
  };
};
