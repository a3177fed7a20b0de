import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { jsonPatch, mergePatch } from '#test/sandbox/api/patch.ts';
import { statusOf } from '#test/sandbox/api/status.ts';

const codeOf = (act: () => unknown): number | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return statusOf(error)?.code;
  }
};

describe('a merge patch', () => {
  // the examples of RFC 7396, appendix A, as far as the target is an object
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j and %j give %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  test.prop([
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.dictionary(fc.string(), fc.jsonValue()),
  ])('changes nothing the second time', (target, patch) => {
    const once = mergePatch(target, patch);

    expect(mergePatch(once, patch)).toEqual(once);
  });
});

describe('a JSON patch', () => {
  it('adds, replaces, removes, moves and copies, in lists and maps', () => {
    const patched = jsonPatch({ a: [1, 2], b: { c: 'd' }, 'e/f': 1 }, [
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'remove', path: '/a/0' },
      { op: 'replace', path: '/b/c', value: 'x' },
      { op: 'copy', from: '/b/c', path: '/b/g' },
      { op: 'move', from: '/e~1f', path: '/h' },
    ]);

    expect(patched).toEqual({ a: [2, 3], b: { c: 'x', g: 'x' }, h: 1 });
  });

  it('is all or nothing: one failing test refuses it with 422', () => {
    const target = { a: 1 };
    const operations = [
      { op: 'add', path: '/b', value: 2 },
      { op: 'test', path: '/a', value: 9 },
    ];

    expect(codeOf(() => jsonPatch(target, operations))).toBe(422);
    expect(target).toEqual({ a: 1 });
  });

  it.each([
    ['to a map that is not there', { op: 'add', path: '/x/y', value: 1 }, 422],
    ['of a field that is not there', { op: 'remove', path: '/x' }, 422],
    ['beyond the end of a list', { op: 'add', path: '/a/9', value: 1 }, 422],
    ['of an unknown kind', { op: 'frobnicate', path: '/a' }, 422],
  ])('is refused %s', (_, operation, code) => {
    expect(codeOf(() => jsonPatch({ a: [] }, [operation]))).toBe(code);
  });

  it('takes an absent path for null in a test', () => {
    expect(jsonPatch({}, [{ op: 'test', path: '/spec/suspend', value: null }])).toEqual({});
  });
});
