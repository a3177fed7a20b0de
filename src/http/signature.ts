import { createHmac, timingSafeEqual } from 'node:crypto';

/** A key that a sender signs with, and what it may speak for. */
export interface WebhookKey {
  /** A name for logs, metrics and audit; says nothing about the secret. */
  readonly id: string;
  /** As it stands in the sender's Secret, byte for byte: a trailing newline counts. */
  readonly secret: string | Uint8Array;
  readonly cluster: string;
  /** Absent: all namespaces of the cluster. */
  readonly namespaces?: readonly string[] | undefined;
}

export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

const algorithms = new Set(['sha256']);

/** Reads `<algorithm>=<hex>`; undefined for anything else and for algorithms that are not allowed. */
const parseSignature = (
  header: string | readonly string[] | undefined,
): { readonly algorithm: string; readonly digest: Buffer } | undefined => {
  const [, algorithm = '', hex = ''] =
    /^([a-z0-9]{1,16})=([0-9a-f]{64})$/i.exec(typeof header === 'string' ? header : '') ?? [];
  return algorithms.has(algorithm) ? { algorithm, digest: Buffer.from(hex, 'hex') } : undefined;
};

/**
 * The key that signed the body, as Flux's `generic-hmac` provider does; undefined when none did.
 * Every key is tried to the end and compared in constant time. An empty key signs nothing.
 * @param body - the bytes as they arrived
 * @see https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
 */
export const findSigningKey = (
  body: Uint8Array,
  header: string | readonly string[] | undefined,
  keys: readonly WebhookKey[],
): WebhookKey | undefined => {
  const signature = parseSignature(header);
  if (signature === undefined) {
    return undefined;
  }
  const matching = keys.filter(({ secret }) => {
    const digest = createHmac(signature.algorithm, secret).update(body).digest();
    return timingSafeEqual(digest, signature.digest) && secret.length > 0;
  });
  return matching[0];
};
