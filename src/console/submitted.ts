import type { Clock } from '#src/clock.ts';
import type { Log } from '#src/log.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';

/** Forms whose command was recorded; score = ms. */
export const submittedForms = 'forms/submitted';
export const submittedKey = (viewId: string): string => `submitted/${viewId}`;

/**
 * Forms that are done with. Where Slack has lost our answer it keeps the form open and says that something
 * went wrong: whoever then sends it off again means the same, though to Slack it is another deed.
 */
export interface Submitted {
  has(viewId: string): Promise<boolean>;
  add(viewId: string): Promise<void>;
}

export interface SubmittedOptions {
  readonly store: Pick<Store, 'read' | 'commit'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export const createSubmitted = ({ store, clock, log }: SubmittedOptions): Submitted => {
  /** The request itself says what is to be said while the store is away. */
  const unlessAway = async <Value>(asked: Promise<Value>): Promise<Value | undefined> => {
    try {
      return await asked;
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      log.warn({ error }, 'it is not known whether a form was sent off before');
      return undefined;
    }
  };

  return {
    has: async (viewId) => (await unlessAway(store.read(submittedKey(viewId)))) !== undefined,
    add: async (viewId) => {
      const now = clock.now();
      await unlessAway(
        store.commit({
          put: [{ key: submittedKey(viewId), value: now, expect: 0 }],
          index: [{ index: submittedForms, member: viewId, score: now }],
        }),
      );
    },
  };
};
