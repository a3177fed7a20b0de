import { describe, expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import { dueJournals, type Journal, journalKey } from '#src/command/journal.ts';
import { journalCardId } from '#src/command/journals.ts';
import { fail, ok } from '#src/result.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import { type Json, type Store, storeUnavailable } from '#src/store/store.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';

const ask = 'reconcile ks/data/api apps';
/** Longer than a journal's lease. */
const leaseMs = 16_000;

describe('a command that is carried out', () => {
  it('asks once, follows its own request, and settles with one fact of each kind', async () => {
    const bench = createCommandBench();
    const reply = await bench.dispatcher()(ask);
    const runner = bench.runner('one');
    await runner.advance('CMD-1');
    bench.handle();
    await bench.clock.advance(1_000);
    await runner.advance('CMD-1');

    expect(reply).toMatchObject({ kind: 'queued', journal: 'CMD-1' });
    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
    expect(bench.patches).toHaveLength(1);
    expect(bench.facts.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'decided allowed',
      'settled succeeded',
    ]);
    const card = await bench.store.read(cardKey(journalCardId('CMD-1', 'C1')));
    expect(CardRecord.parse(card?.value).desired.view?.summary).toMatch(/^Reconciled .*0123/);
  });

  it('is taken over after a crash between the patch and the journal without a second patch', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const dying: Cluster = {
      ...bench.cluster,
      annotate: async (...args) => {
        await bench.cluster.annotate(...args);
        return new Promise(() => undefined);
      },
    };
    void bench.runner('dying', dying).advance('CMD-1');
    await bench.clock.advance(leaseMs);
    expect(bench.patches).toHaveLength(1);
    expect((await bench.journal('CMD-1')).steps[0]?.state).toBe('running');

    const next = bench.runner('next');
    bench.handle();
    await next.advance('CMD-1');

    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
    expect(bench.patches).toHaveLength(1);
  });

  it('is not asked again by a worker that was paused right before its patch', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const paused: Cluster = {
      ...bench.cluster,
      annotate: async (...args) => {
        await bench.clock.wait(60_000);
        return bench.cluster.annotate(...args);
      },
    };
    const sleeper = bench.runner('paused', paused).advance('CMD-1');
    await bench.clock.advance(leaseMs);
    const next = bench.runner('next');
    await next.advance('CMD-1');
    bench.handle();
    await bench.clock.advance(1_000);
    await next.advance('CMD-1');
    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
    bench.overtake();

    await bench.clock.advance(60_000);
    await sleeper;

    expect(bench.patches).toHaveLength(1);
    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
  });

  it('says so when somebody else asked after it, and claims nothing', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const runner = bench.runner('one');
    await runner.advance('CMD-1');
    bench.overtake();
    await bench.clock.advance(1_000);
    await runner.advance('CMD-1');

    const { status, failure } = await bench.journal('CMD-1');
    expect(status).toBe('failed');
    expect(failure).toContain('Another request for ks/data/api on apps came after this one');
  });

  it.each<readonly [string, (journal: Journal) => object]>([
    ['who asked', ({ actor }) => ({ actor: { ...actor, user: 'U666' } })],
    [
      'what is to be done',
      ({ plan }) => ({ plan: JSON.parse(JSON.stringify(plan).replaceAll('api', 'web')) }),
    ],
    ['for what permission is asked', () => ({ targets: [] })],
    ['the token', () => ({ token: 'guessed' })],
  ])('is not run when its record was tampered with: %s', async (_, tamper) => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const journal = await bench.journal('CMD-1');
    const other = { ...journal, ...tamper(journal) } as Journal;
    await bench.store.commit({ put: [{ key: journalKey('CMD-1'), value: other }] });

    await bench.runner('one').advance('CMD-1');

    expect(bench.patches).toEqual([]);
    expect((await bench.journal('CMD-1')).failure).toContain('not what was decided');
  });

  it('is not kept waiting by records that cannot be read', async () => {
    const bench = createCommandBench();
    const unreadable = Array.from({ length: 40 }, (_, at) => `CMD-9${at}`);
    await bench.store.commit({
      put: unreadable.map((id) => ({ key: journalKey(id), value: 'of another version' })),
      index: unreadable.map((member) => ({ index: dueJournals, member, score: 1 })),
    });
    await bench.dispatcher()(ask);
    const stop = new AbortController();
    const running = bench.runner('one').run(stop.signal);
    await bench.clock.advance(5_000);
    bench.handle();
    await bench.clock.advance(5_000);

    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
    expect(await bench.store.count(dueJournals)).toBe(40);

    stop.abort();
    await bench.clock.advance(1_000);
    await running;
  });

  it('ends also when it cannot be shown as what it was', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const clumsy = bench.commands.map((command) => ({
      ...command,
      recall: (plan: Json) => {
        const recalled = command.recall(plan);
        const view = (): never => {
          throw new Error('a mistake of ours');
        };
        return recalled.ok ? ok({ ...recalled.value, view }) : recalled;
      },
    }));
    const stop = new AbortController();
    const running = bench.runner('one', bench.cluster, clumsy).run(stop.signal);
    await bench.clock.advance(5_000);

    expect(await bench.journal('CMD-1')).toMatchObject({
      status: 'failed',
      failure: expect.stringContaining('Something unexpected happened'),
    });
    expect(await bench.dispatcher()(ask)).toMatchObject({ kind: 'queued' });

    stop.abort();
    await bench.clock.advance(1_000);
    await running;
  });

  it('stops when the right is withdrawn on the way', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    bench.setPolicy({ teams: ['T1'], grants: [] });

    await bench.runner('one').advance('CMD-1');

    expect(bench.patches).toEqual([]);
    expect((await bench.journal('CMD-1')).failure).toContain('The right was withdrawn meanwhile');
  });

  it('keeps asking a cluster that does not answer', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const away: Cluster = {
      ...bench.cluster,
      read: async () => fail({ code: 'unreachable', detail: 'no route' }),
    };
    await bench.runner('one', away).advance('CMD-1');
    expect((await bench.journal('CMD-1')).steps[0]?.detail).toEqual(['apps does not answer']);

    await bench.clock.advance(2_000);
    await bench.runner('one').advance('CMD-1');

    expect(bench.patches).toHaveLength(1);
  });
});

describe('a request', () => {
  it('is told who works on the object already', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);

    const second = await bench.dispatcher()(ask);

    expect(second).toMatchObject({
      kind: 'failed',
      failure: { code: 'busy', cluster: 'apps', holder: 'CMD-1 by robin' },
    });
  });

  it('is told at once that nothing was done while the store is away', async () => {
    const bench = createCommandBench();
    const gone = () => Promise.reject(storeUnavailable('away'));
    const away: Store = { ...bench.store, read: gone, readAll: gone, commit: gone };

    const reply = await bench.dispatcher(away)(ask);

    expect(reply).toMatchObject({ kind: 'failed', failure: { code: 'store-unavailable' } });
    expect(bench.patches).toEqual([]);
  });

  it('is told a reference when planning it failed unexpectedly, and that is audited', async () => {
    const bench = createCommandBench();
    bench.spyOnRead(() => {
      throw new TypeError('a bug');
    });

    const reply = await bench.dispatcher()(ask);

    expect(reply).toMatchObject({
      kind: 'failed',
      failure: { code: 'unexpected', reference: reply.invocation },
    });
    expect(bench.facts).toMatchObject([
      { kind: 'decided', outcome: 'unexpected', invocation: reply.invocation },
      { kind: 'settled', outcome: 'nothing done', invocation: reply.invocation },
    ]);
  });

  it('is told a reference also when that cannot be audited', async () => {
    const bench = createCommandBench();
    const broken: Store = { ...bench.store, commit: () => Promise.reject(new TypeError('a bug')) };

    expect(await bench.dispatcher(broken)(ask)).toMatchObject({
      failure: { code: 'unexpected' },
    });
  });

  it('is told that it is in doubt when recording it was not answered', async () => {
    const bench = createCommandBench();
    const deaf: Store = {
      ...bench.store,
      commit: async (batch) => {
        await bench.store.commit(batch);
        throw storeUnavailable('no answer');
      },
    };

    const reply = await bench.dispatcher(deaf)(ask);

    expect(reply).toMatchObject({ kind: 'failed', failure: { code: 'in-doubt' } });
    expect((await bench.journal('CMD-1')).status).toBe('running');
  });
});
