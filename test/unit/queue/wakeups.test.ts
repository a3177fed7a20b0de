import { expect, it } from 'vitest';
import { advanceJournal, drainOutbox, journalOf } from '#src/queue/wakeups.ts';

it('a wake-up names the journal that it is for, or none', () => {
  expect(journalOf(advanceJournal('01abc'))).toBe('01abc');
  expect(journalOf(drainOutbox)).toBeUndefined();
});
