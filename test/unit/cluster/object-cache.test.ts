import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Observation } from '#src/cluster/cluster.ts';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import { compareVersions } from '#src/cluster/versions.ts';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { foldObservations, versionsOf } from '#test/contract/cluster-fold.ts';

const object = (name: string, uid: string, version: number): FluxObject => {
  const parsed = parseFluxObject({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: {
      namespace: 'media',
      name,
      uid,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-23T10:00:00Z',
    },
  });
  if (parsed === undefined) {
    throw new Error('no object');
  }
  return parsed;
};

const started = () => {
  const cache = createObjectCache('infra');
  const heard: Observation[] = [];
  cache.subscribe((observation) => heard.push(observation));
  return { cache, heard };
};

const said = (heard: readonly Observation[]): readonly string[] =>
  heard.map((one) => {
    const what = one.type === 'object' ? one.object.resourceVersion : '';
    return `${one.epoch} ${one.type} ${what}`.trim();
  });

describe('versions', () => {
  it('compare as numbers of any length; what is no number is unknown', () => {
    expect(compareVersions('9', '10')).toBeLessThan(0);
    expect(compareVersions('90071992547409931', '90071992547409930')).toBeGreaterThan(0);
    expect(compareVersions('10', '10')).toBe(0);
    expect(compareVersions('abc', '10')).toBe(0);
  });
});

describe('the cache of a cluster', () => {
  it('tells the end of one life before the next', () => {
    const { cache, heard } = started();
    cache.put(object('a', 'u1', 1));
    cache.put(object('a', 'u2', 5));
    expect(heard.slice(1)).toMatchObject([
      { type: 'gone', uid: 'u1' },
      { type: 'object', object: { uid: 'u2' } },
    ]);
  });

  it('does not let a late deletion of one life end the next', () => {
    const { cache, heard } = started();
    cache.put(object('a', 'u2', 5));
    cache.remove(object('a', 'u1', 4));
    expect(cache.objects()).toHaveLength(1);
    expect(said(heard)).toEqual(['1 object 5']);
  });

  it('tells of a list only what is new, then that it is complete', () => {
    const { cache, heard } = started();
    cache.replace('Kustomization', [object('a', 'u1', 1), object('b', 'u2', 2)], '2');
    heard.length = 0;
    cache.replace('Kustomization', [object('a', 'u1', 3)], '4');
    expect(said(heard)).toEqual(['1 object 3', '1 gone', '1 listed']);
    heard.length = 0;
    cache.replace('Kustomization', [object('a', 'u1', 3)], '4');
    expect(said(heard)).toEqual(['1 listed']);
  });

  it.each([
    ['the list is older than what was heard', [object('a', 'u1', 3)], '8'],
    ['an object is older although the list is newer', [object('a', 'u1', 2)], '20'],
  ])('starts a new epoch when %s, and says all again', (_, objects, version) => {
    const { cache, heard } = started();
    cache.replace('Kustomization', [object('a', 'u1', 3)], '4');
    cache.reached('Kustomization', '9');
    heard.length = 0;
    expect(cache.replace('Kustomization', objects, version)).toBe(true);
    expect(said(heard)).toEqual([`2 object ${objects[0]?.resourceVersion}`, '2 listed']);
    expect(cache.epoch()).toBe(2);
    expect(cache.version('Kustomization')).toBe(version);
  });

  it('starts a new epoch once the server was seen behind, although it has caught up', () => {
    const { cache, heard } = started();
    cache.replace('Kustomization', [object('a', 'u1', 3)], '4');
    heard.length = 0;
    cache.wentBack('Kustomization');
    cache.replace('Kustomization', [object('a', 'u1', 3)], '9');
    expect(said(heard)).toEqual(['2 object 3', '2 listed']);
  });

  it('tells that all is gone when a kind is no longer served, and knows nothing of it then', () => {
    const { cache, heard } = started();
    cache.replace('Kustomization', [object('a', 'u1', 3), object('b', 'u2', 4)], '4');
    heard.length = 0;
    cache.drop('Kustomization');
    expect(heard).toMatchObject([
      { type: 'gone', cluster: 'infra', uid: 'u1' },
      { type: 'gone', cluster: 'infra', uid: 'u2' },
      { type: 'listed', cluster: 'infra', kind: 'Kustomization' },
    ]);
    expect(cache.objects()).toEqual([]);
    expect(cache.version('Kustomization')).toBeUndefined();
    cache.drop('HelmRelease');
    expect(heard.slice(3)).toMatchObject([{ type: 'listed', kind: 'HelmRelease' }]);
  });

  it('knows the newest version that was heard of, whatever it was heard by', () => {
    const { cache } = started();
    cache.put(object('a', 'u1', 3));
    expect(cache.version('Kustomization')).toBe('3');
    cache.remove(object('a', 'u1', 5));
    expect(cache.version('Kustomization')).toBe('5');
    cache.remove(object('b', 'u2', 4));
    cache.reached('Kustomization', '9');
    cache.put(object('a', 'u1', 7));
    expect(cache.version('Kustomization')).toBe('9');
  });

  it('was seen behind once, and not for good', () => {
    const { cache } = started();
    cache.replace('Kustomization', [], '4');
    cache.wentBack('Kustomization');
    expect(cache.replace('Kustomization', [], '9')).toBe(true);
    expect(cache.replace('Kustomization', [], '10')).toBe(false);
    expect(cache.epoch()).toBe(2);
  });

  it('tells nothing to whoever left', () => {
    const { cache } = started();
    const heard: Observation[] = [];
    const stop = cache.subscribe((observation) => heard.push(observation));
    cache.put(object('a', 'u1', 1));
    stop();
    cache.put(object('a', 'u1', 2));
    expect(heard).toMatchObject([{ type: 'object', cluster: 'infra' }]);
  });

  it('goes on telling the others when one leaves while it is told', () => {
    const { cache, heard } = started();
    const stop = cache.subscribe(() => stop());
    cache.put(object('a', 'u1', 1));
    cache.put(object('a', 'u1', 2));
    expect(heard).toHaveLength(2);
  });

  test.prop([
    fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('put' as const), name: fc.nat(2), uid: fc.nat(2) }),
        fc.record({ do: fc.constant('remove' as const), name: fc.nat(2), uid: fc.nat(2) }),
        fc.record({ do: fc.constant('list' as const), names: fc.uniqueArray(fc.nat(2)) }),
        fc.record({ do: fc.constant('back' as const), names: fc.uniqueArray(fc.nat(2)) }),
      ),
    ),
  ])('tells all that whoever only listens needs to hold the same', (steps) => {
    const { cache, heard } = started();
    let version = 1_000;
    for (const step of steps) {
      version += step.do === 'back' ? -50 : 1;
      if (step.do === 'put') {
        cache.put(object(`n${step.name}`, `u${step.uid}`, version));
      } else if (step.do === 'remove') {
        cache.remove(object(`n${step.name}`, `u${step.uid}`, version));
      } else {
        const objects = step.names.map((name) => object(`n${name}`, 'u0', version));
        cache.replace('Kustomization', objects, String(version));
      }
    }
    expect(foldObservations(heard)).toEqual(versionsOf(cache.objects()));
  });
});
