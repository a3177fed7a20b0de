import { createHash } from 'node:crypto';
import { z } from 'zod';
import { normaliseMessage } from '#src/flux/message.ts';

// under their API group these are notification-controller's own affair; it drops them, too
const internalKeys = new Set(['checksum', 'digest', 'token']);
const annotationGroup = 'event.toolkit.fluxcd.io';

/** Rank of a metadata key by where it comes from; what Flux's controllers say wins over annotations. */
const rankOf = (prefix: string | undefined): number => {
  if (prefix === annotationGroup) {
    return 0;
  }
  return prefix === undefined ? 1 : 2;
};

/**
 * Metadata under bare keys. notification-controller strips the prefixes, its documentation shows them
 * and other senders keep them: both forms are taken.
 */
const bareKeys = (metadata: Readonly<Record<string, unknown>>, apiVersion: string) => {
  const group = apiVersion.split('/')[0];
  const entries = Object.entries(metadata).flatMap(([key, value]) => {
    const slash = key.indexOf('/');
    const prefix = slash < 0 ? undefined : key.slice(0, slash);
    if (typeof value !== 'string') {
      return [];
    }
    if (prefix !== annotationGroup && (prefix === undefined || prefix !== group)) {
      return [{ key, value, rank: rankOf(undefined) }];
    }
    const bare = key.slice(slash + 1);
    return prefix === group && internalKeys.has(bare)
      ? []
      : [{ key: bare, value, rank: rankOf(prefix) }];
  });
  return Object.fromEntries(
    entries.toSorted((left, right) => left.rank - right.rank).map(({ key, value }) => [key, value]),
  );
};

const text = z.string().catch('');

/**
 * An event as notification-controller sends it (`generic`, `generic-hmac`); permissive about everything
 * that the product can do without. Parsing a parsed event gives the same event.
 * @see https://fluxcd.io/flux/components/notification/events/
 */
export const FluxEvent = z
  .object({
    involvedObject: z.object({
      kind: z.string().min(1).max(100),
      namespace: z.string().max(253).default(''),
      name: z.string().min(1).max(253),
      uid: text,
      apiVersion: text,
      resourceVersion: text,
    }),
    /** Flux sends `info` and `error` only. */
    severity: z.enum(['info', 'error']).catch('info'),
    /** RFC 3339, whole seconds; the one thing in a signed event that tells a replay. */
    timestamp: z
      .string()
      .max(64)
      .refine((written) => !Number.isNaN(Date.parse(written)), 'is not an RFC 3339 time'),
    message: text,
    reason: z.string().max(1_024).catch(''),
    metadata: z.record(z.string(), z.unknown()).catch({}),
    reportingController: text,
  })
  .transform((event) => ({
    ...event,
    metadata: bareKeys(event.metadata, event.involvedObject.apiVersion),
  }));
export type FluxEvent = z.output<typeof FluxEvent>;

/** When it happened, ms since the epoch by the cluster's clock, in whole seconds. */
export const eventTime = (event: FluxEvent): number => Date.parse(event.timestamp);

/** The revision it is about; failures of sources and most of HelmRelease carry none. */
export const eventRevision = (event: FluxEvent): string | undefined =>
  event.metadata['revision'] ?? event.metadata['originRevision'];

/** Flux's "still fine" after every successful pass of a Kustomization; never posted. */
export const isHeartbeat = (event: FluxEvent): boolean =>
  event.metadata['commit_status'] === 'update';

/** Names one delivery: an event that is delivered again has the same bytes, so the same digest. */
export const eventDigest = (cluster: string, body: Uint8Array): string =>
  createHash('sha256').update(cluster).update('\0').update(body).digest('hex');

/** The same for events that say the same: text that differs at each attempt is left out. */
export const semanticKey = (cluster: string, event: FluxEvent): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        cluster,
        event.involvedObject.uid,
        event.reason,
        eventRevision(event) ?? '',
        normaliseMessage(event.message),
      ]),
    )
    .digest('hex');

const futureMs = 10 * 60_000;

/**
 * Whether it is too old (a replay) or too far in the future to say anything about now.
 * @param windowMs - how old an event may be when it arrives
 */
export const isStaleEvent = (event: FluxEvent, receivedAt: number, windowMs: number): boolean => {
  const at = eventTime(event);
  return at < receivedAt - windowMs || at > receivedAt + futureMs;
};
