import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  availableAt,
  type Budget,
  block,
  type Rates,
  slackRates,
  spend,
} from '#src/slack/budget.ts';

const start = 1_795_000_000_000;

/** Calls as fast as they are allowed, in some order of channels; gives when each was made. */
const callAll = (
  channels: readonly string[],
  rates: Rates,
): readonly (readonly [string, number])[] => {
  let budget: Budget = new Map();
  let now = start;
  return channels.map((channel) => {
    now = availableAt(budget, rates, 'post', channel, now);
    budget = spend(budget, rates, 'post', channel, now);
    return [channel, now];
  });
};

it('never does more in a channel than its burst and its rate allow', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('C1', 'C2'), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 10, max: 300 }),
      (channels, burst, perMinute) => {
        const channel = { burst, perMinute };
        const rates = { ...slackRates, post: { channel, workspace: slackRates.post.workspace } };
        const times = callAll(channels, rates)
          .filter(([name]) => name === 'C1')
          .map(([, at]) => at);

        times.forEach((from, index) => {
          const within = times.slice(index).filter((at) => at < from + 60_000);
          expect(within.length).toBeLessThanOrEqual(burst + perMinute + 1);
        });
      },
    ),
  );
});

it('always says a time at which the call is then allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('C1', 'C2', 'C3'), { maxLength: 40 }), (channels) => {
      let budget: Budget = new Map();
      let at = start;
      for (const channel of channels) {
        at = availableAt(budget, slackRates, 'update', channel, at);
        expect(availableAt(budget, slackRates, 'update', channel, at)).toBe(at);
        budget = spend(budget, slackRates, 'update', channel, at);
      }
    }),
  );
});

it('leaves a blocked method in a channel alone, and nothing else', () => {
  const budget = block(new Map(), slackRates, 'post', 'C1', start + 30_000);

  expect(availableAt(budget, slackRates, 'post', 'C1', start)).toBe(start + 30_000);
  expect(availableAt(budget, slackRates, 'update', 'C1', start)).toBe(start);
  expect(availableAt(budget, slackRates, 'post', 'C2', start)).toBe(start);
});
