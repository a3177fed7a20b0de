import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createRateGate } from '#src/git/rate-gate.ts';

const startedAt = 1_800_000_000_000;
const gateAt = () => {
  let now = startedAt;
  const gate = createRateGate({ now: () => now });
  return {
    ...gate,
    pass: (ms: number): void => {
      now += ms;
    },
  };
};

describe('the gate before a Git host', () => {
  it.each([
    ['a wait in seconds', 429, { 'retry-after': '7' }, 7_000],
    ['a second limit', 403, { 'retry-after': 120 }, 120_000],
    [
      'the end of the hour',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(startedAt / 1000 + 900) },
      900_000,
    ],
    [
      'the last request of the hour, which went well',
      200,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(startedAt / 1000 + 30) },
      30_000,
    ],
    ['a limit without a time', 429, {}, 60_000],
    [
      'a time that a wrong clock made',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' },
      3_600_000,
    ],
    ['a time that is over', 429, { 'x-ratelimit-remaining': 0, 'x-ratelimit-reset': 1 }, 1_000],
  ])('closes for %s', (_, status, headers, ms) => {
    const gate = gateAt();

    const until = gate.note(status, headers);

    expect(until).toBe(startedAt + ms);
    gate.pass(ms - 1);
    expect(gate.closedUntil()).toBe(startedAt + ms);
    gate.pass(1);
    expect(gate.closedUntil()).toBeUndefined();
  });

  it.each([
    ['an answer with requests left', 200, { 'x-ratelimit-remaining': '1' }],
    ['a refusal of the token', 403, { 'x-ratelimit-remaining': '4999' }],
    ['a server in trouble', 503, {}],
  ])('stays open for %s', (_, status, headers) => {
    const gate = gateAt();

    expect(gate.note(status, headers)).toBeUndefined();
    expect(gate.closedUntil()).toBeUndefined();
  });

  property.prop([
    fc.array(
      fc.record({
        status: fc.constantFrom(200, 403, 429, 500),
        after: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
      }),
    ),
  ])('never opens earlier for what comes later', (answers) => {
    const gate = gateAt();
    let latest = 0;

    for (const { status, after } of answers) {
      gate.note(status, { 'retry-after': after });
      expect(gate.closedUntil() ?? 0).toBeGreaterThanOrEqual(latest);
      latest = gate.closedUntil() ?? 0;
    }
  });
});
