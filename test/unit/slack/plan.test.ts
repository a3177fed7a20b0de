import { describe, expect, it } from 'vitest';
import { availableAt, block, blockAll, slackRates, spend } from '#src/slack/budget.ts';
import type { CardRecord } from '#src/slack/card.ts';
import { type PlanInput, planMoves } from '#src/slack/plan.ts';
import { cardRecord, claim, start, unposted } from '#test/fakes/card-records.ts';

const plan = (cards: readonly CardRecord[], change: Partial<PlanInput> = {}) =>
  planMoves({
    cards,
    rootOf: () => undefined,
    doubtfulSince: () => start,
    counted: new Set(['C1', 'C2']),
    busy: new Set(),
    budget: new Map(),
    rates: slackRates,
    servedAt: new Map(),
    now: start,
    ...change,
  });

const moves = (cards: readonly CardRecord[], change: Partial<PlanInput> = {}) =>
  plan(cards, change).moves.map(({ card, move }) => `${move.kind} ${card.id}`);

const at = (ms: number) => ({ ...cardRecord().desired, at: start + ms });

describe('a plan', () => {
  it('is one move in each channel that nothing is under way in', () => {
    const cards = [
      unposted({ id: 'a' }),
      unposted({ id: 'b' }),
      unposted({ id: 'c', channel: 'C2' }),
    ];
    expect(moves(cards)).toEqual(['post a', 'post c']);
    expect(moves(cards, { busy: new Set(['C1']) })).toEqual(['post c']);
  });

  it('begins with what is most urgent, then the channel that waited longest, then the oldest', () => {
    const urgent = [
      unposted({ id: 'a', priority: 'digest' }),
      unposted({ id: 'b', priority: 'new-incident' }),
    ];
    expect(moves(urgent)).toEqual(['post b']);

    const channels = [unposted({ id: 'a' }), unposted({ id: 'b', channel: 'C2' })];
    const servedAt = new Map([
      ['C1', start - 1],
      ['C2', start - 2],
    ]);
    expect(moves(channels, { servedAt })).toEqual(['post b', 'post a']);
    expect(moves(channels, { servedAt: new Map([['C1', start]]) })).toEqual(['post b', 'post a']);

    expect(moves([unposted({ id: 'a', desired: at(1) }), unposted({ id: 'b' })])).toEqual([
      'post b',
    ]);
    expect(moves([unposted({ id: 'b' }), unposted({ id: 'a' })])).toEqual(['post a']);
  });

  it('compares a channel with the records before the first post there, and only then', () => {
    expect(moves([unposted({ id: 'a' })], { counted: new Set() })).toEqual(['census a']);
    const edit = cardRecord({
      id: 'a',
      priority: 'resolve',
      desired: { ...cardRecord().desired, version: 2 },
    });
    expect(moves([edit], { counted: new Set() })).toEqual(['update a']);
  });

  it('stands under the message of its root, or under another one', () => {
    const reply = unposted({ id: 'a', thread: 'root' });
    expect(plan([reply]).moves).toEqual([]);
    const found = plan([reply], { rootOf: (id) => (id === 'root' ? '16.9' : undefined) });
    expect(found.moves).toMatchObject([{ move: { kind: 'post', thread: '16.9' } }]);
    const under = plan([unposted({ id: 'a', under: '15.1' })], { rootOf: () => '16.9' });
    expect(under.moves).toMatchObject([{ move: { kind: 'post', thread: '15.1' } }]);
  });

  it('names what needs nothing any more', () => {
    const done = cardRecord({ id: 'done' });
    expect(plan([done, unposted({ id: 'a' })]).settled).toEqual([done]);
  });

  it('says when more becomes possible', () => {
    expect(plan([]).nextAt).toBeUndefined();
    expect(plan([unposted({ thread: 'root' })]).nextAt).toBeUndefined();
    const doubtful = unposted({ id: 'a', claim: claim() });
    const later = unposted({ id: 'b', channel: 'C2', notBefore: start + 900 });
    expect(plan([doubtful]).nextAt).toBe(start + 2_000);
    expect(plan([doubtful, later]).nextAt).toBe(start + 900);
    expect(plan([later, doubtful]).nextAt).toBe(start + 900);
  });

  it('spends the budget, and waits where it is spent', () => {
    const cards = [unposted({ id: 'a' }), unposted({ id: 'b', channel: 'C2' })];
    const budget = blockAll(new Map(), slackRates, 'C1', start + 700);
    const limited = plan(cards, { budget });
    expect(limited.moves.map(({ card }) => card.id)).toEqual(['b']);
    expect(limited.nextAt).toBe(start + 700);
    expect(plan(cards, { budget: limited.budget }).moves.map(({ card }) => card.id)).toEqual(['b']);

    let spent = plan([unposted()]).budget;
    for (const expected of [1, 1, 0]) {
      const next = plan([unposted()], { budget: spent });
      expect(next.moves).toHaveLength(expected);
      spent = next.budget;
    }
    expect(plan([unposted()], { budget: spent }).nextAt).toBe(start + 1_000);
  });

  it('counts looks and comparisons as reads of the history', () => {
    const budget = block(new Map(), slackRates, 'history', 'C1', start + 700);
    const doubtful = unposted({ id: 'a', claim: claim() });
    const late = { budget, now: start + 2_000, doubtfulSince: () => start - 60_000 };
    expect(moves([doubtful], late)).toEqual(['look a']);
    const blocked = block(new Map(), slackRates, 'history', 'C1', start + 9_000);
    expect(moves([doubtful], { ...late, budget: blocked })).toEqual([]);
    expect(moves([unposted({ id: 'a' })], { budget, counted: new Set() })).toEqual([]);
    expect(moves([unposted({ id: 'a' })], { budget })).toEqual(['post a']);
  });
});

describe('a budget', () => {
  const free = (
    budget: Parameters<typeof availableAt>[0],
    method: 'post' | 'update',
    channel = 'C1',
  ) => availableAt(budget, slackRates, method, channel, start);

  it('is blocked for a method in a channel, or for all channels', () => {
    const one = block(new Map(), slackRates, 'post', 'C1', start + 700);
    expect([free(one, 'post'), free(one, 'post', 'C2'), free(one, 'update')]).toEqual([
      start + 700,
      start,
      start,
    ]);
    const all = block(new Map(), slackRates, 'post', '*', start + 700);
    expect([free(all, 'post'), free(all, 'post', 'C2')]).toEqual([start + 700, start + 700]);
    const everything = blockAll(new Map(), slackRates, '*', start + 700);
    expect([free(everything, 'post'), free(everything, 'update', 'C9')]).toEqual([
      start + 700,
      start + 700,
    ]);
  });

  it('stays blocked for as long as it was asked, whatever is spent or asked for after', () => {
    const blocked = block(new Map(), slackRates, 'post', 'C1', start + 700);
    expect(free(block(blocked, slackRates, 'post', 'C1', start + 300), 'post')).toBe(start + 700);
    expect(free(spend(blocked, slackRates, 'post', 'C1', start), 'post')).toBe(start + 700);
  });

  it('gives no tokens for being blocked, and takes none', () => {
    let budget = spend(new Map(), slackRates, 'post', 'C1', start);
    budget = spend(budget, slackRates, 'post', 'C1', start);
    budget = spend(budget, slackRates, 'post', 'C1', start);
    expect(free(budget, 'post')).toBe(start + 1_000);
    expect(free(block(budget, slackRates, 'post', 'C1', start + 10), 'post')).toBe(start + 1_000);
    const fresh = block(new Map(), slackRates, 'post', 'C1', start);
    expect(free(fresh, 'post')).toBe(start);
  });
});
