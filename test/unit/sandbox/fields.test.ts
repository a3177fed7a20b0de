import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  changedFields,
  type Fields,
  fieldsOf,
  intersect,
  isEmpty,
  leafPaths,
  removeFields,
  subtract,
  union,
} from '#test/sandbox/api/fields.ts';

const custom = { custom: true, marks: false };
const builtIn = { custom: false, marks: false };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const { fields } = fc.letrec<{ fields: Fields }>((tie) => ({
  fields: fc.dictionary(
    name.map((key) => `f:${key}`),
    fc.oneof({ depthSize: 'small' }, fc.constant({}), tie('fields')),
    { maxKeys: 3 },
  ),
}));
// of one schema: a field is a number always, or a map always, and a map is not empty
const inner = fc.dictionary(name, fc.integer({ min: 0, max: 2 }), {
  minKeys: 1,
  noNullPrototype: true,
});
const record = fc.record(
  { n: fc.integer({ min: 0, max: 2 }), m: fc.integer({ min: 0, max: 2 }), x: inner, y: inner },
  { requiredKeys: [], noNullPrototype: true },
);

describe('owned fields', () => {
  test.prop([fields, fields])('a set less another has nothing of it', (left, right) => {
    expect(isEmpty(intersect(subtract(left, right), right)) || isEmpty(right)).toBe(true);
  });

  test.prop([fields])('joined with themselves are the same, less themselves are none', (set) => {
    expect(union(set, set)).toEqual(set);
    expect(subtract(set, set)).toEqual({});
  });

  test.prop([record, record])(
    'of what was, less what went, and what was set, are all',
    (before, after) => {
      const changes = changedFields(before, after, ['spec'], custom) ?? { set: {}, removed: {} };
      const kept = subtract(fieldsOf(before, ['spec'], custom), changes.removed);

      expect(union(kept, changes.set)).toEqual(fieldsOf(after, ['spec'], custom));
    },
  );

  it('tell the items of a keyed list apart, but not of a custom one', () => {
    const value = { containers: [{ name: 'main', image: 'a' }] };

    expect(fieldsOf(value, ['spec'], builtIn)).toEqual({
      'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
    });
    expect(fieldsOf(value, ['spec'], custom)).toEqual({ 'f:containers': {} });
  });

  it('are written as the server names them in a conflict', () => {
    expect(leafPaths({ 'f:spec': { 'f:a': {}, 'f:b': { 'f:c': {} } } })).toEqual([
      '.spec.a',
      '.spec.b.c',
    ]);
  });

  it('are taken out of a value; a map that becomes empty goes too', () => {
    const value = { spec: { a: 1, b: { c: 2 } } };

    expect(removeFields(value, { 'f:spec': { 'f:b': { 'f:c': {} } } }, [], true)).toEqual({
      spec: { a: 1 },
    });
  });
});
