import { describe, expect, it } from 'vitest';
import { endedIncidents } from '#src/incident/records.ts';
import { runSweeper } from '#src/retention/sweeper.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { type Store, storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { recordLog } from '#test/fakes/log.ts';

const hour = 3_600_000;
const limits = { incidentsMs: hour, commandsMs: hour, auditMs: hour };

const start = (change: (store: Store) => Partial<Store> = () => ({})) => {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const { log, lines } = recordLog();
  const stop = new AbortController();
  const ended = runSweeper(
    {
      store: { ...store, ...change(store) },
      clock,
      holder: 'one',
      limits: () => limits,
      channels: () => [],
      log,
    },
    stop.signal,
  );
  return {
    clock,
    store,
    lines,
    end: async (incident: string) =>
      store.commit({ index: [{ index: endedIncidents, member: incident, score: clock.now() }] }),
    left: async () => (await store.range(endedIncidents, { limit: 9 })).map(({ member }) => member),
    stop: async () => {
      stop.abort();
      await clock.advance(0);
      await ended;
    },
  };
};

describe('the sweeper', () => {
  it('sweeps a minute after the start, and each hour from then on', async () => {
    const bench = start();
    await bench.end('INC-1');
    await bench.clock.advance(60_000);
    expect(await bench.left()).toEqual(['INC-1']);

    await bench.clock.advance(hour - 1);
    expect(await bench.left()).toEqual(['INC-1']);
    await bench.clock.advance(1);
    expect(await bench.left()).toEqual([]);
    expect(bench.lines.at(-1)).toEqual([
      'info',
      { incidents: 1, commands: 0, audit: 0 },
      'old records removed',
    ]);
    await bench.stop();
  });

  it('leaves it to the replica that is at it, and lets others at it after', async () => {
    const bench = start();
    await bench.end('INC-1');
    await bench.clock.advance(60_000);
    await bench.store.lease('retention', 'another', 10 * hour);
    await bench.clock.advance(hour);
    expect(await bench.left()).toEqual(['INC-1']);

    await bench.store.release('retention', 'another');
    await bench.clock.advance(hour);
    expect(await bench.left()).toEqual([]);
    expect(await bench.store.lease('retention', 'another', hour)).toMatchObject({ held: true });
    await bench.stop();
  });

  it('goes by the time of the store, and not by its own', async () => {
    const bench = start((store) => ({ time: async () => (await store.time()) - 10 * hour }));
    await bench.end('INC-1');
    await bench.clock.advance(5 * hour);

    expect(await bench.left()).toEqual(['INC-1']);
    await bench.stop();
  });

  it('makes up for a sweep that failed', async () => {
    const answering = new Set<Store>();
    const bench = start((store) => ({
      range: (...args) =>
        answering.has(store) ? store.range(...args) : Promise.reject(storeUnavailable('away')),
    }));
    await bench.end('INC-1');
    await bench.clock.advance(2 * hour);
    expect(bench.lines.at(-1)?.[0]).toBe('warn');

    answering.add(bench.store);
    await bench.clock.advance(hour);
    expect(await bench.left()).toEqual([]);
    await bench.stop();
  });

  it('sweeps nothing once it was told to stop', async () => {
    const bench = start();
    await bench.stop();

    expect(bench.lines).toEqual([]);
  });
});
