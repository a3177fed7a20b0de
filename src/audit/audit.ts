import {
  type AuditEntry,
  AuditEntry as AuditEntrySchema,
  type AuditedFact,
  AuditHead,
  type ChainProblem,
  emptyChain,
  entryJson,
  headOf,
  nextEntry,
  verifyChain,
} from '#src/audit/chain.ts';
import { fail, ok, type Result } from '#src/result.ts';
import {
  type Batch,
  type CommitResult,
  type Store,
  type StreamEntry,
  storeUnavailable,
} from '#src/store/store.ts';

export const auditStream = 'audit';
export const auditHeadKey = 'audit/head';

export interface AuditOptions {
  readonly store: Store;
  /** Of the chain's macs; never kept in the store. */
  readonly key: string | Uint8Array;
}

export interface Audit {
  /**
   * Commits a batch and what the trail has to say of it, together or not at all.
   * @returns as {@link Store.commit}; `conflict` means that the batch's own versions did not stand
   */
  commit(batch: Batch, facts: readonly AuditedFact[]): Promise<CommitResult>;
  /** Keeps facts that hang on nothing else; a repeat after an unavailable store can be kept twice. */
  append(facts: readonly AuditedFact[]): Promise<void>;
  /** Entries in order, after the given one; `id` is the place to read on from. */
  read(
    after: string | undefined,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly entry: AuditEntry }[]>;
  /** Reads and checks the whole trail; writes nothing. */
  verify(): Promise<Result<AuditSpan, AuditProblem>>;
}

/** What was checked and is as it was written. */
export interface AuditSpan {
  readonly count: number;
  /** The oldest entry; its number is above 1 where retention let go of older ones. */
  readonly first: AuditMark | undefined;
  readonly last: AuditMark | undefined;
}

export interface AuditMark {
  readonly seq: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** The first problem, with what is in order before it. */
export interface AuditProblem extends ChainProblem {
  readonly before: AuditSpan;
}

interface KnownHead {
  readonly head: AuditHead;
  readonly version: number;
}

// each round one of those who compete gets through
const maxRounds = 200;
const pageSize = 500;

interface CheckedPage {
  /** Those in order, up to the problem. */
  readonly entries: readonly AuditEntry[];
  readonly problem: ChainProblem | undefined;
}

const markOf = (entry: AuditEntry | undefined): AuditMark | undefined =>
  entry === undefined ? undefined : { seq: entry.seq, at: entry.fact.at };

const spanWith = (span: AuditSpan, entries: readonly AuditEntry[]): AuditSpan => ({
  count: span.count + entries.length,
  first: span.first ?? markOf(entries[0]),
  last: markOf(entries.at(-1)) ?? span.last,
});

const chainOf = (
  { head }: KnownHead,
  facts: readonly AuditedFact[],
  key: string | Uint8Array,
): readonly AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (const fact of facts) {
    const last = entries.at(-1);
    entries.push(nextEntry(last === undefined ? head : headOf(last), fact, key));
  }
  return entries;
};

/** The batch with the entries, the new head, and the expectation that the head still stands. */
const withEntries = (batch: Batch, known: KnownHead, entries: readonly AuditEntry[]): Batch => {
  const last = entries.at(-1);
  const head = last === undefined ? known.head : headOf(last);
  return {
    ...batch,
    put: [...(batch.put ?? []), { key: auditHeadKey, value: head, expect: known.version }],
    append: [
      ...(batch.append ?? []),
      ...entries.map((entry) => ({ stream: auditStream, value: entryJson(entry) })),
    ],
  };
};

/**
 * The audit trail: a chain of macs made here, with a key that the store does not have, appended by
 * compare-and-set on its head, so that replicas never fork it.
 */
export const createAudit = ({ store, key }: AuditOptions): Audit => {
  let known: KnownHead | undefined;

  const readHead = async (): Promise<KnownHead> => {
    const found = await store.read(auditHeadKey);
    return found === undefined
      ? { head: emptyChain, version: 0 }
      : { head: AuditHead.parse(found.value), version: found.version };
  };

  /** One try; where the chain ends now when only its head had moved. */
  const tryCommit = async (
    batch: Batch,
    facts: readonly AuditedFact[],
    at: KnownHead,
  ): Promise<CommitResult | KnownHead> => {
    const entries = chainOf(at, facts, key);
    const outcome = await store.commit(withEntries(batch, at, entries));
    const last = entries.at(-1);
    if (outcome === 'committed' && last !== undefined) {
      known = { head: headOf(last), version: at.version + 1 };
    }
    if (outcome !== 'conflict') {
      return outcome;
    }
    const now = await readHead();
    const stood = now.version === at.version && now.head.mac === at.head.mac;
    return stood ? 'conflict' : now; // the head stood, so it was the batch
  };

  const commit: Audit['commit'] = async (batch, facts) => {
    if (facts.length === 0) {
      return store.commit(batch);
    }
    let at = known ?? (await readHead());
    for (let round = 0; round < maxRounds; round++) {
      const outcome = await tryCommit(batch, facts, at);
      if (typeof outcome === 'string') {
        return outcome;
      }
      at = outcome;
    }
    throw storeUnavailable('The audit trail is too busy.');
  };

  const read: Audit['read'] = async (after, limit) => {
    const found = await store.entries(auditStream, after, limit);
    return found.map(({ id, value }) => ({ id, entry: AuditEntrySchema.parse(value) }));
  };

  /** Checks one page; `head` is where the chain ended before it. */
  const verifyPage = (page: readonly StreamEntry[], head: AuditHead | undefined): CheckedPage => {
    const read = page.map(({ value }) => AuditEntrySchema.safeParse(value).data);
    const unreadable = read.indexOf(undefined);
    const entries = read
      .slice(0, unreadable === -1 ? undefined : unreadable)
      .filter((entry) => entry !== undefined);
    // the very first entry has nothing before it; a later one is first when older ones were let go
    const start = head ?? (entries[0]?.seq === 1 ? emptyChain : undefined);
    const verified = verifyChain(entries, key, start);
    if (!verified.ok) {
      const { seq } = verified.failure;
      return { entries: entries.filter((entry) => entry.seq < seq), problem: verified.failure };
    }
    return unreadable === -1
      ? { entries, problem: undefined }
      : { entries, problem: { seq: (verified.value?.seq ?? 0) + 1, what: 'changed' } };
  };

  const verify: Audit['verify'] = async () => {
    const { head: end } = await readHead();
    let span: AuditSpan = { count: 0, first: undefined, last: undefined };
    let after: string | undefined;
    let head: AuditHead | undefined;
    let ended = end.seq === 0;
    for (;;) {
      const page = await store.entries(auditStream, after, pageSize);
      const { entries, problem } = verifyPage(page, head);
      span = spanWith(span, entries);
      if (problem !== undefined) {
        return fail({ ...problem, before: span });
      }
      ended ||= entries.some(({ seq, mac }) => seq === end.seq && mac === end.mac);
      const last = entries.at(-1);
      head = last === undefined ? head : headOf(last);
      after = page.at(-1)?.id;
      if (page.length < pageSize) {
        return ended ? ok(span) : fail({ seq: end.seq, what: 'cut off', before: span });
      }
    }
  };

  return {
    commit,
    append: async (facts) => {
      await commit({}, facts);
    },
    read,
    verify,
  };
};
