import type { Clock } from '#src/clock.ts';
import type {
  Batch,
  CommitResult,
  Json,
  Lease,
  LeaseHeld,
  RangeQuery,
  Scored,
  Store,
  StreamEntry,
  Versioned,
} from '#src/store/store.ts';

interface Document {
  readonly text: string;
  readonly version: number;
}

interface Stream {
  entries: { readonly id: string; readonly text: string }[];
  /** Entries ever appended; an id is never given twice. */
  count: number;
  readonly digests: Map<string, number>;
}

interface HeldLease {
  readonly holder: string | undefined;
  readonly token: number;
  readonly until: number;
}

const bySize = (left: Scored, right: Scored): number =>
  left.score - right.score || Buffer.compare(Buffer.from(left.member), Buffer.from(right.member));

/**
 * Indexes: members with a score. Sorted only when asked for, since most writes come in groups.
 */
const createIndexes = () => {
  const scores = new Map<string, Map<string, number>>();
  const sorted = new Map<string, readonly Scored[]>();
  const members = (index: string): readonly Scored[] => {
    const known =
      sorted.get(index) ??
      [...(scores.get(index) ?? [])].map(([member, score]) => ({ member, score })).sort(bySize);
    sorted.set(index, known);
    return known;
  };
  return {
    members,
    add: (index: string, member: string, score: number): void => {
      const scored = scores.get(index) ?? new Map<string, number>();
      // + 0 makes 0 of −0, which Redis does not know
      scores.set(index, scored.set(member, score + 0));
      sorted.delete(index);
    },
    remove: (index: string, member: string): void => {
      scores.get(index)?.delete(member);
      sorted.delete(index);
    },
  };
};

const createStreams = () => {
  const streams = new Map<string, Stream>();
  const at = (name: string): Stream => {
    const stream = streams.get(name) ?? { entries: [], count: 0, digests: new Map() };
    streams.set(name, stream);
    return stream;
  };
  return {
    at,
    push: (name: string, value: Json): void => {
      const stream = at(name);
      stream.count += 1;
      // padded, so that ids sort as text
      stream.entries.push({
        id: String(stream.count).padStart(16, '0'),
        text: JSON.stringify(value),
      });
    },
  };
};

/**
 * The store's twin in memory: the same answers as the Redis adapter, held to one contract suite.
 * For replays, simulations and tests; nothing survives the process. Values are kept as text, so a caller
 * can never change what is stored by changing an object it was given.
 * @param options.clock - the store's own clock; leases run by it
 */
export const createMemoryStore = ({ clock }: { readonly clock: Pick<Clock, 'now'> }): Store => {
  const documents = new Map<string, Document>();
  const indexes = createIndexes();
  const streams = createStreams();
  const leases = new Map<string, HeldLease>();

  const versionOf = (key: string): number => documents.get(key)?.version ?? 0;
  const read = (key: string): Versioned | undefined => {
    const document = documents.get(key);
    return document && { value: JSON.parse(document.text), version: document.version };
  };

  const refused = (batch: Batch): CommitResult | undefined => {
    if (batch.fence && (leases.get(batch.fence.lease)?.token ?? 0) !== batch.fence.token) {
      return 'fenced';
    }
    const expected = [
      ...(batch.check ?? []).map(({ key, version }) => ({ key, expect: version })),
      ...(batch.put ?? []),
      ...(batch.remove ?? []),
    ];
    return expected.some(({ key, expect }) => expect !== undefined && versionOf(key) !== expect)
      ? 'conflict'
      : undefined;
  };

  const write = (batch: Batch): void => {
    for (const { key, value } of batch.put ?? []) {
      documents.set(key, { text: JSON.stringify(value), version: versionOf(key) + 1 });
    }
    for (const { key } of batch.remove ?? []) {
      documents.delete(key);
    }
    for (const { index, member, score } of batch.index ?? []) {
      indexes.add(index, member, score);
    }
    for (const { index, member } of batch.unindex ?? []) {
      indexes.remove(index, member);
    }
    for (const { stream, value } of batch.append ?? []) {
      streams.push(stream, value);
    }
  };

  const range = (index: string, { from, upTo, limit }: RangeQuery): readonly Scored[] =>
    indexes
      .members(index)
      .filter(
        ({ score }) =>
          score >= (from ?? Number.NEGATIVE_INFINITY) &&
          score <= (upTo ?? Number.POSITIVE_INFINITY),
      )
      .slice(0, limit);

  const lease = (name: string, holder: string, ttlMs: number): Lease | LeaseHeld => {
    const now = clock.now();
    const held = leases.get(name);
    const standing = held?.holder !== undefined && held.until > now;
    if (held?.holder !== undefined && standing && held.holder !== holder) {
      // where the clock was set back nobody waits for longer than a lease lasts
      leases.set(name, { ...held, until: Math.min(held.until, now + ttlMs) });
      return { held: false, by: held.holder };
    }
    const token = held?.holder === holder ? held.token : (held?.token ?? 0) + 1;
    leases.set(name, { holder, token, until: now + ttlMs });
    return { held: true, token };
  };

  return {
    read: async (key) => read(key),
    readAll: async (keys) => keys.map(read),
    commit: async (batch) => {
      const refusal = refused(batch);
      if (refusal === undefined) {
        write(batch);
      }
      return refusal ?? 'committed';
    },
    range: async (index, query) => range(index, query),
    count: async (index) => indexes.members(index).length,
    append: async (stream, digest, at, value) => {
      const { digests } = streams.at(stream);
      if (digests.has(digest)) {
        return 'duplicate';
      }
      digests.set(digest, at);
      streams.push(stream, value);
      return 'stored';
    },
    entries: async (stream, after, limit): Promise<readonly StreamEntry[]> =>
      streams
        .at(stream)
        .entries.filter(({ id }) => after === undefined || id > after)
        .slice(0, limit)
        .map(({ id, text }) => ({ id, value: JSON.parse(text) })),
    trim: async (stream, upTo) => {
      const known = streams.at(stream);
      known.entries = known.entries.filter(({ id }) => id > upTo);
    },
    forget: async (stream, before) => {
      const { digests } = streams.at(stream);
      const old = [...digests].filter(([, at]) => at < before);
      for (const [digest] of old) {
        digests.delete(digest);
      }
      return old.length;
    },
    lease: async (name, holder, ttlMs) => lease(name, holder, ttlMs),
    release: async (name, holder) => {
      const held = leases.get(name);
      if (held?.holder === holder) {
        leases.set(name, { ...held, holder: undefined });
      }
    },
    time: async () => clock.now(),
    health: async () => ({
      reachable: true,
      durability: 'memory',
      warnings: ['State is kept in memory only: it is lost when the process ends.'],
    }),
    close: async () => undefined,
  };
};
