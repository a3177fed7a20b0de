import { actorId } from '#src/command/actor.ts';
import type { Progress } from '#src/command/define.ts';
import {
  type AuditFact,
  askedBy,
  dueJournals,
  heldByStep,
  holderOf,
  type Journal,
  Journal as JournalRecord,
  journalKey,
  objectLockKey,
  settledJournals,
} from '#src/command/journal.ts';
import { CardRecord, cardKey, desireCard } from '#src/slack/card.ts';
import type { Batch, CommitResult, Fence, Json, Store, Versioned } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface StoredJournal {
  readonly journal: Journal;
  readonly version: number;
}

export const readJournal = (found: Versioned | undefined): StoredJournal | undefined =>
  found === undefined
    ? undefined
    : { journal: JournalRecord.parse(found.value), version: found.version };

/** Commits a batch together with what the audit trail has to say of it. */
export type AuditedCommit = (batch: Batch, facts: readonly AuditFact[]) => Promise<CommitResult>;

// the card's clock moves in steps, so that a card is not edited for each second
const cardClockMs = 5_000;

export const progressOf = (journal: Journal, now: number): Progress => ({
  id: journal.id,
  status: journal.status,
  records: journal.steps,
  askedBy: journal.actor,
  startedAt: journal.startedAt,
  ...(journal.endedAt === undefined ? {} : { endedAt: journal.endedAt }),
  ...(journal.failure === undefined ? {} : { failure: journal.failure }),
  ...(journal.advice === undefined ? {} : { advice: journal.advice }),
  now: journal.startedAt + Math.floor((now - journal.startedAt) / cardClockMs) * cardClockMs,
});

export const journalCardId = (id: string, channel: string): string => `${id}@${channel}`;

interface JournalWrite {
  readonly store: Store;
  readonly commit: AuditedCommit;
  readonly before: StoredJournal | undefined;
  readonly after: Journal;
  readonly view: View;
  /** ms at which to look at it again. */
  readonly dueAt: number;
  readonly now: number;
  readonly fence?: Fence | undefined;
  readonly further?: Pick<Batch, 'put'>;
  readonly facts: readonly AuditFact[];
}

const cardOf = async ({ store, after, view, now }: JournalWrite) => {
  const { channel } = after.place;
  if (channel === undefined) {
    return undefined;
  }
  const id = journalCardId(after.id, channel);
  const found = await store.read(cardKey(id));
  const current =
    found === undefined
      ? undefined
      : { record: CardRecord.parse(found.value), version: found.version };
  return desireCard(current, { id, channel, priority: 'progress', view }, now);
};

/** What the step that begins takes, and what the one that ended leaves: both in the journal's own commit. */
const stepLocks = (
  before: Journal | undefined,
  after: Journal,
): Required<Pick<Batch, 'put' | 'remove'>> => {
  const had = before === undefined ? [] : heldByStep(before);
  const has = heldByStep(after);
  return {
    put: has
      .filter((lock) => !had.includes(lock))
      .map((key) => ({ key, value: holderOf(after), expect: 0 })),
    remove: had.filter((lock) => !has.includes(lock)).map((key) => ({ key })),
  };
};

/** Writes a journal with everything that hangs on it: card, locks, when to look again, audit. */
export const writeJournal = async (write: JournalWrite): Promise<CommitResult> => {
  const { commit, before, after, dueAt, fence, further, facts } = write;
  const settled = after.status !== 'running';
  const card = await cardOf(write);
  const locks = stepLocks(before?.journal, after);
  const batch: Batch = {
    ...(fence === undefined ? {} : { fence }),
    put: [
      {
        key: journalKey(after.id),
        value: after as unknown as Json,
        expect: before?.version ?? 0,
      },
      ...(further?.put ?? []),
      ...locks.put,
      ...(card === undefined ? [] : [card.put]),
    ],
    remove: [...locks.remove, ...(settled ? after.locks.map((key) => ({ key })) : [])],
    index: [
      settled
        ? { index: settledJournals, member: after.id, score: after.endedAt ?? dueAt }
        : { index: dueJournals, member: after.id, score: dueAt },
      { index: askedBy(actorId(after.actor)), member: after.id, score: after.startedAt },
      ...(card === undefined ? [] : [card.index]),
    ],
    unindex: settled ? [{ index: dueJournals, member: after.id }] : [],
  };
  return commit(batch, facts);
};

export const lockKeys = (journal: Pick<Journal, 'targets'>): readonly string[] =>
  journal.targets.flatMap(({ cluster, object }) =>
    cluster === undefined || object === undefined ? [] : [objectLockKey(cluster, object)],
  );
