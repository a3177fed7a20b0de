import { deepStrictEqual } from 'node:assert';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type AuditEntry, emptyChain, headOf, nextEntry, verifyChain } from '#src/audit/chain.ts';

const key = 'a key';
const chainOf = (details: readonly string[], secret = key): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (const detail of details) {
    const last = entries.at(-1);
    const fact = { at: 1, kind: 'decided', detail, left: undefined };
    entries.push(nextEntry(last === undefined ? emptyChain : headOf(last), fact, secret));
  }
  return entries;
};

const details = fc.array(fc.string(), { minLength: 2, maxLength: 8 });

describe('the audit chain', () => {
  test.prop([details])('is right as it was written, and after a way through JSON', (texts) => {
    const entries = chainOf(texts);
    const read = JSON.parse(JSON.stringify(entries)) as AuditEntry[];
    expect(verifyChain(read, key, emptyChain)).toEqual({
      ok: true,
      value: headOf(entries.at(-1) as AuditEntry),
    });
  });

  it('does not depend on the order of keys', () => {
    const [entry] = chainOf(['a']);
    const { at, kind, ...rest } = entry?.fact ?? { at: 0, kind: '' };
    const reordered = { ...(entry as AuditEntry), fact: { ...rest, kind, at } };
    expect(verifyChain([reordered], key, emptyChain).ok).toBe(true);
  });

  test.prop([details, fc.nat(), fc.string()])('shows each changed fact', (texts, where, other) => {
    const at = where % texts.length;
    fc.pre(texts[at] !== other);
    const entries = chainOf(texts).map((entry, index) =>
      index === at ? { ...entry, fact: { ...entry.fact, detail: other } } : entry,
    );
    expect(verifyChain(entries, key, emptyChain)).toEqual({
      ok: false,
      failure: { seq: at + 1, what: 'changed' },
    });
  });

  test.prop([details, fc.nat()])('shows each entry that was taken out', (texts, where) => {
    const at = where % (texts.length - 1);
    const entries = chainOf(texts).filter((_, index) => index !== at);
    expect(verifyChain(entries, key, emptyChain)).toEqual({
      ok: false,
      failure: { seq: at + 1, what: 'missing' },
    });
  });

  it('shows entries that changed places, even when their numbers were changed, too', () => {
    const [first, second] = chainOf(['a', 'b']) as [AuditEntry, AuditEntry];
    expect(verifyChain([second, first], key, emptyChain).ok).toBe(false);
    const renumbered = [
      { ...second, seq: 1, previous: '' },
      { ...first, seq: 2, previous: second.mac },
    ];
    expect(verifyChain(renumbered, key, emptyChain).ok).toBe(false);
  });

  it('shows an entry that was made without the key', () => {
    expect(verifyChain(chainOf(['a'], 'another key'), key, emptyChain).ok).toBe(false);
  });

  it('can begin later, where older entries were let go', () => {
    const later = chainOf(['a', 'b', 'c']).slice(1);
    expect(verifyChain(later, key, undefined).ok).toBe(true);
    expect(verifyChain(later, key, emptyChain).ok).toBe(false);
  });

  it('shows entries that all got other numbers, also where older ones were let go', () => {
    const renumbered = chainOf(['a', 'b']).map((entry) => ({ ...entry, seq: entry.seq + 1 }));
    expect(verifyChain(renumbered, key, undefined)).toEqual({
      ok: false,
      failure: { seq: 2, what: 'changed' },
    });
  });

  it('shows another beginning where older ones were let go', () => {
    const [, second] = chainOf(['a', 'b']) as [AuditEntry, AuditEntry];
    expect(verifyChain([second], key, undefined).ok).toBe(true);
    expect(verifyChain([{ ...second, previous: '' }], key, undefined)).toEqual({
      ok: false,
      failure: { seq: 2, what: 'changed' },
    });
  });

  it('shows an entry that follows another one than it did', () => {
    const [first] = chainOf(['a']) as [AuditEntry];
    const [, other] = chainOf(['x', 'b']) as [AuditEntry, AuditEntry];
    expect(verifyChain([first, other], key, emptyChain)).toEqual({
      ok: false,
      failure: { seq: 2, what: 'changed' },
    });
  });

  it('shows a mac of another length', () => {
    const [first] = chainOf(['a']) as [AuditEntry];
    expect(verifyChain([{ ...first, mac: '' }], key, emptyChain).ok).toBe(false);
  });

  test.prop([fc.jsonValue(), fc.jsonValue()])('tells facts apart', (left, right) => {
    const written = JSON.stringify(left);
    fc.pre(written !== JSON.stringify(right));
    const fact = (detail: unknown) => ({ at: 1, kind: 'decided', detail });
    const entry = nextEntry(emptyChain, fact(left), key);
    const other = { ...entry, fact: { ...entry.fact, detail: right } };
    expect(verifyChain([entry], key, emptyChain).ok).toBe(true);
    expect(verifyChain([other], key, emptyChain).ok).toBe(sameJson(left, right));
  });
});

/** The same but for the order of keys. */
const sameJson = (left: unknown, right: unknown): boolean => {
  try {
    deepStrictEqual(JSON.parse(JSON.stringify(left)), JSON.parse(JSON.stringify(right)));
    return true;
  } catch {
    return false;
  }
};
