import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Bucket, type Rate, takeToken } from '#src/http/rate.ts';

const rate: Rate = { perSecond: 4, burst: 2 };

describe('a bucket of tokens', () => {
  it('is full at first, and gives one at a time', () => {
    const first = takeToken(undefined, rate, 1_000);
    expect(first).toEqual({ bucket: { tokens: 1, at: 1_000 }, waitMs: 0 });
    expect(takeToken(first.bucket, rate, 1_000)).toEqual({
      bucket: { tokens: 0, at: 1_000 },
      waitMs: 0,
    });
  });

  it('says how long to wait where there is none, and takes none then', () => {
    const empty: Bucket = { tokens: 0, at: 1_000 };
    expect(takeToken(empty, rate, 1_000)).toEqual({ bucket: empty, waitMs: 250 });
    expect(takeToken(empty, rate, 1_100)).toEqual({
      bucket: { tokens: 0.4, at: 1_100 },
      waitMs: 150,
    });
    expect(takeToken(empty, { perSecond: 3, burst: 2 }, 1_000).waitMs).toBe(334);
    expect(takeToken(empty, rate, 1_250)).toEqual({
      bucket: { tokens: 0, at: 1_250 },
      waitMs: 0,
    });
  });

  it('fills up to the burst, and not by a clock that went back', () => {
    expect(takeToken({ tokens: 0, at: 0 }, rate, 60_000).bucket.tokens).toBe(1);
    expect(takeToken({ tokens: 0, at: 5_000 }, rate, 1_000).waitMs).toBe(250);
  });

  test.prop([fc.array(fc.nat(400), { maxLength: 60 })])(
    'gives no more than the burst and what came in since',
    (pauses) => {
      let bucket: Bucket | undefined;
      let now = 0;
      let taken = 0;
      for (const pause of pauses) {
        now += pause;
        const result = takeToken(bucket, rate, now);
        bucket = result.bucket;
        taken += result.waitMs === 0 ? 1 : 0;
      }

      expect(taken).toBeLessThanOrEqual(rate.burst + (now / 1_000) * rate.perSecond + 1e-6);
    },
  );
});
