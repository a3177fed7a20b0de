import { describe, expect, it } from 'vitest';
import { durationMs } from '#src/flux/duration.ts';

describe('a duration of a spec', () => {
  it.each([
    ['1h30m', 5_400_000],
    ['10s', 10_000],
    ['1m0.5s', 60_500],
    ['250ms', 250],
  ])('reads %s', (written, ms) => {
    expect(durationMs(written)).toBe(ms);
  });

  it.each([undefined, '', '5', 'soon', '1h x'])('gives nothing for %s', (written) => {
    expect(durationMs(written)).toBeUndefined();
  });
});
