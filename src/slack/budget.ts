/**
 * How much Slack lets us do, as values: one token bucket per method and channel, and a time until which
 * Slack (or a refusal) asked us to leave it alone.
 * @see https://docs.slack.dev/apis/web-api/rate-limits/
 */
export type Budget = ReadonlyMap<string, Bucket>;

interface Bucket {
  readonly tokens: number;
  /** When `tokens` was right, in ms. */
  readonly at: number;
  readonly blockedUntil: number;
}

export interface Rate {
  /** What may be done at once after a rest. */
  readonly burst: number;
  readonly perMinute: number;
}

export type SlackMethod = 'post' | 'update' | 'remove' | 'history';

/** Per method: for each channel, and for the workspace as a whole. */
export type Rates = Readonly<
  Record<SlackMethod, { readonly channel: Rate; readonly workspace: Rate }>
>;

/**
 * Slack allows about one posted message per second and channel with short bursts; chat.update and
 * chat.delete are tier 3 (50 a minute), and so is the history of an app of one's own workspace.
 */
export const slackRates: Rates = {
  post: { channel: { burst: 3, perMinute: 60 }, workspace: { burst: 20, perMinute: 600 } },
  update: { channel: { burst: 5, perMinute: 50 }, workspace: { burst: 10, perMinute: 50 } },
  remove: { channel: { burst: 5, perMinute: 50 }, workspace: { burst: 10, perMinute: 50 } },
  history: { channel: { burst: 5, perMinute: 40 }, workspace: { burst: 10, perMinute: 50 } },
};

const everywhere = '*';
const keyOf = (method: SlackMethod, channel: string): string => `${method}/${channel}`;

const keysOf = (rates: Rates, method: SlackMethod, channel: string): readonly [string, Rate][] => [
  [keyOf(method, channel), rates[method].channel],
  [keyOf(method, everywhere), rates[method].workspace],
];

const tokensAt = (bucket: Bucket | undefined, rate: Rate, now: number): number =>
  bucket === undefined
    ? rate.burst
    : Math.min(
        rate.burst,
        bucket.tokens + (Math.max(now - bucket.at, 0) * rate.perMinute) / 60_000,
      );

const freeAt = (bucket: Bucket | undefined, rate: Rate, now: number): number => {
  const missing = 1 - tokensAt(bucket, rate, now);
  // A hair of a token missing is a rounding error, and would make the wait 0 ms for ever.
  const refilled = missing > 1e-9 ? now + Math.ceil((missing * 60_000) / rate.perMinute) : now;
  return Math.max(refilled, bucket?.blockedUntil ?? 0);
};

/** The earliest time (ms) at which one call may be made; `now` where it may be made at once. */
export const availableAt = (
  budget: Budget,
  rates: Rates,
  method: SlackMethod,
  channel: string,
  now: number,
): number =>
  Math.max(
    now,
    ...keysOf(rates, method, channel).map(([key, rate]) => freeAt(budget.get(key), rate, now)),
  );

/** One call less. */
export const spend = (
  budget: Budget,
  rates: Rates,
  method: SlackMethod,
  channel: string,
  now: number,
): Budget => {
  const next = new Map(budget);
  for (const [key, rate] of keysOf(rates, method, channel)) {
    const bucket = budget.get(key);
    next.set(key, {
      tokens: Math.max(tokensAt(bucket, rate, now) - 1, 0),
      at: now,
      blockedUntil: bucket?.blockedUntil ?? 0,
    });
  }
  return next;
};

/** No call of this method in this channel before `until` (ms); `*` stands for every channel. */
export const block = (
  budget: Budget,
  rates: Rates,
  method: SlackMethod,
  channel: string,
  until: number,
): Budget => {
  const key = keyOf(method, channel);
  const rate = channel === everywhere ? rates[method].workspace : rates[method].channel;
  const bucket = budget.get(key) ?? { tokens: rate.burst, at: until, blockedUntil: 0 };
  return new Map(budget).set(key, {
    ...bucket,
    blockedUntil: Math.max(bucket.blockedUntil, until),
  });
};

/** No call at all in this channel (`*`: anywhere) before `until` (ms). */
export const blockAll = (budget: Budget, rates: Rates, channel: string, until: number): Budget =>
  (['post', 'update', 'remove', 'history'] as const).reduce(
    (blocked, method) => block(blocked, rates, method, channel, until),
    budget,
  );
