import { afterEach, describe, expect, it } from 'vitest';
import type { Observation } from '#src/cluster/cluster.ts';
import {
  eventually,
  kustomization,
  kustomizationRef,
  type ServerWorld,
  serverWorld,
} from '#test/contract/cluster-worlds.ts';
import { withoutStreamingLists } from '#test/integration/cluster/old-server.ts';
import { definitionOf, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import { virtualClock } from '#test/sandbox/clock.ts';

const ref = kustomizationRef('app');

describe('a cluster whose API server misbehaves', () => {
  let world: ServerWorld;
  afterEach(() => world.close());

  const synced = () => eventually(() => expect(world.cluster.freshness().synced).toBe(true));
  const pathIs = (path: string | undefined) =>
    eventually(() => expect(world.cluster.cached(ref)?.path).toBe(path));
  const listedKustomizations = (): Observation[] => {
    const heard: Observation[] = [];
    world.cluster.subscribe((observation) => {
      if (observation.type === 'listed' && observation.kind === 'Kustomization') {
        heard.push(observation);
      }
    });
    return heard;
  };
  const requests = (has: string): readonly string[] =>
    world.server
      .requests()
      .map(({ path }) => path)
      .filter((path) => path.includes('/kustomizations?') && path.includes(has));

  it('lists again when its past is forgotten in the middle of a watch (410)', async () => {
    world = await serverWorld();
    await synced();
    const lists = listedKustomizations();
    world.server.faults.expireWatches();
    world.put(kustomization('app', { path: './a' }));
    await pathIs('./a');
    expect(lists.length).toBeGreaterThan(0);
    expect(world.cluster.epoch()).toBe(1);
  });

  it.each([
    ['the connection is cut', () => world.server.faults.cutConnections()],
    ['the stream ends without a word', () => world.server.faults.dropWatches()],
  ])('goes on from where it was, without a list, when %s', async (_, fault) => {
    world = await serverWorld();
    world.put(kustomization('app', { path: './a' }));
    await synced();
    await pathIs('./a');
    const lists = listedKustomizations();
    fault();
    world.put(kustomization('app', { path: './b' }));
    await pathIs('./b');
    expect(lists).toEqual([]);
    expect(requests('resourceVersion=').length).toBeGreaterThan(0);
  });

  it('waits while it is told 500, says so, and catches up', async () => {
    world = await serverWorld();
    await synced();
    world.server.faults.set({ fail: { status: 500 } });
    world.server.faults.cutConnections();
    world.put(kustomization('app', { path: './a' }));
    await eventually(() => expect(world.cluster.freshness().problem).toMatch(/answered 500/));
    const before = world.server.requests().length;
    world.server.faults.clear();
    await pathIs('./a');
    await eventually(() => expect(world.cluster.freshness().problem).toBeUndefined());
    // the waits grow: 11 kinds at 10, 20, 40, 80, 100, 100 … ms, two requests each at most
    expect(before).toBeLessThan(3_000);
  });

  it('names the right it lacks, and follows once it is given', async () => {
    world = await serverWorld();
    await synced();
    world.server.faults.set({ forbid: { resource: 'kustomizations' } });
    world.server.faults.cutConnections();
    await eventually(() =>
      expect(world.cluster.freshness().problem).toBe(
        'the right to list and watch kustomizations.kustomize.toolkit.fluxcd.io is missing',
      ),
    );
    world.put(kustomization('app', { path: './a' }));
    world.server.faults.clear();
    await pathIs('./a');
  });

  it('takes a stream that says nothing for dead, and asks again', async () => {
    world = await serverWorld({ silenceMs: 400, listSilenceMs: 2_000 });
    await synced();
    world.server.faults.set({ silence: { resource: 'kustomizations' } });
    world.put(kustomization('app', { path: './a' }));
    await eventually(() => expect(world.cluster.freshness().problem).toMatch(/silent/));
    world.server.faults.clear();
    await pathIs('./a');
  });

  it('waits for a slow server', async () => {
    world = await serverWorld();
    world.server.faults.set({ slow: { ms: 300 } });
    world.put(kustomization('app', { path: './a' }));
    await synced();
    await pathIs('./a');
  });

  it('does not wait without an end: each request has its deadline', async () => {
    world = await serverWorld({ deadlineMs: 200 });
    world.server.faults.set({ slow: { ms: 2_000, verb: 'get' } });
    const started = Date.now();
    expect(await world.cluster.read(ref)).toMatchObject({
      ok: false,
      failure: { code: 'unreachable' },
    });
    expect(Date.now() - started).toBeLessThan(1_500);
  });

  it('notices a restored server although no connection was cut', async () => {
    world = await serverWorld();
    world.put(kustomization('app', { path: './old' }));
    const moment = world.server.storage.version();
    await synced();
    for (let change = 0; change < 20; change += 1) {
      world.put(kustomization('app', { path: `./new-${change}` }));
    }
    world.put(kustomization('late'));
    await pathIs('./new-19');
    world.server.faults.restoreTo(moment);
    await pathIs('./old');
    await eventually(() => expect(world.cluster.objects()).toHaveLength(1));
    expect(world.cluster.epoch()).toBeGreaterThan(1);
    // and what follows counts from there, far below the versions of before
    world.put(kustomization('app', { path: './next' }));
    await pathIs('./next');
  });

  it('follows a kind from the moment its definition comes, and forgets it when that goes', async () => {
    world = await serverWorld();
    const found = world.server.kinds.byPlural('kustomize.toolkit.fluxcd.io', 'kustomizations');
    const kind = found as ResourceKind;
    world.put(kustomization('app', { path: './a' }));
    await synced();
    await pathIs('./a');
    world.server.kinds.remove(kind);
    world.server.faults.cutConnections();
    await pathIs(undefined);
    expect(await world.cluster.read(ref)).toEqual({
      ok: false,
      failure: { code: 'not-served', kind: 'Kustomization' },
    });
    await synced();
    expect(world.cluster.freshness().problem).toBeUndefined();
    world.server.objects.put(definitionOf(kind) as Parameters<typeof world.put>[0]);
    world.server.kinds.add(kind);
    await pathIs('./a');
  });

  it('says so when the cluster knows nothing of Flux', async () => {
    world = await serverWorld();
    for (const kind of world.server.kinds.all().filter(({ group }) => group.includes('fluxcd'))) {
      world.server.kinds.remove(kind);
    }
    world.server.faults.cutConnections();
    await eventually(() =>
      expect(world.cluster.freshness()).toEqual({
        synced: true,
        heardAt: undefined,
        problem: 'it serves none of the kinds of Flux',
        unheard: [],
        listed: [],
      }),
    );
  });

  it('follows the versions that an older Flux serves', async () => {
    world = await serverWorld({}, {});
    const kind = world.server.kinds.byPlural('kustomize.toolkit.fluxcd.io', 'kustomizations');
    world.server.kinds.remove(kind as ResourceKind);
    world.server.kinds.add({ ...(kind as ResourceKind), version: 'v1beta2' });
    world.server.faults.cutConnections();
    world.put({ ...kustomization('app'), apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta2' });
    await eventually(() =>
      expect(world.cluster.cached(ref)?.apiVersion).toBe('kustomize.toolkit.fluxcd.io/v1beta2'),
    );
    expect(await world.cluster.read(ref)).toMatchObject({ ok: true });
  });

  it('keeps its version fresh by bookmarks, so that a quiet kind goes on from now', async () => {
    const clock = virtualClock(Date.parse('2026-11-23T10:00:00Z'));
    world = await serverWorld({}, { clock });
    await synced();
    for (let change = 0; change < 5; change += 1) {
      world.put({
        ...kustomization('app'),
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'Bucket',
      });
    }
    const version = world.server.storage.version();
    const { heardAt: before = 0 } = world.cluster.freshness();
    await clock.advance(61_000);
    await eventually(() => expect(world.cluster.freshness().heardAt ?? 0).toBeGreaterThan(before));
    world.server.faults.dropWatches();
    await eventually(() =>
      expect(requests(`resourceVersion=${version}`).length).toBeGreaterThan(0),
    );
  });

  it.each(['refuses', 'ignores'] as const)(
    'lists by pages where the server %s streaming lists',
    async (how) => {
      world = await serverWorld(
        { pageSize: 2, listSilenceMs: 200 },
        {},
        withoutStreamingLists(how),
      );
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        world.put(kustomization(name));
      }
      await synced();
      await eventually(() => expect(world.cluster.objects()).toHaveLength(5));
      expect(requests('continue=').length).toBeGreaterThanOrEqual(2);
      world.put(kustomization('app', { path: './a' }));
      await pathIs('./a');
      world.remove(kustomization('a'));
      await eventually(() => expect(world.cluster.objects()).toHaveLength(5));
    },
  );

  it('keeps text with line separators whole', async () => {
    world = await serverWorld();
    world.put(kustomization('app', { path: 'a\u2028b\u0085c\r d' }));
    await pathIs('a\u2028b\u0085c\r d');
  });
});
