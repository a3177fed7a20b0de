import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  abandon,
  beginStep,
  canonical,
  currentStep,
  heldByStep,
  isGenuine,
  type Journal,
  journalMac,
  planHash,
  sayTarget,
  takeOutcome,
} from '#src/command/journal.ts';
import type { Json } from '#src/store/store.ts';
import { robin } from '#test/fakes/command-bench.ts';

const key = 'signs the journals';
const plan = { targets: ['ks/data/api'], force: false };

const unsigned = {
  id: 'CMD-1',
  invocation: 'unguessable',
  command: 'reconcile',
  actor: robin,
  place: { channel: 'C1', thread: '17.1' },
  input: { object: 'ks/data/api', withSource: true },
  plan,
  planHash: planHash(plan),
  token: '2026-11-18T00:00:00.000000000Z/unguessable',
  locks: ['object-lock/apps/ks/data/api'],
  targets: [{ cluster: 'apps', namespace: 'data', object: 'ks/data/api' }],
  startedAt: 1_000,
};
const steps: Journal['steps'] = [
  { name: 'ask', state: 'pending', locks: ['a'] },
  { name: 'follow', state: 'pending', locks: ['a', 'b'] },
];
const journal: Journal = { ...unsigned, status: 'running', steps, mac: journalMac(unsigned, key) };

/** As a store gives it back: keys in another order, nothing that is undefined. */
const stored = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    return value.map(stored);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .toReversed()
          .map(([name, item]) => [name, stored(item)]),
      )
    : value;
};

describe('the record of a command', () => {
  it('is genuine as it was signed, in whatever order a store gives its parts back', () => {
    expect(isGenuine(journal, key)).toBe(true);
    expect(isGenuine(stored(journal) as Journal, key)).toBe(true);
  });

  it('is not without the key, nor with a mac of another length', () => {
    expect(isGenuine(journal, 'another key')).toBe(false);
    expect(isGenuine({ ...journal, mac: '' }, key)).toBe(false);
    expect(isGenuine({ ...journal, mac: journal.mac.slice(1) }, key)).toBe(false);
  });

  it.each<[string, Partial<Journal>]>([
    ['number', { id: 'CMD-2' }],
    ['invocation', { invocation: 'another' }],
    ['command', { command: 'rollback' }],
    ['actor', { actor: { ...robin, groups: ['S0ADMINS'] } as Journal['actor'] }],
    ['place', { place: { channel: 'C2', thread: '17.1' } }],
    ['thread', { place: { channel: 'C1' } }],
    ['input', { input: { object: 'ks/data/web', withSource: true } }],
    ['plan', { plan: { ...plan, force: true } }],
    ['plan with its hash', { plan: {}, planHash: planHash({}) }],
    ['token', { token: 'another' }],
    ['locks', { locks: [] }],
    ['targets', { targets: [] }],
    ['time', { startedAt: 999 }],
  ])('is not with another %s', (_, change) => {
    expect(isGenuine({ ...journal, ...change }, key)).toBe(false);
  });

  it('stays genuine while its steps are taken', () => {
    const begun = beginStep(journal, 0, 2_000);
    const done = takeOutcome(begun, 0, { kind: 'done', data: { revision: 'a' } }, 3_000);

    expect(isGenuine(begun, key)).toBe(true);
    expect(isGenuine(done, key)).toBe(true);
    expect(isGenuine(abandon(done, 'why', 4_000), key)).toBe(true);
  });
});

describe('JSON that is hashed', () => {
  test.prop([fc.jsonValue()])('does not depend on the order of keys', (value) => {
    expect(canonical(stored(value) as Json)).toBe(canonical(value as Json));
  });

  test.prop([fc.jsonValue()])('is the value itself', (value) => {
    expect(JSON.parse(canonical(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  it('keeps the order of lists, and writes nothing for what is undefined', () => {
    expect(canonical([2, 1, { b: null, a: [{ d: 1, c: 2 }] }])).toBe(
      '[2,1,{"a":[{"c":2,"d":1}],"b":null}]',
    );
    expect(canonical({ a: undefined, b: 1 } as unknown as Json)).toBe('{"b":1}');
  });
});

describe('the steps of a command', () => {
  it('are begun once, and forget what they waited for before', () => {
    const waiting = takeOutcome(journal, 0, { kind: 'wait', afterMs: 5, detail: ['turn'] }, 1_500);
    expect(waiting).toMatchObject({ status: 'running', steps: [{ detail: ['turn'] }, {}] });
    const begun = beginStep(waiting, 0, 2_000);

    expect(begun.steps[0]).toMatchObject({ state: 'running', startedAt: 2_000 });
    expect(begun.steps[0]?.detail).toBeUndefined();
    expect(begun.steps[1]).toEqual(steps[1]);
    expect(beginStep(begun, 0, 9_000)).toBe(begun);
    expect(currentStep(begun)).toBe(0);
  });

  it('go on with the next one when one is done, and end with the last', () => {
    const first = takeOutcome(
      beginStep(takeOutcome(journal, 0, { kind: 'wait', afterMs: 5, detail: ['…'] }, 1), 0, 2_000),
      0,
      { kind: 'done', detail: ['found'], data: { revision: 'a' } },
      3_000,
    );
    expect(first.steps[0]).toEqual({
      ...steps[0],
      state: 'done',
      startedAt: 2_000,
      endedAt: 3_000,
      detail: ['found'],
      data: { revision: 'a' },
    });
    expect(first.status).toBe('running');
    expect(currentStep(first)).toBe(1);

    const last = takeOutcome(beginStep(first, 1, 4_000), 1, { kind: 'done' }, 5_000);
    expect(last).toMatchObject({ status: 'succeeded', endedAt: 5_000 });
    expect(last).not.toHaveProperty('failure');
    expect(last.steps[1]?.detail).toBeUndefined();
    expect(currentStep(last)).toBeUndefined();
  });

  it('are not taken after one that failed, and the reason and the advice are kept', () => {
    const failed = takeOutcome(
      beginStep(journal, 0, 2_000),
      0,
      { kind: 'failed', failure: { code: 'flux', what: 'It broke.', next: 'Mend it.' } },
      3_000,
    );

    expect(failed).toMatchObject({
      status: 'failed',
      endedAt: 3_000,
      failure: 'It broke.',
      advice: 'Mend it.',
      steps: [{ state: 'failed', startedAt: 2_000, endedAt: 3_000 }, { state: 'skipped' }],
    });
  });

  it('end where they are when the command is given up', () => {
    const second = beginStep(takeOutcome(journal, 0, { kind: 'done' }, 2_000), 1, 3_000);

    expect(abandon(second, 'withdrawn', 4_000)).toMatchObject({
      status: 'failed',
      failure: 'withdrawn',
      endedAt: 4_000,
      steps: [{ state: 'done' }, { state: 'failed', endedAt: 4_000 }],
    });
    expect(abandon(journal, 'withdrawn', 4_000).steps.map(({ state }) => state)).toEqual([
      'failed',
      'skipped',
    ]);
    const over = { ...journal, steps: steps.map((step) => ({ ...step, state: 'done' as const })) };
    expect(abandon(over, 'withdrawn', 4_000).steps).toEqual(over.steps);
  });
});

describe('what the steps of a command hold', () => {
  const begun = beginStep(journal, 0, 1);
  const between = takeOutcome(begun, 0, { kind: 'done' }, 2);
  const second = beginStep(between, 1, 3);

  it('is what the present one needs, from when it begins', () => {
    expect(heldByStep(journal)).toEqual([]);
    expect(heldByStep(begun)).toEqual(['a']);
    expect(heldByStep(second)).toEqual(['a', 'b']);
  });

  it('is, before it begins, what the one before left and it needs', () => {
    expect(heldByStep(between)).toEqual(['a']);
    const without = { ...between, steps: [{ ...between.steps[0], locks: undefined }, steps[1]] };
    expect(heldByStep(without as Journal)).toEqual([]);
  });

  it('is nothing once the command has ended, and for a step that needs nothing', () => {
    expect(heldByStep({ ...second, status: 'failed' })).toEqual([]);
    expect(heldByStep(takeOutcome(second, 1, { kind: 'done' }, 4))).toEqual([]);
    expect(heldByStep({ status: 'running', steps: [{ name: 'ask', state: 'running' }] })).toEqual(
      [],
    );
  });
});

describe('a target as the audit trail names it', () => {
  it.each([
    [{ cluster: 'apps', namespace: 'data', object: 'ks/data/api' }, 'apps/ks/data/api'],
    [{ cluster: 'apps', namespace: 'data' }, 'apps/data'],
    [{ cluster: 'apps' }, 'apps'],
    [{ namespace: 'data' }, 'data'],
    [{}, ''],
  ])('of %o is %s', (target, said) => {
    expect(sayTarget(target)).toBe(said);
  });
});
