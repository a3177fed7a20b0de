import type { Clock } from '#src/clock.ts';
import { type Bucket, type Rate, takeToken } from '#src/http/rate.ts';
import { type Refusal, tellRefusals } from '#src/http/refusals.ts';
import type { HeaderValues, WebhookKey } from '#src/http/signature.ts';
import type { Append, Webhook } from '#src/http/webhook.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';

export interface IntakeOptions {
  readonly store: Pick<Store, 'append' | 'forget'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Asked at each delivery, so that rotated keys count from the moment they are there. */
  readonly keys: () => readonly WebhookKey[];
  /** Asked at each delivery, since the configuration may change while we run. */
  readonly limits?: () => IntakeLimits;
  /** Called after something new was stored, so that it is read at once. */
  readonly taken?: () => void;
  /** Told before the sender is answered 403, of each kind now and then; the audit log keeps it. */
  readonly refused?: (refusal: Refusal) => Promise<void>;
}

export interface IntakeLimits {
  /** An event older than this when it arrives is kept as stale. */
  readonly replayWindowMs: number;
  /** Deliveries per key. */
  readonly rate: Rate;
}

export interface IntakeDelivery {
  readonly cluster: string;
  readonly headers: HeaderValues;
  readonly raw: Uint8Array;
}

export interface IntakeAnswer {
  readonly status: 202 | 400 | 401 | 403 | 413 | 415 | 429 | 503;
  readonly body: Readonly<Record<string, string | boolean>>;
  readonly retryAfterSeconds?: number;
  /** Which key signed it, for metrics. */
  readonly key?: string;
}

// a digest is needed as long as its event could come again without being stale, and clocks differ
const digestMarginMs = 3_600_000;
const forgetEveryMs = 10 * 60_000;

const defaultLimits: IntakeLimits = {
  replayWindowMs: 3_600_000,
  rate: { perSecond: 2_500, burst: 5_000 },
};

export const answerWith = (
  status: IntakeAnswer['status'],
  reason: string,
  more: Partial<IntakeAnswer> = {},
): IntakeAnswer => ({ status, body: { reason }, ...more });

const mediaType = (headers: HeaderValues): string =>
  String(headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase() ?? '';

/** What the headers alone rule out; looked at before the body is read. */
export const refuseHeaders = (headers: HeaderValues): IntakeAnswer | undefined => {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return answerWith(415, 'Send the body as it is, without Content-Encoding.');
  }
  return mediaType(headers) === 'application/json'
    ? undefined
    : answerWith(415, 'Send application/json.');
};

/**
 * Takes deliveries: verify, then parse, then store, and only then say 202. The HTTP server, a replay and
 * a simulation all feed this.
 */
export const createIntake = (options: IntakeOptions) => {
  const { store, clock, keys, limits = () => defaultLimits } = options;
  const tellRefused = tellRefusals(clock, options.refused ?? (async () => undefined));
  const buckets = new Map<string, Bucket>();

  const waitFor = (key: WebhookKey, now: number): number => {
    const { bucket, waitMs } = takeToken(buckets.get(key.id), limits().rate, now);
    buckets.set(key.id, bucket);
    return waitMs;
  };

  let forgotAt = clock.now();
  /** Lets go of digests now and then; beside the answer, since nobody waits for it. */
  const forgetOld = (appends: readonly Append[], now: number): void => {
    if (now - forgotAt < forgetEveryMs) {
      return;
    }
    forgotAt = now;
    const before = now - limits().replayWindowMs - digestMarginMs;
    for (const stream of new Set(appends.map((append) => append.stream))) {
      // where the store is away now, the next round does it
      store.forget(stream, before).catch(() => undefined);
    }
  };

  const keep = async (appends: readonly Append[]): Promise<boolean> => {
    const outcomes = await Promise.all(
      appends.map(({ stream, digest, at, value }) => store.append(stream, digest, at, value)),
    );
    return outcomes.length > 0 && outcomes.every((outcome) => outcome === 'duplicate');
  };

  const take = async (
    webhook: Webhook,
    { cluster, raw }: IntakeDelivery,
    key: WebhookKey,
    now: number,
  ): Promise<IntakeAnswer> => {
    const { replayWindowMs } = limits();
    const verdict = webhook.accept({ cluster, raw, receivedAt: now, replayWindowMs }, key);
    switch (verdict.status) {
      case 400:
        return answerWith(400, verdict.reason, { key: key.id });
      case 403:
        await tellRefused({
          webhook: webhook.name,
          key: key.id,
          cluster,
          reason: verdict.reason,
        });
        return answerWith(403, verdict.reason, { key: key.id });
      case 202: {
        const duplicate = await keep(verdict.appends);
        forgetOld(verdict.appends, now);
        if (!duplicate) {
          options.taken?.();
        }
        return { status: 202, body: { accepted: true, duplicate }, key: key.id };
      }
      default:
        return verdict satisfies never;
    }
  };

  /** @returns what to answer; never rejects because of what the sender sent or of a store that is away */
  const receive = async (webhook: Webhook, delivery: IntakeDelivery): Promise<IntakeAnswer> => {
    const key = webhook.verify(delivery.raw, delivery.headers, keys());
    if (key === undefined) {
      return answerWith(401, 'The signature is missing or of no key that is valid here.');
    }
    const now = clock.now();
    const waitMs = waitFor(key, now);
    if (waitMs > 0) {
      return answerWith(429, 'Too many deliveries with this key.', {
        key: key.id,
        retryAfterSeconds: Math.ceil(waitMs / 1_000),
      });
    }
    try {
      return await take(webhook, delivery, key, now);
    } catch (error) {
      if (isStoreUnavailable(error)) {
        return answerWith(503, 'The store is away; nothing was kept. Send it again.', {
          key: key.id,
          retryAfterSeconds: 2,
        });
      }
      throw error;
    }
  };

  return { receive };
};
export type Intake = ReturnType<typeof createIntake>;
