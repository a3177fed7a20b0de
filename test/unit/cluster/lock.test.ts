import { describe, expect, it } from 'vitest';
import type { ObjectLock } from '#src/cluster/cluster.ts';
import { brokenLock } from '#src/cluster/lock.ts';
import { fluxObject } from '#test/fakes/flux-objects.ts';

const object = fluxObject('healthy', { generation: 3, annotations: { asked: 'one' } });

describe('the lock of an act', () => {
  it.each<Omit<ObjectLock, 'uid'>>([
    {},
    { suspended: false },
    { generation: 3 },
    { annotation: { key: 'asked', value: 'one' } },
    { annotation: { key: 'other', value: undefined } },
    { suspended: false, generation: 3, annotation: { key: 'asked', value: 'one' } },
  ])('holds with %o', (lock) => {
    expect(brokenLock({ uid: 'uid-1', ...lock }, object)).toBeUndefined();
  });

  it.each<[ObjectLock, string]>([
    [{ uid: 'uid-0' }, 'it was deleted and created again'],
    [{ uid: 'uid-1', suspended: true }, 'it was resumed'],
    [{ uid: 'uid-1', generation: 2 }, 'its spec was changed (generation 3, not 2)'],
    [
      { uid: 'uid-1', annotation: { key: 'asked', value: 'two' } },
      'its annotation asked was changed',
    ],
    [
      { uid: 'uid-1', annotation: { key: 'asked', value: undefined } },
      'its annotation asked was changed',
    ],
  ])('is broken with %o', (lock, why) => {
    expect(brokenLock(lock, object)).toBe(why);
  });

  it('says that it was suspended', () => {
    const suspended = fluxObject('healthy', { suspended: true });
    expect(brokenLock({ uid: 'uid-1', suspended: false }, suspended)).toBe('it was suspended');
  });
});
