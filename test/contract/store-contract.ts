import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '#src/store/store.ts';

/** A fresh, empty store, and its own clock moved on by some milliseconds (or waited for). */
export interface StoreUnderTest {
  readonly store: Store;
  /** A second connection to the same state, as another replica has it. */
  readonly other: Store;
  pass(ms: number): Promise<void>;
}

/** What every store does, in memory or on Redis. */
export const storeContract = (open: () => Promise<StoreUnderTest>): void => {
  let store: Store;
  let other: Store;
  let pass: StoreUnderTest['pass'];

  beforeEach(async () => {
    ({ store, other, pass } = await open());
  });

  describe('documents', () => {
    it('start at version 1 and grow by one with each write', async () => {
      await store.commit({ put: [{ key: 'a', value: { n: 1 }, expect: 0 }] });
      await store.commit({ put: [{ key: 'a', value: { n: 2 }, expect: 1 }] });
      await store.commit({ put: [{ key: 'a', value: { n: 3 } }] });
      expect(await other.read('a')).toEqual({ value: { n: 3 }, version: 3 });
    });

    it('are absent until written and after removal', async () => {
      expect(await store.read('a')).toBeUndefined();
      await store.commit({ put: [{ key: 'a', value: 1 }] });
      await store.commit({ remove: [{ key: 'a', expect: 1 }] });
      expect(await store.read('a')).toBeUndefined();
    });

    it('are read many at once in the order asked for', async () => {
      await store.commit({
        put: [
          { key: 'a', value: 'x' },
          { key: 'b', value: 'y' },
        ],
      });
      expect(await store.readAll(['b', 'missing', 'a'])).toEqual([
        { value: 'y', version: 1 },
        undefined,
        { value: 'x', version: 1 },
      ]);
      expect(await store.readAll([])).toEqual([]);
    });

    it('keep any JSON as it was', async () => {
      const value = {
        text: '‮ <!channel> "quoted" \\ \u0000 \ud800 :1:2',
        none: null,
        list: [0, -1.5, 1e21, true, [], {}],
        __proto: 'a',
        left: undefined,
      };
      await store.commit({ put: [{ key: 'a', value }] });
      const { left: _, ...kept } = value;
      expect((await store.read('a'))?.value).toEqual(kept);
    });

    it('do not change when an object that was handed over changes', async () => {
      const value = { n: 1 };
      await store.commit({ put: [{ key: 'a', value }] });
      value.n = 2;
      expect((await store.read('a'))?.value).toEqual({ n: 1 });
    });
  });

  it('tells its own time, which goes on', async () => {
    const before = await store.time();
    await pass(20);
    expect(await other.time()).toBeGreaterThanOrEqual(before + 20);
  });

  describe('a commit', () => {
    it('writes nothing at all when one version is not as expected', async () => {
      await store.commit({ put: [{ key: 'a', value: 1 }] });
      const everything = {
        put: [{ key: 'b', value: 2 }],
        index: [{ index: 'i', member: 'm', score: 1 }],
        append: [{ stream: 's', value: 1 }],
      };
      expect(await store.commit({ ...everything, check: [{ key: 'a', version: 2 }] })).toBe(
        'conflict',
      );
      expect(await store.commit({ ...everything, remove: [{ key: 'a', expect: 0 }] })).toBe(
        'conflict',
      );
      expect(
        await store.commit({
          ...everything,
          put: [...everything.put, { key: 'a', value: 9, expect: 0 }],
        }),
      ).toBe('conflict');
      expect(await store.readAll(['a', 'b'])).toEqual([{ value: 1, version: 1 }, undefined]);
      expect(await store.count('i')).toBe(0);
      expect(await store.entries('s', undefined, 10)).toEqual([]);
    });

    it('writes all its parts together', async () => {
      await store.commit({
        put: [{ key: 'old', value: 1 }],
        index: [{ index: 'i', member: 'gone', score: 1 }],
      });
      const outcome = await store.commit({
        check: [{ key: 'absent', version: 0 }],
        put: [{ key: 'new', value: 2, expect: 0 }],
        remove: [{ key: 'old', expect: 1 }],
        index: [{ index: 'i', member: 'm', score: 5 }],
        unindex: [{ index: 'i', member: 'gone' }],
        append: [{ stream: 's', value: { n: 1 } }],
      });
      expect(outcome).toBe('committed');
      expect(await other.readAll(['old', 'new'])).toEqual([undefined, { value: 2, version: 1 }]);
      expect(await other.range('i', { limit: 10 })).toEqual([{ member: 'm', score: 5 }]);
      expect((await other.entries('s', undefined, 10)).map(({ value }) => value)).toEqual([
        { n: 1 },
      ]);
    });

    it('lets exactly one of many writers with the same expectation through', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 === 0 ? store : other).commit({ put: [{ key: 'a', value: n, expect: 0 }] }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
    });

    it('of nothing is committed', async () => {
      expect(await store.commit({})).toBe('committed');
    });
  });

  describe('an index', () => {
    it('gives members by score, then by name, within bounds and limit', async () => {
      const scores = { b: 2, a: 2, c: 1, d: 1_700_000_000_123.5, é: 2 };
      await store.commit({
        index: Object.entries(scores).map(([member, score]) => ({ index: 'i', member, score })),
      });
      const names = async (query: Parameters<Store['range']>[1]): Promise<string> =>
        (await store.range('i', query)).map(({ member }) => member).join('');
      expect(await names({ limit: 10 })).toBe('cabéd');
      expect(await names({ from: 2, limit: 10 })).toBe('abéd');
      expect(await names({ upTo: 2, limit: 2 })).toBe('ca');
      expect(await names({ limit: 0 })).toBe('');
      expect(await names({ from: Number.POSITIVE_INFINITY, limit: 9 })).toBe('');
      expect(await names({ from: Number.NEGATIVE_INFINITY, limit: 9 })).toBe('cabéd');
      expect((await store.range('i', { from: 3, limit: 1 }))[0]?.score).toBe(1_700_000_000_123.5);
      expect(await store.count('i')).toBe(5);
    });

    it('holds a member once, with its newest score', async () => {
      await store.commit({ index: [{ index: 'i', member: 'a', score: 1 }] });
      await store.commit({ index: [{ index: 'i', member: 'a', score: 9 }] });
      expect(await store.range('i', { limit: 10 })).toEqual([{ member: 'a', score: 9 }]);
    });
  });

  describe('a stream', () => {
    it('takes each digest once, also from two replicas at the same time', async () => {
      const outcomes = await Promise.all(
        [store, other, store, other].map((replica) => replica.append('s', 'digest', 1, 'event')),
      );
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(await store.entries('s', undefined, 10)).toHaveLength(1);
    });

    it('answers each of many appends at one moment for itself, and keeps their order', async () => {
      const outcomes = await Promise.all([
        store.append('s', 'a', 1, 'first'),
        store.append('t', 'a', 1, 'elsewhere'),
        store.append('s', 'b', 1, 'second'),
        store.append('s', 'a', 1, 'first again'),
        store.append('s', 'c', 1, 'third'),
      ]);
      expect(outcomes).toEqual(['stored', 'stored', 'stored', 'duplicate', 'stored']);
      const values = (await store.entries('s', undefined, 10)).map(({ value }) => value);
      expect(values).toEqual(['first', 'second', 'third']);
      expect(await store.entries('t', undefined, 10)).toHaveLength(1);
    });

    it('still knows the digest of an entry that was trimmed, until it is forgotten', async () => {
      await store.append('s', 'old', 100, 1);
      await store.append('s', 'new', 200, 2);
      await store.trim('s', (await store.entries('s', undefined, 10)).at(-1)?.id ?? '');
      expect(await store.append('s', 'old', 300, 1)).toBe('duplicate');
      expect(await store.forget('s', 200)).toBe(1);
      expect(await store.append('s', 'old', 300, 1)).toBe('stored');
      expect(await store.append('s', 'new', 300, 2)).toBe('duplicate');
    });

    it('is read in order of arrival, piece by piece', async () => {
      for (let n = 1; n <= 12; n++) {
        await store.append('s', `d${n}`, 1, n);
      }
      await store.commit({ append: [{ stream: 's', value: 13 }] });
      const first = await other.entries('s', undefined, 5);
      const rest = await other.entries('s', first.at(-1)?.id, 50);
      expect([...first, ...rest].map(({ value }) => value)).toEqual(
        Array.from({ length: 13 }, (_, n) => n + 1),
      );
      const ids = [...first, ...rest].map(({ id }) => id);
      expect(ids.toSorted((left, right) => (left < right ? -1 : 1))).toEqual(ids);
    });

    it('is trimmed up to and including an entry, and read on from an entry that is gone', async () => {
      for (const digest of ['a', 'b', 'c']) {
        await store.append('s', digest, 1, digest);
      }
      const second = (await store.entries('s', undefined, 10))[1]?.id ?? '';
      await store.trim('s', second);
      const left = await store.entries('s', undefined, 10);
      expect(left.map(({ value }) => value)).toEqual(['c']);
      expect(await store.entries('s', second, 10)).toEqual(left);
    });
  });

  describe('a lease', () => {
    it('is held by one, renewed with the same token, and handed on with a greater one', async () => {
      const first = await store.lease('l', 'one', 10_000);
      expect(await other.lease('l', 'two', 10_000)).toEqual({ held: false, by: 'one' });
      expect(await store.lease('l', 'one', 10_000)).toEqual(first);
      await store.release('l', 'one');
      const second = await other.lease('l', 'two', 10_000);
      expect(second).toMatchObject({ held: true });
      expect((second.held && second.token) > (first.held && first.token)).toBe(true);
    });

    it('can be taken when it has run out', async () => {
      await store.lease('l', 'one', 30);
      await pass(60);
      expect(await other.lease('l', 'two', 10_000)).toMatchObject({ held: true });
      expect(await store.lease('l', 'one', 10_000)).toEqual({ held: false, by: 'two' });
    });

    it('is not released by another', async () => {
      await store.lease('l', 'one', 10_000);
      await other.release('l', 'two');
      expect(await other.lease('l', 'two', 10_000)).toEqual({ held: false, by: 'one' });
    });

    it('fences every write of an earlier holder, however late', async () => {
      const first = await store.lease('l', 'one', 30);
      const fence = { lease: 'l', token: first.held ? first.token : 0 };
      expect(await store.commit({ fence, put: [{ key: 'a', value: 1 }] })).toBe('committed');
      await pass(60);
      expect(await store.commit({ fence, put: [{ key: 'a', value: 2 }] })).toBe('committed');
      const second = await other.lease('l', 'two', 10_000);
      expect(await store.commit({ fence, put: [{ key: 'a', value: 3, expect: 9 }] })).toBe(
        'fenced',
      );
      const token = second.held ? second.token : 0;
      expect(
        await other.commit({ fence: { lease: 'l', token }, put: [{ key: 'a', value: 4 }] }),
      ).toBe('committed');
      expect((await store.read('a'))?.value).toBe(4);
    });

    it('that the store does not know fences, as after a loss of data', async () => {
      expect(await store.commit({ fence: { lease: 'l', token: 7 } })).toBe('fenced');
    });
  });

  it('keeps documents, indexes, streams and leases of one name apart', async () => {
    await store.commit({
      put: [{ key: 'x', value: 1 }],
      index: [{ index: 'x', member: 'm', score: 1 }],
      append: [{ stream: 'x', value: 2 }],
    });
    await store.append('x', 'd', 1, 3);
    expect(await store.lease('x', 'one', 1_000)).toMatchObject({ held: true });
    expect((await store.read('x'))?.value).toBe(1);
    expect(await store.count('x')).toBe(1);
    expect(await store.entries('x', undefined, 10)).toHaveLength(2);
  });
};
