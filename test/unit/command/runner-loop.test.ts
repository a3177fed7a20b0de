import { describe, expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import { dueJournals, type Journal, journalKey } from '#src/command/journal.ts';
import { createRunner } from '#src/command/runner.ts';
import { fail } from '#src/result.ts';
import { type Json, type Store, storeUnavailable } from '#src/store/store.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';
import { recordLog } from '#test/fakes/log.ts';

const ask = 'reconcile ks/data/api apps';
type Bench = ReturnType<typeof createCommandBench>;

/** A runner with parts of its own, and what it says to the log and asks to be woken for. */
const startRunner = (
  bench: Bench,
  store: Store = bench.store,
  cluster: Cluster = bench.cluster,
) => {
  const { log, lines } = recordLog();
  const woken: (readonly [string, number])[] = [];
  let cards = 0;
  const runner = createRunner({
    store,
    clock: bench.clock,
    commands: bench.commands,
    surroundings: { ...bench.surroundings(), clusters: [cluster] },
    commit: async (batch, facts) => {
      const result = await store.commit(batch);
      if (result === 'committed') {
        bench.facts.push(...facts);
      }
      return result;
    },
    holder: 'one',
    key: 'signs the journals',
    log,
    onCards: () => {
      cards += 1;
    },
    wakeAt: (id, at) => woken.push([id, at]),
  });
  const stop = new AbortController();
  return {
    runner,
    lines,
    woken,
    cards: () => cards,
    run: () => {
      const running = runner.run(stop.signal);
      return async () => {
        stop.abort();
        await bench.clock.advance(5_000);
        await running;
      };
    },
  };
};

const due = async (bench: Bench) =>
  (await bench.store.range(dueJournals, { limit: 9 })).map(({ member }) => member);

describe('the worker', () => {
  it('carries what is due to its end by itself', async () => {
    const bench = createCommandBench();
    const { run, cards, woken } = startRunner(bench);
    const stop = run();
    await bench.dispatcher()(ask);
    await bench.clock.advance(1_500);
    expect(bench.patches).toHaveLength(1);
    expect(woken.length).toBeGreaterThan(0);
    expect(woken.every(([id, at]) => id === 'CMD-1' && at > 0)).toBe(true);

    bench.handle();
    await bench.clock.advance(2_000);
    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
    expect(cards()).toBeGreaterThan(0);
    await stop();
  });

  it('looks at once when woken, and not before something is due', async () => {
    const bench = createCommandBench();
    const { run, runner } = startRunner(bench);
    const stop = run();
    await bench.clock.advance(100);
    await bench.dispatcher()(ask);
    await bench.clock.advance(100);
    expect(bench.patches).toHaveLength(0);

    runner.wake();
    await bench.clock.advance(0);
    expect(bench.patches).toHaveLength(1);
    await stop();
  });

  it('looks at what is due later when that is due', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const at = bench.clock.now() + 300;
    await bench.store.commit({ index: [{ index: dueJournals, member: 'CMD-1', score: at }] });
    const { run } = startRunner(bench);
    const stop = run();

    await bench.clock.advance(299);
    expect(bench.patches).toHaveLength(0);
    await bench.clock.advance(1);
    expect(bench.patches).toHaveLength(1);
    await stop();
  });

  it('takes a journal once at a time', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    let reads = 0;
    const slow: Cluster = {
      ...bench.cluster,
      read: async (ref) => {
        reads += 1;
        await bench.clock.wait(5_000);
        return bench.cluster.read(ref);
      },
    };
    const { runner } = startRunner(bench, bench.store, slow);
    const both = Promise.all([runner.take('CMD-1'), runner.take('CMD-1')]);
    await bench.clock.advance(4_000);
    expect(reads).toBe(1);

    await bench.clock.advance(60_000);
    await both;
  });

  it('ends only when what it is about is put down', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const slow: Cluster = {
      ...bench.cluster,
      read: async (ref) => {
        await bench.clock.wait(3_000);
        return bench.cluster.read(ref);
      },
    };
    const { runner } = startRunner(bench, bench.store, slow);
    const stop = new AbortController();
    let ended = false;
    void runner.run(stop.signal).then(() => {
      ended = true;
    });
    await bench.clock.advance(1_000);
    stop.abort();
    await bench.clock.advance(1_000);
    expect(ended).toBe(false);

    await bench.clock.advance(30_000);
    expect(ended).toBe(true);
  });

  it('gives up what fails unexpectedly, with a reference that is in the log', async () => {
    const bench = createCommandBench();
    const { invocation } = await bench.dispatcher()(ask);
    const broken: Cluster = {
      ...bench.cluster,
      read: () => {
        throw new TypeError('a bug');
      },
    };
    const { runner, lines } = startRunner(bench, bench.store, broken);
    await runner.take('CMD-1');

    expect(await bench.journal('CMD-1')).toMatchObject({
      status: 'failed',
      failure: `Something unexpected happened (reference ${invocation}). The reference is in the bot’s log.`,
    });
    expect(lines).toContainEqual([
      'error',
      { journal: 'CMD-1', error: new TypeError('a bug') },
      'a step failed unexpectedly',
    ]);
    expect(bench.facts.at(-1)).toMatchObject({
      kind: 'settled',
      outcome: 'failed',
      invocation,
      command: 'reconcile',
      targets: ['apps/ks/data/api'],
      detail: expect.stringContaining('Something unexpected'),
    });
    expect(await due(bench)).toEqual([]);
  });

  it('leaves a journal as it is while the store does not answer', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const answering = new Set<Store>();
    const store: Store = {
      ...bench.store,
      commit: (batch) =>
        answering.has(bench.store)
          ? bench.store.commit(batch)
          : Promise.reject(storeUnavailable('away')),
      range: (...args) =>
        answering.has(bench.store)
          ? bench.store.range(...args)
          : Promise.reject(storeUnavailable('away')),
    };
    const { run, runner, lines } = startRunner(bench, store);
    const stop = run();
    await runner.take('CMD-1');
    await bench.clock.advance(3_000);
    expect((await bench.journal('CMD-1')).status).toBe('running');
    expect(lines.filter(([level]) => level === 'error')).toEqual([]);
    expect(lines.filter(([level]) => level === 'warn')).not.toEqual([]);

    answering.add(bench.store);
    await bench.clock.advance(2_000);
    expect(bench.patches).toHaveLength(1);
    await stop();
  });

  it('leaves what another one has, and takes what nobody has', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    await bench.store.lease('journal/CMD-1', 'another', 15_000);
    const { runner } = startRunner(bench);

    expect(await runner.advance('CMD-1')).toBe(false);
    expect(bench.patches).toHaveLength(0);
    await bench.store.release('journal/CMD-1', 'another');
    expect(await runner.advance('CMD-1')).toBe(true);
    expect(bench.patches).toHaveLength(1);
  });

  it('takes off the list what has settled or is not there', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const journal = await bench.journal('CMD-1');
    const over: Journal = { ...journal, status: 'succeeded' };
    await bench.store.commit({
      put: [{ key: journalKey('CMD-1'), value: over as unknown as Json }],
      index: [{ index: dueJournals, member: 'CMD-9', score: 1 }],
    });
    const { runner } = startRunner(bench);

    expect(await runner.advance('CMD-1')).toBe(true);
    expect(await runner.advance('CMD-9')).toBe(true);
    expect(await due(bench)).toEqual([]);
    expect(bench.patches).toEqual([]);
    expect(await bench.journal('CMD-1')).toEqual(over);
  });

  it('lets go of what has settled, so that another one may look at it at once', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    bench.setPolicy({ teams: ['T1'], grants: [] });
    await startRunner(bench).runner.advance('CMD-1');

    expect(await bench.store.lease('journal/CMD-1', 'another', 1_000)).toMatchObject({
      held: true,
    });
  });

  it('says so in the log once a command has settled, and how long it took', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    await bench.clock.advance(700);
    bench.setPolicy({ teams: ['T1'], grants: [] });
    const { runner, lines } = startRunner(bench);
    await runner.advance('CMD-1');

    expect(lines).toEqual([
      ['info', { journal: 'CMD-1', status: 'failed', tookMs: 700 }, 'command settled'],
    ]);
  });
});

describe('a command of another version of the bot', () => {
  const changed = async (change: (journal: Journal) => Partial<Journal>) => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const journal = await bench.journal('CMD-1');
    const other = { ...journal, ...change(journal) };
    await bench.store.commit({
      put: [{ key: journalKey('CMD-1'), value: other as unknown as Json }],
    });
    await startRunner(bench).runner.advance('CMD-1');
    return bench.journal('CMD-1');
  };

  it('is given up where it has steps that are not known', async () => {
    const { status, failure } = await changed(({ steps }) => ({
      steps: steps.map((step) => ({ ...step, name: `${step.name} twice` })),
    }));

    expect(status).toBe('failed');
    expect(failure).toBe('The plan was made by another version of the bot. Ask again.');
  });

  it('is given up where the command is not known', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    await bench.runner('one', bench.cluster, []).advance('CMD-1');

    expect(await bench.journal('CMD-1')).toMatchObject({
      status: 'failed',
      failure: 'This version of the bot has no command reconcile.',
    });
  });
});

describe('a cluster that does not answer', () => {
  it('is asked for five minutes, and then the command fails', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const silent: Cluster = {
      ...bench.cluster,
      read: async () => fail({ code: 'unreachable', detail: 'no route' }),
    };
    const { runner } = startRunner(bench, bench.store, silent);
    await runner.advance('CMD-1');
    await bench.clock.advance(299_000);
    await runner.advance('CMD-1');
    expect((await bench.journal('CMD-1')).status).toBe('running');

    await bench.clock.advance(1_000);
    await runner.advance('CMD-1');
    expect(await bench.journal('CMD-1')).toMatchObject({ status: 'failed' });
  });

  it('is not asked again for what it says no to', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const gone: Cluster = { ...bench.cluster, read: async () => fail({ code: 'not-found' }) };
    await startRunner(bench, bench.store, gone).runner.advance('CMD-1');

    const { status, failure } = await bench.journal('CMD-1');
    expect(status).toBe('failed');
    expect(failure).toContain('ks/data/api does not exist on apps');
  });
});
