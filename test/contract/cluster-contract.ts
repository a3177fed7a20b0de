import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectLock, Observation } from '#src/cluster/cluster.ts';
import type { FluxObject } from '#src/flux/object.ts';
import {
  eventually,
  kustomization,
  kustomizationRef,
  type World,
} from '#test/contract/cluster-worlds.ts';

const token = 'reconcile.fluxcd.io/requestedAt';
const reason = 'flux-chatops.dev/reason';
const ref = kustomizationRef('app');

/** What every {@link Cluster} promises; `start` gives one that is empty. */
export const clusterContract = (name: string, start: () => Promise<World>): void => {
  describe(name, () => {
    let world: World;
    let heard: Observation[];

    beforeEach(async () => {
      world = await start();
      heard = [];
      await eventually(() => expect(world.cluster.freshness().synced).toBe(true));
      world.cluster.subscribe((observation) => heard.push(observation));
    });
    afterEach(() => world.close());

    const cached = async (): Promise<FluxObject> => {
      await eventually(() => expect(world.cluster.cached(ref)).toBeDefined());
      const object = world.cluster.cached(ref);
      if (object === undefined) {
        throw new Error('not cached');
      }
      return object;
    };
    const lockOn = async (): Promise<ObjectLock> => {
      const { uid, generation, suspended } = await cached();
      return { uid, generation, suspended };
    };

    it('tells what comes, changes and goes', async () => {
      await world.put(kustomization('app'));
      await world.put(kustomization('app', { path: './apps' }));
      const { uid } = await cached();
      await eventually(() => expect(world.cluster.cached(ref)?.path).toBe('./apps'));
      await world.remove(kustomization('app'));
      await eventually(() => expect(world.cluster.cached(ref)).toBeUndefined());
      expect(heard.at(-1)).toEqual({ type: 'gone', cluster: 'infra', epoch: 1, ref, uid });
      const paths = heard.flatMap((one) => (one.type === 'object' ? [one.object.path] : []));
      expect(paths).toEqual([undefined, './apps']);
    });

    it('is fresh: no problem, heard of just now', async () => {
      const { heardAt, problem } = world.cluster.freshness();
      expect(problem).toBeUndefined();
      expect(Date.now() - (heardAt ?? 0)).toBeLessThan(10_000);
    });

    it('tells what was missed: changes, then deletions, then that the list is complete', async () => {
      await world.put(kustomization('app'));
      await world.put(kustomization('old'));
      await eventually(() => expect(world.cluster.objects()).toHaveLength(2));
      heard.length = 0;
      await world.miss(async () => {
        await world.put(kustomization('app', { path: './new' }));
        await world.remove(kustomization('old'));
      });
      await eventually(() => expect(world.cluster.objects()).toHaveLength(1));
      expect(world.cluster.cached(ref)?.path).toBe('./new');
      const told = heard.flatMap((one) => (one.type === 'gone' ? [one.ref.name] : []));
      expect(told).toEqual(['old']);
    });

    it('starts a new epoch when its API server was restored, and believes the older versions', async () => {
      await world.put(kustomization('app', { path: './old' }));
      await cached();
      const restore = world.moment();
      await world.put(kustomization('app', { path: './new' }));
      await world.put(kustomization('late'));
      await eventually(() => expect(world.cluster.objects()).toHaveLength(2));
      const epoch = world.cluster.epoch();
      await restore();
      await eventually(() => {
        expect(world.cluster.cached(ref)?.path).toBe('./old');
        expect(world.cluster.objects()).toHaveLength(1);
      });
      expect(world.cluster.epoch()).toBeGreaterThan(epoch);
      const last = heard.findLast((one) => one.type === 'object');
      expect(last).toMatchObject({ object: { path: './old' } });
      expect(last?.epoch).toBeGreaterThan(epoch);
    });

    it.each([
      ['an object without annotations', {}],
      ['one that has some', { annotations: { 'example.com/kept': 'yes' } }],
    ])('annotates %s, in one new version', async (_, metadata) => {
      await world.put(kustomization('app', {}, metadata));
      const before = await cached();
      const set = await world.cluster.annotate(
        ref,
        { [token]: 'now', [reason]: 'a/b~c' },
        await lockOn(),
      );
      expect(set).toMatchObject({
        ok: true,
        value: {
          generation: before.generation,
          annotations: { [token]: 'now', [reason]: 'a/b~c' },
        },
      });
      await eventually(() => expect(world.cluster.cached(ref)?.annotations[token]).toBe('now'));
      const removed = await world.cluster.annotate(
        ref,
        { [reason]: null, 'flux-chatops.dev/never-set': null },
        await lockOn(),
      );
      expect(removed).toMatchObject({ ok: true, value: { annotations: { [token]: 'now' } } });
    });

    it('suspends by the field and resumes by removing it, with annotations', async () => {
      await world.put(kustomization('app'));
      const lock = await lockOn();
      const suspended = await world.cluster.setSuspended(ref, true, { [reason]: 'why' }, lock);
      expect(suspended).toMatchObject({
        ok: true,
        value: {
          suspended: true,
          generation: (lock.generation ?? 0) + 1,
          annotations: { [reason]: 'why' },
        },
      });
      await eventually(() => expect(world.cluster.cached(ref)?.suspended).toBe(true));
      const again = await world.cluster.setSuspended(ref, true, {}, lock);
      expect(again).toEqual({ ok: false, failure: { code: 'changed', what: 'it was suspended' } });
      const resumed = await world.cluster.setSuspended(
        ref,
        false,
        { [reason]: null },
        await lockOn(),
      );
      expect(resumed).toMatchObject({ ok: true, value: { suspended: false, annotations: {} } });
    });

    it('refuses to act on another life of the object, and on a missing one', async () => {
      await world.put(kustomization('app'));
      const lock = await lockOn();
      await world.remove(kustomization('app'));
      await eventually(() => expect(world.cluster.cached(ref)).toBeUndefined());
      expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toEqual({
        ok: false,
        failure: { code: 'not-found' },
      });
      await world.put(kustomization('app'));
      expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toEqual({
        ok: false,
        failure: { code: 'changed', what: 'it was deleted and created again' },
      });
    });

    it('refuses to act on another spec than was agreed', async () => {
      await world.put(kustomization('app'));
      const { uid } = await cached();
      const answer = await world.cluster.annotate(ref, { [token]: 'now' }, { uid, generation: 77 });
      expect(answer).toMatchObject({ ok: false, failure: { code: 'changed' } });
      expect((await world.cluster.read(ref)).ok).toBe(true);
      expect(world.cluster.cached(ref)?.annotations).toEqual({});
    });

    it('reads one object as it is now', async () => {
      await world.put(kustomization('app', { path: './apps' }));
      expect(await world.cluster.read(ref)).toMatchObject({ ok: true, value: { path: './apps' } });
      expect(await world.cluster.read(kustomizationRef('none'))).toEqual({
        ok: false,
        failure: { code: 'not-found' },
      });
    });

    it('names the right it lacks', async () => {
      await world.put(kustomization('app'));
      const lock = await lockOn();
      world.forbidPatch();
      expect(await world.cluster.annotate(ref, { [token]: 'now' }, lock)).toEqual({
        ok: false,
        failure: {
          code: 'forbidden',
          right: 'patch kustomizations.kustomize.toolkit.fluxcd.io in namespace media',
        },
      });
    });

    it('says how workloads are, and the first reason of one that is not up', async () => {
      const labels = { app: 'web' };
      await world.put({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace: 'media', name: 'web', generation: 1 },
        spec: { replicas: 3, selector: { matchLabels: labels } },
        status: { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 1 },
      });
      await world.put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'media', name: 'web-1', labels },
        spec: { containers: [] },
        status: {
          phase: 'Pending',
          containerStatuses: [
            {
              state: { waiting: { reason: 'ImagePullBackOff', message: 'tag not found' } },
              lastState: {},
            },
          ],
        },
      });
      expect(
        await world.cluster.workloads([
          'media_web_apps_Deployment',
          'media_app_kustomize.toolkit.fluxcd.io_Kustomization',
          'media_gone_apps_StatefulSet',
        ]),
      ).toEqual({
        ok: true,
        value: [
          {
            name: 'Deployment/media/web',
            healthy: false,
            detail: '1 of 3 ready, ImagePullBackOff: tag not found',
          },
          { name: 'StatefulSet/media/gone', healthy: false, detail: 'does not exist' },
        ],
      });
    });

    it('knows who it is and what it may', async () => {
      const who = await world.cluster.whoAmI();
      expect(who.ok && who.value.username).toBeTruthy();
      const right = { verb: 'get', group: 'apps', resource: 'deployments', namespace: 'media' };
      expect(await world.cluster.mayI(right)).toEqual({ ok: true, value: true });
    });

    it('stops telling whoever asks for it, and nobody else', async () => {
      const other: Observation[] = [];
      const stop = world.cluster.subscribe((observation) => other.push(observation));
      stop();
      await world.put(kustomization('app'));
      await cached();
      expect(other).toEqual([]);
      expect(heard).toHaveLength(1);
    });
  });
};
