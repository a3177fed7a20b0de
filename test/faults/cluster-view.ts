import type { Cluster, ClusterFailure, Observation } from '#src/cluster/cluster.ts';
import type { MemoryCluster } from '#src/cluster/memory.ts';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import { newerVersion } from '#src/cluster/versions.ts';
import { type FluxKind, fluxKinds, isFluxKind } from '#src/flux/ref.ts';
import { fail, ok } from '#src/result.ts';
import { between } from '#test/faults/chance.ts';
import type { Process, Surface } from '#test/faults/process.ts';
import type { Outside } from '#test/faults/schedule.ts';

const kinds: readonly FluxKind[] = Object.keys(fluxKinds).filter(isFluxKind);

const trouble = {
  refused: () => fail<ClusterFailure>({ code: 'unreachable', detail: 'away' }),
  unanswered: () => fail<ClusterFailure>({ code: 'no-reply', detail: 'no answer' }),
};
const noAnswer = {
  refused: trouble.refused,
  unanswered: () => fail<ClusterFailure>({ code: 'unreachable', detail: 'no answer' }),
};

/**
 * One API server as one process sees it: its own cache, fed late or not at all while the watch is cut,
 * made whole by a list afterwards; and patches that may reach the server after the caller gave up.
 * @param hidden - an annotation that neither reads nor locks know of: a planted bug
 */
export const viewOf = (
  process: Process,
  server: MemoryCluster,
  surface: Surface,
  hidden?: string,
): Cluster => {
  const { clock, schedule, startedAt, seed } = surface;
  const outside: Outside = server.name === 'apps' ? 'apps' : 'infra';
  const cache = createObjectCache(server.name);
  const queue: (Observation | 'list')[] = ['list'];
  let synced = false;
  let heardAt: number | undefined;
  let version = '1';
  let epoch = server.epoch();
  let told = 0;
  let pumping = false;

  const away = (): boolean => schedule.isAway(outside, clock.now() - startedAt);

  const list = (): void => {
    for (const object of server.objects()) {
      version = newerVersion(version, object.resourceVersion);
    }
    for (const kind of kinds) {
      cache.replace(
        kind,
        server.objects().filter((object) => object.ref.kind === kind),
        version,
      );
    }
    synced = true;
  };

  const takeIn = (news: Observation | 'list'): void => {
    if (news === 'list') {
      list();
      return;
    }
    if (news.type === 'object') {
      version = newerVersion(version, news.object.resourceVersion);
      cache.put(news.object);
    }
    const held = news.type === 'gone' ? cache.get(news.ref) : undefined;
    if (news.type === 'gone' && held?.uid === news.uid) {
      cache.remove(held);
    }
  };

  const pump = async (): Promise<void> => {
    pumping = true;
    for (let news = queue[0]; news !== undefined; news = queue[0]) {
      told += 1;
      await clock.wait(between(`${seed}/${process.name}/${server.name}/${told}`, 0, 150));
      await process.running();
      if (away()) {
        // the watch is gone: what happens meanwhile is found by a list when it is back
        queue.splice(0, queue.length, 'list');
        await clock.wait(1_000);
      } else {
        queue.shift();
        takeIn(news);
        heardAt = clock.now();
      }
    }
    pumping = false;
  };

  const hear = (news: Observation | 'list'): void => {
    queue.push(news);
    if (!pumping) {
      void pump();
    }
  };
  server.subscribe((observation) => {
    if (observation.epoch !== epoch) {
      // a restored server: one list tells it all
      epoch = observation.epoch;
      version = '1';
      hear('list');
    } else if (observation.type !== 'listed') {
      hear(observation);
    }
  });
  void pump();

  return {
    name: server.name,
    objects: cache.objects,
    cached: cache.get,
    freshness: () => ({
      synced,
      heardAt,
      listed: synced ? kinds : [],
      ...(away() ? { problem: 'away', unheard: kinds } : { problem: undefined, unheard: [] }),
    }),
    epoch: cache.epoch,
    subscribe: cache.subscribe,
    read: (ref) =>
      process.call(
        'cluster.read',
        outside,
        async () => {
          const found = await server.read(ref);
          return found.ok && hidden !== undefined
            ? ok({ ...found.value, annotations: { ...found.value.annotations, [hidden]: '' } })
            : found;
        },
        noAnswer,
      ),
    annotate: (ref, annotations, lock) =>
      process.call(
        'cluster.annotate',
        outside,
        () => server.annotate(ref, annotations, hidden === undefined ? lock : { uid: lock.uid }),
        trouble,
      ),
    setSuspended: (ref, suspended, annotations, lock) =>
      process.call(
        'cluster.setSuspended',
        outside,
        () => server.setSuspended(ref, suspended, annotations, lock),
        trouble,
      ),
    probeFence: (ref) =>
      process.call('cluster.probeFence', outside, () => server.probeFence(ref), noAnswer),
    workloads: (ids) =>
      process.call('cluster.workloads', outside, () => server.workloads(ids), noAnswer),
    whoAmI: () => process.call('cluster.whoAmI', outside, () => server.whoAmI(), noAnswer),
    mayI: (right) => process.call('cluster.mayI', outside, () => server.mayI(right), noAnswer),
    close: async () => undefined,
  };
};
