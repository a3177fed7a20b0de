import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectLock } from '#src/cluster/cluster.ts';
import {
  eventually,
  kustomization,
  kustomizationRef,
  type ServerWorld,
  serverWorld,
} from '#test/contract/cluster-worlds.ts';

const ref = kustomizationRef('app');
const token = 'reconcile.fluxcd.io/requestedAt';
const address = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  namespace: 'media',
  name: 'app',
};

describe('an act on a real API server', () => {
  let world: ServerWorld;
  let lock: ObjectLock;

  beforeEach(async () => {
    world = await serverWorld({ deadlineMs: 2_000 });
    world.put(kustomization('app'));
    await eventually(() => expect(world.cluster.cached(ref)).toBeDefined());
    const object = world.cluster.cached(ref);
    lock = { uid: object?.uid ?? '', generation: object?.generation };
  });
  afterEach(() => world.close());

  const annotation = (): string | undefined =>
    world.server.objects.get(address)?.metadata.annotations?.[token];
  /** Patches wait at the server's door until they are let in. */
  const holdPatches = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    world.server.faults.set({ hold: { verb: 'patch', until: promise } });
    return { letIn: resolve };
  };
  const patches = () => world.server.requests().filter(({ verb }) => verb === 'patch');

  it('owns only what it set, as flux-chatops', async () => {
    await world.cluster.annotate(ref, { [token]: 'now' }, lock);
    await world.cluster.setSuspended(ref, true, {}, lock);
    const owners = JSON.stringify(world.server.objects.get(address)?.metadata['managedFields']);
    const ours: unknown = JSON.parse(owners).find(
      ({ manager }: { manager: string }) => manager === 'flux-chatops',
    );
    expect(ours).toMatchObject({
      operation: 'Update',
      fieldsV1: { 'f:metadata': { 'f:annotations': {} }, 'f:spec': { 'f:suspend': {} } },
    });
    expect(patches().map(({ userAgent }) => userAgent)).toEqual(['flux-chatops', 'flux-chatops']);
  });

  it('removes the field when it resumes, also where it was false', async () => {
    world.put(kustomization('app', { suspend: false }));
    const generation = world.server.objects.get(address)?.metadata.generation;
    const now = { ...lock, generation, suspended: false };
    expect(await world.cluster.setSuspended(ref, false, {}, now)).toMatchObject({ ok: true });
    expect(world.server.objects.get(address)?.['spec']).not.toHaveProperty('suspend');
  });

  it('is not disturbed by a controller that writes status all the time', async () => {
    let writes = 0;
    const writing = setInterval(() => {
      writes += 1;
      const live = world.server.objects.get(address);
      if (live !== undefined) {
        world.put({ ...live, status: { observedGeneration: writes } });
      }
    }, 1);
    const answers: boolean[] = [];
    for (let act = 0; act < 50; act += 1) {
      const answer = await world.cluster.annotate(ref, { [token]: `t${act}` }, lock);
      answers.push(answer.ok);
    }
    clearInterval(writing);
    expect(writes).toBeGreaterThan(20);
    expect(answers).toEqual(Array.from({ length: 50 }, () => true));
  });

  it('says what changed when the object changes between reading and writing', async () => {
    const door = holdPatches();
    const answer = world.cluster.annotate(ref, { [token]: 'now' }, lock);
    await eventually(() => expect(patches()).toHaveLength(1));
    world.put(kustomization('app', { path: './other' }));
    door.letIn();
    expect(await answer).toMatchObject({
      ok: false,
      failure: { code: 'changed', what: expect.stringMatching(/^its spec was changed/) },
    });
    expect(annotation()).toBeUndefined();
  });

  it('tries again when what changed in between is none of its business', async () => {
    const door = holdPatches();
    const answer = world.cluster.annotate(ref, { [token]: 'now' }, lock);
    await eventually(() => expect(patches()).toHaveLength(1));
    // the map of annotations was absent when it was read
    const live = world.server.objects.get(address);
    world.server.faults.clear();
    if (live !== undefined) {
      world.put({ ...live, metadata: { ...live.metadata, annotations: { 'example.com/a': 'b' } } });
    }
    door.letIn();
    expect(await answer).toMatchObject({ ok: true });
    expect(world.server.objects.get(address)?.metadata.annotations).toEqual({
      'example.com/a': 'b',
      [token]: 'now',
    });
    expect(patches()).toHaveLength(2);
  });

  it('does not claim to know when the answer to a write is lost', async () => {
    world.server.faults.set({ loseReply: { verb: 'patch' } });
    expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toMatchObject({
      ok: false,
      failure: { code: 'no-reply' },
    });
    expect(annotation()).toBe('now');
    expect(patches()).toHaveLength(1);
  });

  it('does not claim to know when a write takes too long', async () => {
    world.server.faults.set({ slow: { verb: 'patch', ms: 5_000 } });
    expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toMatchObject({
      ok: false,
      failure: { code: 'no-reply' },
    });
  });

  it('knows that nothing was done when nobody listens', async () => {
    await world.server.faults.down();
    expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toMatchObject({
      ok: false,
      failure: { code: 'unreachable', detail: expect.stringMatching(/ECONNREFUSED/) },
    });
    await world.server.faults.up();
    expect(annotation()).toBeUndefined();
  });

  it('names the missing right of a read of workloads', async () => {
    world.server.faults.set({ forbid: { resource: 'deployments' } });
    expect(await world.cluster.workloads(['media_web_apps_Deployment'])).toEqual({
      ok: false,
      failure: { code: 'forbidden', right: 'list deployments.apps in namespace media' },
    });
  });

  it('never asks for Secrets', async () => {
    await world.cluster.workloads(['media_web_apps_Deployment', 'media_key__Secret']);
    const asked = new Set(world.server.requests().map(({ resource }) => resource));
    expect(asked).not.toContain('secrets');
    expect(asked).toContain('kustomizations');
  });
});
