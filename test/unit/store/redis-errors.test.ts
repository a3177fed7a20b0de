import { describe, expect, it } from 'vitest';
import { translate } from '#src/store/redis/connection.ts';
import { isStoreUnavailable } from '#src/store/store.ts';

describe('an error of Redis', () => {
  it.each([
    ['Connection is closed.', 'Redis: no connection (refused)'],
    [
      'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
      'Redis: the connection was lost before an answer came (refused)',
    ],
    [
      'LOADING Redis is loading the dataset in memory',
      'Redis: LOADING Redis is loading the dataset in memory',
    ],
  ])('"%s" is told to operators as "%s"', (message, said) => {
    const error = translate(new Error(message), () => ' (refused)');

    expect(error.message).toBe(said);
    expect(isStoreUnavailable(error)).toBe(true);
  });
});
