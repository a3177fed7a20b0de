import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { fail, ok, type Result } from '#src/result.ts';
import type { Json } from '#src/store/store.ts';

/** Something that happened and must stay known; further fields as its kind has them, all JSON. */
export interface AuditedFact {
  /** ms since the epoch. */
  readonly at: number;
  /** `decided`, `settled`, `webhook-refused`, … */
  readonly kind: string;
}

/** A fact in the chain: each mac covers the one before, so nothing can be changed, left out or moved. */
export const AuditEntry = z.object({
  /** 1, 2, 3, … without a gap. */
  seq: z.number(),
  fact: z.looseObject({ at: z.number(), kind: z.string() }),
  /** The mac of the entry before; empty at the first. */
  previous: z.string(),
  mac: z.string(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

/** Where the chain ends. */
export const AuditHead = z.object({ seq: z.number(), mac: z.string() });
export type AuditHead = z.output<typeof AuditHead>;

export const emptyChain: AuditHead = { seq: 0, mac: '' };

/** JSON that does not depend on the order of keys, since a store need not keep it. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value);
};

const macOf = (entry: Omit<AuditEntry, 'mac'>, key: string | Uint8Array): string =>
  createHmac('sha256', key)
    .update(canonical([entry.seq, entry.previous, entry.fact]))
    .digest('hex');

const sameMac = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));

/**
 * The entry that follows `head`.
 * @param key - never kept in the store, so whoever can write there cannot forge an entry
 */
export const nextEntry = (
  head: AuditHead,
  fact: AuditedFact,
  key: string | Uint8Array,
): AuditEntry => {
  // as the store will give it back
  const kept = AuditEntry.shape.fact.parse(JSON.parse(JSON.stringify(fact)));
  const entry = { seq: head.seq + 1, fact: kept, previous: head.mac };
  return { ...entry, mac: macOf(entry, key) };
};

export const headOf = ({ seq, mac }: AuditEntry): AuditHead => ({ seq, mac });

/** The first entry that is not as it was written, and in which way. */
export interface ChainProblem {
  readonly seq: number;
  readonly what: 'missing' | 'changed' | 'cut off';
}

/**
 * Checks entries in the order of the chain.
 * @param after - the entry before the first; undefined where older ones were let go by retention
 * @returns where the chain ends now, or the first problem
 */
export const verifyChain = (
  entries: readonly AuditEntry[],
  key: string | Uint8Array,
  after: AuditHead | undefined,
): Result<AuditHead | undefined, ChainProblem> => {
  let head = after;
  for (const entry of entries) {
    if (head !== undefined && entry.seq !== head.seq + 1) {
      return fail({ seq: head.seq + 1, what: 'missing' });
    }
    const genuine = sameMac(entry.mac, macOf(entry, key));
    if (!genuine || (head !== undefined && entry.previous !== head.mac)) {
      return fail({ seq: entry.seq, what: 'changed' });
    }
    head = headOf(entry);
  }
  return ok(head);
};

/** The entry as the store keeps it. */
export const entryJson = (entry: AuditEntry): Json => entry as unknown as Json;
