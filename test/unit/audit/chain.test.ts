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
});
