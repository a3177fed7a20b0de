import { describe, expect, it } from 'vitest';
import { groupVersions, servedKinds } from '#src/cluster/discovery.ts';

const group = 'source.toolkit.fluxcd.io';
const verbs = ['get', 'list', 'watch', 'patch'];
const resources = (...names: readonly string[]) => ({
  resources: names.flatMap((name) => [
    { name, verbs },
    { name: `${name}/status`, verbs: ['get', 'patch'] },
  ]),
});

describe('where kinds are served', () => {
  it('asks for the versions of our groups only, the preferred one first', () => {
    const groups = [
      { name: 'apps', versions: [{ version: 'v1' }] },
      {
        name: group,
        versions: [{ version: 'v1' }, { version: 'v1beta2' }],
        preferredVersion: { version: 'v1beta2' },
      },
    ];
    expect(groupVersions({ groups })).toEqual([
      { group, version: 'v1beta2' },
      { group, version: 'v1' },
    ]);
    expect(groupVersions('404 page not found')).toBeUndefined();
  });

  it('finds each kind in the first version that has it', () => {
    const served = servedKinds([
      { group, version: 'v1', wire: resources('gitrepositories', 'buckets') },
      { group, version: 'v1beta2', wire: resources('gitrepositories', 'ocirepositories') },
    ]);
    expect(served.get('GitRepository')?.version).toBe('v1');
    expect(served.get('OCIRepository')?.version).toBe('v1beta2');
    expect(served.has('HelmChart')).toBe(false);
  });

  it('leaves out what cannot be watched', () => {
    const wire = { resources: [{ name: 'buckets', verbs: ['get'] }] };
    expect(servedKinds([{ group, version: 'v1', wire }]).size).toBe(0);
  });
});
