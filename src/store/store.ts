/**
 * Where state lives, as a port: versioned documents, sorted indexes, append-only streams and leases.
 * All of it behind one atomic `commit`, so that a decision and everything that follows from it (the
 * incident, its card, the place in the intake stream) are stored together or not at all.
 *
 * Durable means: when a promise resolves, the store has it by its own setting (see `health`).
 * When the store is away or frozen every call rejects with {@link isStoreUnavailable} within two seconds;
 * a rejected `commit` or `append` may nevertheless have been carried out, so callers make a repeat harmless.
 */
export interface Store {
  read(key: string): Promise<Versioned | undefined>;
  /** One entry per key, in the same order. */
  readAll(keys: readonly string[]): Promise<readonly (Versioned | undefined)[]>;
  commit(batch: Batch): Promise<CommitResult>;
  /** Members by ascending score, then by name; `upTo` and `from` are inclusive scores. */
  range(index: string, query: RangeQuery): Promise<readonly Scored[]>;
  /** Number of members of an index. */
  count(index: string): Promise<number>;
  /**
   * Appends once per digest: a digest that the stream has seen (and not yet forgotten) is `duplicate`.
   * @param at - ms since the epoch by the caller; kept beside the digest, for `forget`
   */
  append(stream: string, digest: string, at: number, value: Json): Promise<'stored' | 'duplicate'>;
  /** Entries after `after` (exclusive; undefined = from the start), in order of arrival. */
  entries(
    stream: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly StreamEntry[]>;
  /** Removes entries up to and including `upTo`. */
  trim(stream: string, upTo: string): Promise<void>;
  /** Forgets the digests whose `at` is older than `before`; gives how many. */
  forget(stream: string, before: number): Promise<number>;
  /**
   * Takes or renews a lease for `ttlMs` by the store's own clock. The token grows with every change of
   * holder and fences writes: a batch with an older token is refused, however late it arrives.
   */
  lease(name: string, holder: string, ttlMs: number): Promise<Lease | LeaseHeld>;
  release(name: string, holder: string): Promise<void>;
  /** The store's own clock, ms since the epoch: one for all replicas. */
  time(): Promise<number>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export interface Versioned {
  readonly value: Json;
  /** Starts at 1 and grows by one with each write; 0 stands for "not there". */
  readonly version: number;
}

/** Versions are compared before anything is written; then the parts are written in the order they stand here. */
export interface Batch {
  /**
   * Refused as `fenced` unless the lease stands at this very token: it may have moved on, and a store
   * that lost its data knows of no lease at all. An expired lease that nobody else took still stands.
   */
  readonly fence?: Fence | undefined;
  /** Documents that must still be at these versions, though nothing is written to them. */
  readonly check?: readonly { readonly key: string; readonly version: number }[];
  /** `expect` is the version that must stand now (0 = must not exist); left out: whatever stands. */
  readonly put?: readonly {
    readonly key: string;
    readonly value: Json;
    readonly expect?: number;
  }[];
  readonly remove?: readonly { readonly key: string; readonly expect?: number }[];
  readonly index?: readonly {
    readonly index: string;
    readonly member: string;
    /** Finite. */
    readonly score: number;
  }[];
  readonly unindex?: readonly { readonly index: string; readonly member: string }[];
  /** Appended without a digest: the batch itself happens once. */
  readonly append?: readonly { readonly stream: string; readonly value: Json }[];
}

export interface Fence {
  readonly lease: string;
  readonly token: number;
}

/** `conflict`: a version was not as expected; read again and decide anew. Nothing was written. */
export type CommitResult = 'committed' | 'conflict' | 'fenced';

export interface RangeQuery {
  readonly from?: number;
  readonly upTo?: number;
  readonly limit: number;
}

export interface Scored {
  readonly member: string;
  readonly score: number;
}

export interface StreamEntry {
  /** Opaque; as text it sorts as the stream does. */
  readonly id: string;
  readonly value: Json;
}

export interface Lease {
  readonly held: true;
  readonly token: number;
}

export interface LeaseHeld {
  readonly held: false;
  readonly by: string;
}

export interface StoreHealth {
  readonly reachable: boolean;
  /** Why it cannot be reached or takes no writes, in words for the operator; left out while it does. */
  readonly problem?: string | undefined;
  /** What survives the loss of the store's process; `memory` survives nothing. */
  readonly durability: 'always' | 'every-second' | 'snapshot' | 'memory';
  /** In words for the operator: what to change, where something is weaker than promised. */
  readonly warnings: readonly string[];
}

const unavailable = Symbol.for('flux-chatops.store-unavailable');

/** Marks an error as "the store is away or did not answer in time". */
export const storeUnavailable = (message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { [unavailable]: true });

export const isStoreUnavailable = (error: unknown): boolean =>
  error instanceof Error && unavailable in error;
