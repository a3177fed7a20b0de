import { describe, expect, it } from 'vitest';
import { createDispatch, type Reply } from '#src/command/dispatch.ts';
import { askedBy, dueJournals, objectLockKey, settledJournals } from '#src/command/journal.ts';
import { silentLog } from '#src/log.ts';
import { dirtyCards } from '#src/slack/card.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { createCommandBench, robin } from '#test/fakes/command-bench.ts';

const ask = 'reconcile ks/data/api apps';
const lock = objectLockKey('apps', 'ks/data/api');

const viewer = (permission: string, namespaces?: readonly string[]) => ({
  teams: ['T1'],
  grants: [
    {
      role: 'viewer',
      permissions: [permission],
      subjects: ['slack:T1:U1'],
      ...(namespaces === undefined ? {} : { namespaces }),
    },
  ],
});

type Bench = ReturnType<typeof createCommandBench>;

/** A dispatcher with parts of its own. */
const dispatchOf = (
  bench: Bench,
  change: Partial<Parameters<typeof createDispatch>[0]> = {},
  text = ask,
): Promise<Reply> =>
  createDispatch({
    store: bench.store,
    clock: bench.clock,
    ids: countingIds('other'),
    commands: bench.commands,
    surroundings: bench.surroundings(),
    commit: (batch) => bench.store.commit(batch),
    key: 'signs the journals',
    log: silentLog,
    onJournal: () => undefined,
    ...change,
  })({ origin: 'slash', actor: robin, place: {}, request: { text } });

const members = async (bench: Bench, index: string) =>
  (await bench.store.range(index, { limit: 9 })).map(({ member }) => member);

describe('a request that reads', () => {
  it('is answered, with what was asked and what the answer is made of, and audited', async () => {
    const bench = createCommandBench();
    const reply = await bench.dispatcher()('status ks/data/api apps');

    expect(reply).toMatchObject({
      kind: 'view',
      invocation: expect.stringMatching(/1$/),
      asked: { command: 'status', input: { object: 'ks/data/api', cluster: 'apps' } },
      view: { summary: expect.stringContaining('ks/data/api') },
    });
    const told = {
      invocation: reply.invocation,
      actor: robin,
      command: 'status',
      input: { object: 'ks/data/api', cluster: 'apps' },
      targets: ['apps/ks/data/api'],
      at: bench.clock.now(),
    };
    expect(bench.facts).toMatchObject([
      { ...told, kind: 'decided', outcome: 'allowed', detail: '' },
      { ...told, kind: 'settled', outcome: 'answered', detail: '' },
    ]);
    expect(await bench.store.count(dueJournals)).toBe(0);
  });

  it('is answered only once that is in the audit trail', async () => {
    const bench = createCommandBench();
    const away = () => Promise.reject(storeUnavailable('away'));

    expect(
      await dispatchOf(bench, { commit: away, store: undefined }, 'status ks/data/api apps'),
    ).toMatchObject({ kind: 'failed', failure: { code: 'store-unavailable' } });
  });
});

describe('a request that acts', () => {
  it('is recorded with its card, its lock, its time and who asked', async () => {
    const bench = createCommandBench();
    const reply = await bench.dispatcher()(ask);

    expect(reply).toMatchObject({
      kind: 'queued',
      journal: 'CMD-1',
      card: 'CMD-1@C1',
      view: { summary: expect.stringContaining('Reconcile ks/data/api on apps') },
    });
    const now = bench.clock.now();
    expect(await bench.store.range(dueJournals, { limit: 9 })).toEqual([
      { member: 'CMD-1', score: now },
    ]);
    expect(await bench.store.range(askedBy('slack:T1:U1'), { limit: 9 })).toEqual([
      { member: 'CMD-1', score: now },
    ]);
    expect(await members(bench, dirtyCards)).toEqual(['CMD-1@C1']);
    expect((await bench.store.read(lock))?.value).toBe('CMD-1 by robin');
    expect(await bench.journal('CMD-1')).toMatchObject({
      invocation: reply.invocation,
      status: 'running',
      command: 'reconcile',
      actor: robin,
      place: { channel: 'C1' },
      locks: [lock],
      targets: [{ cluster: 'apps', namespace: 'data', object: 'ks/data/api' }],
      startedAt: now,
      steps: [
        { name: 'ask ks/data/api apps', state: 'pending' },
        { name: 'follow ks/data/api apps', state: 'pending' },
      ],
    });
  });

  it('carries a token with nanoseconds that nobody can guess', async () => {
    const bench = createCommandBench();
    const { invocation } = await bench.dispatcher()(ask);

    const at = new Date(bench.clock.now()).toISOString().replace('Z', '');
    expect((await bench.journal('CMD-1')).token).toBe(`${at}000000Z/${invocation}`);
  });

  it('is numbered after the last one', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);

    expect(await bench.dispatcher()('reconcile ks/media/web apps')).toMatchObject({
      journal: 'CMD-2',
    });
  });

  it('has no card where it was asked in no channel, and is told to whoever carries it out', async () => {
    const bench = createCommandBench();
    const told: string[] = [];
    const reply = await dispatchOf(bench, { onJournal: (id) => told.push(id) });

    expect(reply).toMatchObject({ kind: 'queued', journal: 'CMD-1', card: undefined });
    expect(told).toEqual(['CMD-1']);
    expect(await bench.store.count(dirtyCards)).toBe(0);
  });

  it('is left to whoever made it for a while, where that is wanted', async () => {
    const bench = createCommandBench();
    await dispatchOf(bench, { headStartMs: 5_000 });

    expect(await bench.store.range(dueJournals, { limit: 9 })).toMatchObject([
      { score: bench.clock.now() + 5_000 },
    ]);
  });

  it('is one of two at the same moment', async () => {
    const bench = createCommandBench();
    const replies = await Promise.all([bench.dispatcher()(ask), bench.dispatcher()(ask)]);

    expect(replies.map(({ kind }) => kind).toSorted()).toEqual(['failed', 'queued']);
    expect(replies.find(({ kind }) => kind === 'failed')).toMatchObject({
      failure: { code: 'busy', object: bench.api, cluster: 'apps', holder: 'CMD-1 by robin' },
    });
    expect(await members(bench, dueJournals)).toEqual(['CMD-1']);
  });

  it('of two about different objects at the same moment are both recorded', async () => {
    const bench = createCommandBench();
    const replies = await Promise.all([
      bench.dispatcher()(ask),
      bench.dispatcher()('reconcile ks/media/web apps'),
    ]);

    expect(replies.map((reply) => ('journal' in reply ? reply.journal : reply)).toSorted()).toEqual(
      ['CMD-1', 'CMD-2'],
    );
  });

  it('is not recorded without an end where others are always faster', async () => {
    const bench = createCommandBench();
    let commits = 0;
    const commit = async () => {
      commits += 1;
      return 'conflict' as const;
    };

    expect(await dispatchOf(bench, { commit })).toMatchObject({
      kind: 'failed',
      failure: { code: 'unexpected' },
    });
    expect(commits).toBe(11); // ten attempts, and the audit of the failure
  });

  it('is not taken where nothing can be kept', async () => {
    expect(await dispatchOf(createCommandBench(), { store: undefined })).toMatchObject({
      kind: 'failed',
      failure: { code: 'store-unavailable' },
    });
  });

  it('waits until requests can be taken, and is refused while that is not so', async () => {
    const bench = createCommandBench();
    const ready = () => Promise.reject(storeUnavailable('away'));

    expect(await dispatchOf(bench, { ready })).toMatchObject({
      kind: 'failed',
      failure: { code: 'store-unavailable' },
    });
    expect(await bench.store.count(dueJournals)).toBe(0);
  });
});

describe('a request that is refused', () => {
  const refusal = async (text: string, policy?: ReturnType<typeof viewer>) => {
    const bench = createCommandBench();
    if (policy !== undefined) {
      bench.setPolicy(policy);
    }
    const reply = await bench.dispatcher()(text);
    expect(await bench.store.count(dueJournals)).toBe(0);
    expect(await bench.store.read(lock)).toBeUndefined();
    expect(bench.facts).toHaveLength(2);
    expect(bench.facts[1]).toMatchObject({ kind: 'settled', outcome: 'nothing done' });
    return { reply, decided: bench.facts[0] };
  };
  const notAllowed = (permission: string, target: string) => ({
    reply: { kind: 'failed', failure: { code: 'not-allowed', permission, target, who: 'robin' } },
    decided: { kind: 'decided', outcome: 'refused', detail: target },
  });

  it('names the right that is missing', async () => {
    expect(await refusal(ask, viewer('reconcile', ['media']))).toMatchObject({
      ...notAllowed('reconcile', 'reconcile on ks/data/api on apps'),
      decided: { command: 'reconcile', targets: ['apps/ks/data/api'] },
    });
  });

  it('says that the right is missing anywhere before it says anything of the objects', async () => {
    const expected = notAllowed('reconcile', 'reconcile anywhere');

    expect(await refusal('reconcile ks/data/nowhere apps', viewer('status'))).toMatchObject(
      expected,
    );
    expect(await refusal('reconcile --no-such-flag', viewer('status'))).toMatchObject(expected);
  });

  it.each([
    ['reconsile ks/data/api', 'unknown-command', ''],
    ['reconcile ks/data/api apps --no-such-flag', 'invalid-arguments', ''],
    ['reconcile ks/data/nowhere apps', 'not-found', 'reconcile'],
  ])('says what is wrong with "%s"', async (text, code, command) => {
    expect(await refusal(text)).toMatchObject({
      reply: { kind: 'failed', failure: { code } },
      decided: { outcome: 'invalid', detail: code, command },
    });
  });

  it('needs the right for all that its plan acts on', async () => {
    const { reply, decided } = await refusal(
      'reconcile ks/data/api apps --with-source',
      viewer('reconcile', ['data']),
    );

    expect(reply).toMatchObject({ failure: { code: 'not-allowed' } });
    expect(decided).toMatchObject({ outcome: 'refused' });
  });
});

describe('a bug in the midst of recording', () => {
  it('is no doubt, but an unexpected failure', async () => {
    const bench = createCommandBench();
    const commit = () => Promise.reject(new TypeError('a bug'));

    expect(await dispatchOf(bench, { commit })).toMatchObject({
      failure: { code: 'unexpected' },
    });
  });
});

describe('a command that has settled', () => {
  it('leaves its lock, is due no more, and is found among those that settled', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const runner = bench.runner('one');
    await runner.advance('CMD-1');
    expect(await members(bench, settledJournals)).toEqual([]);
    bench.handle();
    await bench.clock.advance(1_000);
    await runner.advance('CMD-1');

    expect(await bench.store.read(lock)).toBeUndefined();
    expect(await members(bench, dueJournals)).toEqual([]);
    expect(await bench.store.range(settledJournals, { limit: 9 })).toEqual([
      { member: 'CMD-1', score: bench.clock.now() },
    ]);
    expect(await members(bench, askedBy('slack:T1:U1'))).toEqual(['CMD-1']);
    expect(await bench.dispatcher()(ask)).toMatchObject({ kind: 'queued', journal: 'CMD-2' });
  });
});
