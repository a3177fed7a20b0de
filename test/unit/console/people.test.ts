import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConsoleBench } from '#test/fakes/console-bench.ts';

const ask = 'reconcile ks/data/api apps';

describe('the console', () => {
  let bench: ReturnType<typeof createConsoleBench>;
  beforeEach(() => {
    bench = createConsoleBench();
  });
  afterEach(() => bench.close());

  const told = () => bench.slack.answers().at(-1)?.text;
  const audited = () => bench.facts.map(({ kind, outcome }) => `${kind} ${outcome}`);

  it.each([
    ['guest', 'Guests are not answered.'],
    ['external', 'People of other workspaces are not answered.'],
    ['deactivated', 'This account is deactivated.'],
    ['bot', 'Bots are not answered.'],
  ] as const)('refuses a person who is %s, says so, and audits it', async (kind, why) => {
    bench.slack.addPerson({ team: 'T1', user: 'U1', name: 'robin', kind });

    await bench.handle(bench.command(ask));

    expect(told()).toContain(why);
    expect(bench.facts).toMatchObject([
      { kind: 'decided', outcome: 'refused', detail: why, actor: { team: 'T1', user: 'U1' } },
      { kind: 'settled', outcome: 'nothing done' },
    ]);
    expect(await bench.store.read('journal/CMD-1')).toBeUndefined();
  });

  it.each([
    ['the person is of', { team: 'T2' }],
    ['the request comes from', { workspace: 'T2' }],
  ])('refuses when another workspace is what %s', async (_, change) => {
    bench.slack.addPerson({ team: 'T2', user: 'U1', name: 'robin', kind: 'member' });

    await bench.handle(bench.command(ask, change));

    expect(told()).toContain('People of other workspaces are not answered.');
    expect(audited()).toEqual(['decided refused', 'settled nothing done']);
  });

  it('lets nobody in while Slack cannot be asked who it is', async () => {
    bench.slack.interfere((verb) =>
      verb === 'person' ? { failure: { code: 'unreachable', detail: 'refused' } } : undefined,
    );

    await bench.handle(bench.command(ask));

    expect(told()).toContain('Slack cannot be asked who you are just now, so nothing was done.');
    expect(await bench.store.read('journal/CMD-1')).toBeUndefined();
  });

  it.each(['reconcile', 'reconcile ks/data/api apps'])(
    'audits that "%s" is refused to a member without the right, and says so once',
    async (text) => {
      bench.setPolicy({ teams: ['T1'], grants: [] });

      await bench.handle(bench.command(text));

      const said = [...bench.slack.answers(), ...bench.slack.shown()].map((one) =>
        JSON.stringify(one),
      );
      expect(said.filter((one) => one.includes('missing: reconcile anywhere'))).toHaveLength(1);
      expect(bench.facts).toMatchObject([
        { kind: 'decided', outcome: 'refused', command: 'reconcile', detail: 'reconcile anywhere' },
        { kind: 'settled', outcome: 'nothing done', actor: { user: 'U1' } },
      ]);
    },
  );

  it('queues what a member asks for', async () => {
    await bench.handle(bench.command(ask));

    expect(await bench.store.read('journal/CMD-1')).toBeDefined();
    expect(audited()).toEqual(['decided allowed']);
  });
});
