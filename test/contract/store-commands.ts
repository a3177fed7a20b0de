import { fc } from '@fast-check/vitest';
import type { Batch, Store } from '#src/store/store.ts';

/** A call at a store, as plain data, over few names so that calls meet. */
export type StoreCommand =
  | { readonly call: 'commit'; readonly batch: Batch }
  | { readonly call: 'append'; readonly digest: string; readonly at: number }
  | { readonly call: 'forget'; readonly before: number }
  | { readonly call: 'trim'; readonly nth: number }
  | { readonly call: 'lease' | 'release'; readonly holder: string };

const key = fc.constantFrom('a', 'b', 'c');
const version = fc.integer({ min: 0, max: 3 });
const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0),
);
const upTo = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<null>;

const batch = fc.record(
  {
    fence: fc.record({ lease: fc.constant('lease'), token: fc.integer({ min: 0, max: 3 }) }),
    check: upTo(fc.record({ key, version })),
    put: upTo(fc.record({ key, value, expect: version }, { requiredKeys: ['key', 'value'] })),
    remove: upTo(fc.record({ key, expect: version }, { requiredKeys: ['key'] })),
    index: upTo(fc.record({ index: key, member: fc.constantFrom('m', 'é', '😀', ''), score })),
    unindex: upTo(fc.record({ index: key, member: fc.constantFrom('m', 'é') })),
    append: upTo(fc.record({ stream: fc.constant('stream'), value })),
  },
  { requiredKeys: [] },
);

const holder = fc.constantFrom('one', 'two');
const small = fc.integer({ min: 0, max: 4 });

export const storeCommands: fc.Arbitrary<StoreCommand> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ call: fc.constant('commit' as const), batch }) },
  fc.record({ call: fc.constant('append' as const), digest: key, at: small }),
  fc.record({ call: fc.constant('forget' as const), before: small }),
  fc.record({ call: fc.constant('trim' as const), nth: small }),
  fc.record({ call: fc.constantFrom('lease' as const, 'release' as const), holder }),
);

const answerTo = async (store: Store, command: StoreCommand): Promise<unknown> => {
  switch (command.call) {
    case 'commit':
      return store.commit(command.batch);
    case 'append':
      return store.append('stream', command.digest, command.at, command.digest);
    case 'forget':
      return store.forget('stream', command.before);
    case 'trim': {
      const entry = (await store.entries('stream', undefined, 100))[command.nth];
      return entry && store.trim('stream', entry.id);
    }
    case 'lease':
      return store.lease('lease', command.holder, 3_600_000);
    case 'release':
      return store.release('lease', command.holder);
    default:
      return command satisfies never;
  }
};

/** Runs one call and gives its answer with all that can be read afterwards; ids of entries differ. */
export const runStoreCommand = async (store: Store, command: StoreCommand): Promise<unknown> => ({
  answer: await answerTo(store, command),
  documents: await store.readAll(['a', 'b', 'c']),
  indexes: await Promise.all(['a', 'b', 'c'].map((index) => store.range(index, { limit: 100 }))),
  middle: await store.range('a', { from: -1, upTo: 2, limit: 2 }),
  entries: (await store.entries('stream', undefined, 100)).map((entry) => entry.value),
});
