import { describe, expect, it } from 'vitest';
import { patchOperations } from '#src/cluster/json-patch.ts';

const key = 'reconcile.fluxcd.io/requestedAt';
const path = '/metadata/annotations/reconcile.fluxcd.io~1requestedAt';
const uid = { op: 'test', path: '/metadata/uid', value: 'u1' };
const lock = { uid: 'u1' };

const change = (annotations: Record<string, string | null>, suspended?: boolean) => ({
  annotations,
  suspended,
});

describe('a change written as a JSON patch', () => {
  it('tests all that the lock names before it changes anything', () => {
    const target = { metadata: {}, spec: { suspend: false } };
    const full = { uid: 'u1', generation: 4, suspended: false };
    expect(patchOperations(target, change({}, true), full)).toEqual([
      uid,
      { op: 'test', path: '/metadata/generation', value: 4 },
      { op: 'test', path: '/spec/suspend', value: false },
      { op: 'add', path: '/spec/suspend', value: true },
    ]);
  });

  it('brings the whole map where there is none, and tests that it is still so', () => {
    expect(patchOperations({ metadata: {} }, change({ [key]: 't', gone: null }), lock)).toEqual([
      uid,
      { op: 'test', path: '/metadata/annotations', value: null },
      { op: 'add', path: '/metadata/annotations', value: { [key]: 't' } },
    ]);
  });

  it('removes only what is there', () => {
    const target = { metadata: { annotations: { [key]: 'old' } } };
    expect(patchOperations(target, change({ [key]: null, other: null }), lock)).toEqual([
      uid,
      { op: 'remove', path },
    ]);
  });

  it('resumes by removing the field, and does nothing where it is absent', () => {
    const suspended = { metadata: {}, spec: { suspend: true } };
    expect(patchOperations(suspended, change({}, false), { ...lock, suspended: true })).toEqual([
      uid,
      { op: 'test', path: '/spec/suspend', value: true },
      { op: 'remove', path: '/spec/suspend' },
    ]);
    expect(patchOperations({ metadata: {}, spec: {} }, change({}, false), lock)).toEqual([uid]);
  });
});
