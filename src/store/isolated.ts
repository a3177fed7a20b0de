import { isStoreUnavailable } from '#src/store/store.ts';

/** How long something that failed unexpectedly is left alone, lest it stand in the way of others; ms. */
export const restMs = 60_000;

/**
 * Does one thing of many, so that one that always fails (a record of another version, a mistake of ours)
 * does not keep the others waiting for ever. A store that is away concerns all of them and is thrown on.
 * @param failed - says so, and gives what to go on with
 */
export const isolated = async <Value>(
  work: () => Promise<Value>,
  failed: (error: unknown) => Value,
): Promise<Value> => {
  try {
    return await work();
  } catch (error) {
    if (isStoreUnavailable(error)) {
      throw error;
    }
    return failed(error);
  }
};
