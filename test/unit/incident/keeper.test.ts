import { describe, expect, it } from 'vitest';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import { defaultIncidentSettings } from '#src/incident/decide.ts';
import { createKeeper } from '#src/incident/keeper.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { type Store, storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

const same = (text: string): string => text;

const wire = (resourceVersion: string, ready: 'True' | 'False') => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { namespace: 'data', name: 'api', uid: 'uid-1', generation: 1, resourceVersion },
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Ready', status: ready, reason: 'ReconciliationFailed', message: 'no' }],
  },
});

const createBench = () => {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  return {
    clock,
    store,
    /** A process with a view of its own on a cluster, which holds `objects` when it starts. */
    start: (holder: string, objects: readonly unknown[], reached: Store = store) => {
      const cluster = createMemoryCluster('apps', clock.now);
      for (const object of objects) {
        cluster.applyWatchEvent('ADDED', object);
      }
      cluster.listAll();
      const stop = new AbortController();
      const ended = createKeeper({
        store: reached,
        clusters: [cluster],
        clock,
        holder,
        settings: () => defaultIncidentSettings,
        clean: { redact: same, normalise: same },
        channelOf: () => 'C1',
        log: silentLog,
        onCards: () => undefined,
      }).run(stop.signal);
      return {
        cluster,
        stop: async () => {
          stop.abort();
          await clock.advance(1_000);
          await ended;
        },
      };
    },
    states: async () =>
      (await loadIncidents(store, 0)).map(({ incident }) => `${incident.id} ${incident.state}`),
  };
};

describe('the keeper of incidents', () => {
  it('opens one incident though the reply to its opening was lost', async () => {
    const bench = createBench();
    let lost = 0;
    const deaf: Store = {
      ...bench.store,
      commit: async (batch) => {
        const result = await bench.store.commit(batch);
        if (lost === 0 && batch.put?.some(({ key }) => key.startsWith('incident/'))) {
          lost += 1;
          throw storeUnavailable('no answer');
        }
        return result;
      },
    };
    bench.start('one', [wire('10', 'False')], deaf);

    await bench.clock.advance(20_000);

    expect(lost).toBe(1);
    expect(await bench.states()).toEqual(['INC-1 open']);
  });

  it('ends an incident whose object was deleted while nobody kept', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await first.stop();

    bench.start('two', []);
    await bench.clock.advance(20_000);

    expect(await bench.states()).toEqual(['INC-1 deleted']);
  });

  it('resolves an incident of a cluster that was restored while nobody kept', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('900', 'False')]);
    await bench.clock.advance(2_000);
    await first.stop();

    bench.start('two', [wire('300', 'True')]);
    await bench.clock.advance(30_000);

    expect(await bench.states()).toEqual(['INC-1 resolved']);
  });
});
