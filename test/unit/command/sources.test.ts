import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '#src/command/define.ts';
import type { Policy } from '#src/command/policy.ts';
import { ok } from '#src/result.ts';
import { createCommandBench, robin } from '#test/fakes/command-bench.ts';

const withSource = 'reconcile ks/data/api apps --with-source';
const alsoWithSource = 'reconcile ks/media/web apps --with-source';
const lock = 'object-lock/apps/gitrepo/flux-system/platform';

const only = (...namespaces: string[]): Policy => ({
  teams: ['T1'],
  grants: [
    { role: 'some', permissions: ['reconcile'], subjects: ['slack:T1:U1'], namespaces },
    { role: 'members', permissions: ['reconcile'], subjects: ['slack-group:T1:S1'] },
  ],
});

describe('the right to reconcile a source', () => {
  it('is asked for besides that of the object, and its lack is audited as a refusal', async () => {
    const bench = createCommandBench();
    bench.setPolicy(only('data'));

    const reply = await bench.dispatcher()(withSource);

    expect(reply).toMatchObject({
      failure: { code: 'not-allowed', target: 'reconcile on gitrepo/flux-system/platform on apps' },
    });
    expect(bench.facts.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'decided refused',
      'settled nothing done',
    ]);
  });

  it('is asked for again by the worker', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(withSource);
    bench.setPolicy(only('data'));

    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual([]);
    expect((await bench.journal('CMD-1')).failure).toBe(
      'The right was withdrawn meanwhile: reconcile on gitrepo/flux-system/platform on apps.',
    );
  });

  it('stops the object too when it is withdrawn after the source was asked', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(withSource);
    await bench.runner('one').advance('CMD-1');
    bench.setPolicy(only('data'));
    bench.handle(bench.source);
    await bench.clock.advance(1_000);

    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual(['gitrepo/flux-system/platform']);
    expect((await bench.journal('CMD-1')).status).toBe('failed');
    expect(await bench.store.read(lock)).toBeUndefined();
  });

  it('names the source among the targets in the audit trail, both times', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(withSource);
    bench.setPolicy(only());
    await bench.runner('one').advance('CMD-1');

    const targets = ['apps/ks/data/api', 'apps/gitrepo/flux-system/platform'];
    expect(bench.facts.map((fact) => [fact.kind, fact.targets])).toEqual([
      ['decided', targets],
      ['settled', targets],
    ]);
  });
});

describe('without the right to an object', () => {
  it('nothing is planned: the API server is not even asked', async () => {
    const bench = createCommandBench();
    bench.setPolicy(only('media'));
    let reads = 0;
    bench.spyOnRead(() => {
      reads += 1;
    });

    expect(await bench.dispatcher()('reconcile ks/data/api apps')).toMatchObject({
      failure: { code: 'not-allowed', target: 'reconcile on ks/data/api on apps' },
    });
    expect(reads).toBe(0);
  });
});

describe('whatever a plan acts on', () => {
  const widening = defineCommand({
    name: 'widen',
    summary: 'Acts on more than was named.',
    kind: 'act',
    args: z.object({}),
    positional: [],
    examples: ['widen'],
    permission: 'reconcile',
    needs: [],
    targets: () => ok([{ cluster: 'apps', namespace: 'data', object: 'ks/data/api' }]),
    plan: { schema: z.object({}), make: async () => ok({}) },
    acts: () => [{ cluster: 'apps', namespace: 'media', object: 'ks/media/web' }],
    steps: () => [],
    view: () => ({ summary: 'widen', parts: [] }),
  });

  it('needs permission, though the command itself did not ask', async () => {
    const bench = createCommandBench({ further: [widening] });
    bench.setPolicy(only('data'));

    expect(await bench.dispatcher()('widen')).toMatchObject({
      failure: { code: 'not-allowed', target: 'reconcile on ks/media/web on apps' },
    });
    bench.setPolicy(only('data', 'media'));
    expect(await bench.dispatcher()('widen')).toMatchObject({ kind: 'queued' });
  });
});

describe('two commands with one source', () => {
  const start = async () => {
    const bench = createCommandBench();
    await bench.dispatcher()(withSource);
    await bench.dispatcher()(alsoWithSource);
    const runner = bench.runner('one');
    await runner.advance('CMD-1');
    await runner.advance('CMD-2');
    return { bench, runner };
  };

  it('take turns at it, and neither overtakes the other', async () => {
    const { bench, runner } = await start();
    expect(bench.asked).toEqual(['gitrepo/flux-system/platform']);
    expect((await bench.journal('CMD-2')).steps[0]).toMatchObject({
      state: 'pending',
      detail: ['until CMD-1 by robin is done with it'],
    });

    bench.handle(bench.source);
    await bench.clock.advance(1_000);
    await runner.advance('CMD-1');
    await runner.advance('CMD-2');
    expect(bench.asked).toEqual([
      'gitrepo/flux-system/platform',
      'ks/data/api',
      'gitrepo/flux-system/platform',
    ]);
    for (const ref of [bench.api, bench.source]) {
      bench.handle(ref);
    }
    await bench.clock.advance(1_000);
    await runner.advance('CMD-2');
    bench.handle(bench.web);
    await bench.clock.advance(1_000);
    for (const id of ['CMD-1', 'CMD-2']) {
      await runner.advance(id);
      expect((await bench.journal(id)).status).toBe('succeeded');
    }
    expect(await bench.store.read(lock)).toBeUndefined();
  });

  it('show on the card of the second whom it waits for', async () => {
    const { bench } = await start();

    const card = await bench.store.read('card/CMD-2@C1');

    expect(JSON.stringify(card?.value)).toContain('until CMD-1 by robin is done with it');
  });

  it('leave the source to the first when the second is given up', async () => {
    const { bench, runner } = await start();
    bench.setPolicy(only());
    await bench.clock.advance(1_000);

    await runner.advance('CMD-2');

    expect((await bench.journal('CMD-2')).status).toBe('failed');
    expect((await bench.store.read(lock))?.value).toBe('CMD-1 by robin');
  });

  it('end the second when the first does not come to an end', async () => {
    const { bench, runner } = await start();
    await bench.clock.advance(16 * 60_000);

    await runner.advance('CMD-2');

    const { status, failure } = await bench.journal('CMD-2');
    expect(status).toBe('failed');
    expect(failure).toContain('The wait until CMD-1 by robin is done with');
  });

  it('let nobody else ask for the source meanwhile, who is told by whom it is held', async () => {
    const { bench } = await start();

    const reply = await bench.dispatcher()('reconcile gitrepo/flux-system/platform apps');

    expect(reply).toMatchObject({ failure: { code: 'busy', holder: 'CMD-1 by robin' } });
  });
});

describe('who asked', () => {
  const member = { ...robin, groups: ['S1'] };
  const askAs = async () => {
    const bench = createCommandBench();
    bench.setPolicy(only());
    await bench.dispatcher()('reconcile ks/data/api apps', { actor: member });
    return bench;
  };

  it('does not have it done once out of the group that gave the right', async () => {
    const bench = await askAs();
    bench.setActorNow(async () => ({ kind: 'known', actor: robin, groupsKnown: true }));

    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual([]);
    expect((await bench.journal('CMD-1')).failure).toContain('The right was withdrawn meanwhile');
    expect(bench.facts.at(-1)).toMatchObject({ kind: 'settled', outcome: 'failed' });
  });

  it('does not have it done once deactivated', async () => {
    const bench = await askAs();
    bench.setActorNow(async () => ({ kind: 'refused', why: 'This account is deactivated.' }));

    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual([]);
    expect((await bench.journal('CMD-1')).status).toBe('failed');
  });

  it.each([
    ['who it is', { kind: 'unknown' } as const],
    ['which groups there are', { kind: 'known', actor: robin, groupsKnown: false } as const],
  ])('has it done later when Slack cannot say %s', async (_, answer) => {
    const bench = await askAs();
    bench.setActorNow(async () => answer);
    await bench.runner('one').advance('CMD-1');
    expect(bench.asked).toEqual([]);
    expect((await bench.journal('CMD-1')).steps[0]?.detail).toEqual([
      'Slack cannot be asked whether robin still may',
    ]);

    bench.setActorNow(async () => ({ kind: 'known', actor: member, groupsKnown: true }));
    await bench.clock.advance(2_000);
    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual(['ks/data/api']);
  });

  it('is not waited for longer than five minutes', async () => {
    const bench = await askAs();
    bench.setActorNow(async () => ({ kind: 'unknown' }));
    await bench.runner('one').advance('CMD-1');
    await bench.clock.advance(5 * 60_000);

    await bench.runner('one').advance('CMD-1');

    expect(bench.asked).toEqual([]);
    expect((await bench.journal('CMD-1')).failure).toContain('Slack could not be asked');
  });

  it('is not asked about while a request that was made is followed', async () => {
    const bench = await askAs();
    await bench.runner('one').advance('CMD-1');
    bench.setActorNow(async () => ({ kind: 'unknown' }));
    bench.handle();
    await bench.clock.advance(1_000);

    await bench.runner('one').advance('CMD-1');

    expect((await bench.journal('CMD-1')).status).toBe('succeeded');
  });
});
