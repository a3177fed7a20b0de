import { describe, expect, it } from 'vitest';
import { ownRequest } from '#src/flux/request.ts';
import { cardKey } from '#src/slack/card.ts';
import type { Batch, Json, Store } from '#src/store/store.ts';
import type { Sabotage } from '#test/faults/replica.ts';
import { shrink } from '#test/faults/shrink.ts';
import { simulate } from '#test/faults/simulate.ts';

const changingBatch =
  (change: (batch: Batch) => Batch) =>
  (store: Store): Store => ({ ...store, commit: (batch) => store.commit(change(batch)) });

const withoutClaim = (value: Json): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { ...value, claim: undefined }
    : value;

/** Bugs as somebody might write them. */
const planted: readonly (readonly [string, Sabotage])[] = [
  [
    'a store that writes whatever stands there by now',
    {
      store: changingBatch(({ fence: _, check: __, ...batch }) => ({
        ...batch,
        put: (batch.put ?? []).map(({ key, value }) => ({ key, value })),
      })),
    },
  ],
  [
    'an outbox that does not write down that it is about to post',
    {
      store: changingBatch((batch) => ({
        ...batch,
        put: (batch.put ?? []).map((put) =>
          put.key.startsWith(cardKey('')) ? { ...put, value: withoutClaim(put.value) } : put,
        ),
      })),
    },
  ],
  ['a runner that does not see what was done before it', { hide: ownRequest }],
  [
    'an outbox that does not find its own messages',
    {
      slack: (slack) => ({ ...slack, ownMessages: async () => ({ ok: true, value: [] }) }),
    },
  ],
];

const mostTried = 40;

/** The first seed whose faults bring a bug to light. */
const firstFailing = async (sabotage: Sabotage): Promise<number | undefined> => {
  for (let seed = 1; seed <= mostTried; seed++) {
    if ((await simulate({ seed, sabotage })).violations.length > 0) {
      return seed;
    }
  }
  return undefined;
};

describe('the simulation of faults', () => {
  it.each(planted)('notices %s', async (_, sabotage) => {
    const seed = await firstFailing(sabotage);

    expect(seed).toBeDefined();
    expect((await simulate({ seed: seed ?? 0 })).violations).toEqual([]);
  });

  it('goes the same way for the same seed, and another for another', async () => {
    const first = await simulate({ seed: 3 });
    const again = await simulate({ seed: 3 });
    const other = await simulate({ seed: 4 });

    expect(again).toEqual(first);
    expect(other.trace).not.toBe(first.trace);
  });

  it('goes the same way with its faults written down', async () => {
    const drawn = await simulate({ seed: 3 });
    const written = await simulate({ seed: 3, faults: drawn.fired });

    expect(drawn.fired.length).toBeGreaterThan(0);
    expect(written).toEqual(drawn);
  });
});

describe('shrinking', () => {
  it('leaves the faults that matter', async () => {
    const fault = (at: string) => ({ at, act: { kind: 'fail' as const } });
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const run = async (faults: readonly ReturnType<typeof fault>[]) => ({
      violations: ['b', 'f'].every((name) => faults.some(({ at }) => at === name)) ? ['wrong'] : [],
      fired: faults,
      trace: '',
    });
    const failing = await run(names.map(fault));

    const least = await shrink(failing, (faults) =>
      run(faults.flatMap((one) => ('at' in one ? [fault(one.at)] : []))),
    );

    expect(least.fired).toEqual([fault('b'), fault('f')]);
  });
});
