/** A token bucket as plain data. */
export interface Bucket {
  readonly tokens: number;
  /** ms since the epoch when `tokens` were counted. */
  readonly at: number;
}

export interface Rate {
  readonly perSecond: number;
  /** Most tokens a bucket holds. */
  readonly burst: number;
}

/**
 * Takes one token.
 * @param bucket - undefined: a full one
 * @returns the bucket afterwards, and for how long to wait (ms) where there was no token; 0 = taken
 */
export const takeToken = (
  bucket: Bucket | undefined,
  rate: Rate,
  now: number,
): { readonly bucket: Bucket; readonly waitMs: number } => {
  const since = Math.max(0, now - (bucket?.at ?? now));
  const tokens = Math.min(
    rate.burst,
    (bucket?.tokens ?? rate.burst) + (since / 1_000) * rate.perSecond,
  );
  return tokens >= 1
    ? { bucket: { tokens: tokens - 1, at: now }, waitMs: 0 }
    : { bucket: { tokens, at: now }, waitMs: Math.ceil(((1 - tokens) / rate.perSecond) * 1_000) };
};
