import { describe, expect, it } from 'vitest';
import type { Observation } from '#src/cluster/cluster.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import { printRef } from '#src/flux/ref.ts';
import { readRecording } from '#test/fixtures/recordings.ts';

const ref = { kind: 'Kustomization', namespace: 'media', name: 'app' } as const;

const kustomization = (resourceVersion: string, more: object = {}, spec: object = {}) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: {
    namespace: 'media',
    name: 'app',
    uid: 'u1',
    generation: 1,
    creationTimestamp: '2026-11-23T10:00:00Z',
    resourceVersion,
    ...more,
  },
  spec: { interval: '10m', ...spec },
});

const told = (observation: Observation): string => {
  switch (observation.type) {
    case 'object':
      return `${printRef(observation.object.ref)} ${observation.object.resourceVersion}`;
    case 'gone':
      return `${printRef(observation.ref)} ${observation.uid} gone`;
    case 'listed':
      return `${observation.kind} listed`;
    default:
      return observation satisfies never;
  }
};

const start = () => {
  const cluster = createMemoryCluster('infra', () => 1_000);
  const heard: string[] = [];
  cluster.subscribe((observation) => {
    if (observation.type !== 'listed' || observation.kind === 'Kustomization') {
      heard.push(`${observation.epoch}: ${told(observation)}`);
    }
  });
  return { cluster, heard };
};

describe('the cluster in memory', () => {
  it('tells each change once, in order, and keeps the newest', () => {
    const { cluster, heard } = start();
    cluster.applyWatchEvent('ADDED', kustomization('9'));
    cluster.applyWatchEvent('MODIFIED', kustomization('10'));
    cluster.applyWatchEvent('MODIFIED', kustomization('10'));
    cluster.applyWatchEvent('MODIFIED', kustomization('9'));
    expect(heard).toEqual(['1: ks/media/app 9', '1: ks/media/app 10']);
    expect(cluster.cached(ref)?.resourceVersion).toBe('10');
  });

  it('tells what was missed while the watch was cut', () => {
    const { cluster, heard } = start();
    cluster.applyWatchEvent('ADDED', kustomization('5'));
    cluster.cut('no route to host');
    cluster.applyWatchEvent('DELETED', kustomization('6'));
    expect(cluster.cached(ref)?.resourceVersion).toBe('5');
    expect(cluster.freshness()).toMatchObject({ problem: 'no route to host' });
    cluster.reconnect();
    expect(heard.slice(1)).toEqual(['1: ks/media/app u1 gone', '1: Kustomization listed']);
  });

  it('starts a new epoch when the API server comes back with older versions', () => {
    const { cluster, heard } = start();
    cluster.applyWatchEvent('ADDED', kustomization('50'));
    cluster.listAll();
    heard.length = 0;
    cluster.cut('restoring');
    cluster.restore([kustomization('20')]);
    cluster.reconnect();
    expect(heard).toEqual(['2: ks/media/app 20', '2: Kustomization listed']);
    expect(cluster.cached(ref)?.resourceVersion).toBe('20');
  });

  it('sets and removes annotations in one new version, and none when nothing changes', async () => {
    const { cluster, heard } = start();
    cluster.applyWatchEvent('ADDED', kustomization('5'));
    const key = 'reconcile.fluxcd.io/requestedAt';
    const set = await cluster.annotate(ref, { [key]: 'token' }, { uid: 'u1', generation: 1 });
    await cluster.annotate(ref, { [key]: 'token' }, { uid: 'u1' });
    expect(set).toMatchObject({ ok: true, value: { annotations: { [key]: 'token' } } });
    const removed = await cluster.annotate(ref, { [key]: null }, { uid: 'u1' });
    expect(removed).toMatchObject({ ok: true, value: { annotations: {}, generation: 1 } });
    expect(heard.slice(1)).toEqual(['1: ks/media/app 6', '1: ks/media/app 7']);
  });

  it('suspends by the field and resumes by removing it', async () => {
    const { cluster } = start();
    cluster.applyWatchEvent('ADDED', kustomization('5'));
    const suspended = await cluster.setSuspended(ref, true, {}, { uid: 'u1', suspended: false });
    expect(suspended).toMatchObject({ ok: true, value: { suspended: true, generation: 2 } });
    const again = await cluster.setSuspended(ref, true, {}, { uid: 'u1', suspended: false });
    expect(again).toEqual({ ok: false, failure: { code: 'changed', what: 'it was suspended' } });
    const resumed = await cluster.setSuspended(ref, false, {}, { uid: 'u1', suspended: true });
    expect(resumed).toMatchObject({ ok: true, value: { suspended: false, generation: 3 } });
  });

  it.each([
    ['another life', { uid: 'u0' }, 'it was deleted and created again'],
    ['another spec', { uid: 'u1', generation: 3 }, 'its spec was changed (generation 1, not 3)'],
    ['another state', { uid: 'u1', suspended: true }, 'it was resumed'],
  ])('refuses an act that relies on %s', async (_, lock, what) => {
    const { cluster } = start();
    cluster.applyWatchEvent('ADDED', kustomization('5'));
    const answer = await cluster.annotate(ref, { 'flux-chatops.dev/reason': 'why' }, lock);
    expect(answer).toEqual({ ok: false, failure: { code: 'changed', what } });
    expect(cluster.cached(ref)?.resourceVersion).toBe('5');
  });

  it('names the right that is missing', async () => {
    const { cluster } = start();
    const right = {
      verb: 'patch',
      group: 'kustomize.toolkit.fluxcd.io',
      resource: 'kustomizations',
    };
    cluster.applyWatchEvent('ADDED', kustomization('5'));
    cluster.grant(right, false);
    expect(await cluster.annotate(ref, {}, { uid: 'u1' })).toEqual({
      ok: false,
      failure: {
        code: 'forbidden',
        right: 'patch kustomizations.kustomize.toolkit.fluxcd.io in namespace media',
      },
    });
    expect(await cluster.mayI(right)).toEqual({ ok: true, value: false });
  });

  it('holds at the end of a recording what was last said of each object', () => {
    const { cluster } = start();
    const { watch } = readRecording('14-delete-recreate');
    const last = new Map<string, string | undefined>();
    for (const { type, object } of watch) {
      cluster.applyWatchEvent(type, object);
      if (type !== 'BOOKMARK' && object.apiVersion.match(/^(kustomize|helm|source)\./)) {
        const { namespace, name, resourceVersion } = object.metadata;
        const key = `${object.kind}/${namespace}/${name}`;
        last.set(key, type === 'DELETED' ? undefined : resourceVersion);
      }
    }
    const expected = [...last].filter(([, version]) => version !== undefined);
    const held = cluster
      .objects()
      .map((object) => [
        `${object.ref.kind}/${object.ref.namespace}/${object.ref.name}`,
        object.resourceVersion,
      ]);
    expect(expected.length).toBeGreaterThan(0);
    expect(Object.fromEntries(held)).toEqual(Object.fromEntries(expected));
  });
});
