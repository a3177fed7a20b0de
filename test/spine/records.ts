import { auditStream } from '#src/audit/audit.ts';
import { AuditEntry } from '#src/audit/chain.ts';
import { dueJournals, type Journal, journalKey } from '#src/command/journal.ts';
import { readJournal } from '#src/command/journals.ts';
import { createRedisStore } from '#src/store/redis.ts';

/** What the bot has recorded, read beside it from its Redis. */
export const openRecords = (redisUrl: string) => {
  const store = createRedisStore({ url: redisUrl });
  return {
    journal: async (number: number): Promise<Journal | undefined> =>
      readJournal(await store.read(journalKey(`CMD-${number}`)))?.journal,
    /** Journals that are not settled. */
    due: async (): Promise<readonly string[]> =>
      (await store.range(dueJournals, { limit: 100 })).map(({ member }) => member),
    lock: (key: string) => store.read(key),
    /** Entries of the audit trail about one request, in order. */
    audit: async (invocation: string): Promise<readonly AuditEntry[]> =>
      (await store.entries(auditStream, undefined, 10_000))
        .map(({ value }) => AuditEntry.parse(value))
        .filter((entry) => entry.fact['invocation'] === invocation),
    close: () => store.close(),
  };
};
export type Records = ReturnType<typeof openRecords>;
