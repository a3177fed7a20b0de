import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands } from '#commands/index.ts';
import type { Reply } from '#src/command/dispatch.ts';
import { createForms } from '#src/console/forms.ts';
import { createSubmit } from '#src/console/submit.ts';
import type { Whereabouts } from '#src/console/tell.ts';
import { silentLog } from '#src/log.ts';
import { ok } from '#src/result.ts';
import type { FilledForm } from '#src/slack/form-answer.ts';
import type { IncomingSubmit } from '#src/slack/incoming.ts';
import type { SubmitAnswer } from '#src/slack/slack.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { everything } from '#test/fakes/command-bench.ts';
import { createConsoleBench } from '#test/fakes/console-bench.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { createStage, put, robin } from '#test/unit/commands/stage.ts';

const away: Reply = {
  kind: 'failed',
  invocation: 'I1',
  failure: { code: 'store-unavailable' },
};

interface Circumstances {
  readonly input?: FilledForm['input'];
  readonly reply?: Reply;
  /** How long it is worked on; who asks is known after half of it. */
  readonly takesMs: number;
  readonly closed: boolean;
}

/** Sends a form off, and has it answered. */
const sendOff = async (circumstances: Circumstances) => {
  const { takesMs, closed, reply = away, input = { object: 'ks/media/plex' } } = circumstances;
  const clock = createVirtualClock();
  const slack = createFakeSlack({ clock });
  const stage = createStage();
  put(stage.infra, 'Kustomization/media/plex');
  const common = { commands, slack, clock, log: silentLog };
  const told: { readonly where: Whereabouts; readonly summary: string }[] = [];
  const answers: SubmitAnswer[] = [];
  const waiting = () => clock.wait(takesMs / 2);
  const submit = createSubmit({
    ...common,
    forms: createForms({ ...common, contextOf: () => stage.context }),
    dispatch: () => waiting().then(() => reply),
    identify: () => waiting().then(() => ok(robin)),
    isRepeat: async () => false,
    onRecorded: async () => undefined,
    refusePerson: async () => undefined,
    tell: async (where, { summary }) => {
      told.push({ where, summary });
      return true;
    },
    present: ({ view }) => view,
    watchCard: async () => undefined,
  });
  slack.interfere((verb) =>
    verb === 'updateView' && closed
      ? { failure: { code: 'refused', method: 'views.update', error: 'not_found' } }
      : undefined,
  );
  const place = { channel: 'C1', thread: '1.1', at: clock.now() };
  const done = submit(
    {
      kind: 'submit',
      delivery: 'D1',
      workspace: 'T1',
      team: 'T1',
      user: 'U1',
      channel: 'C1',
      viewId: 'V1',
      form: { command: 'reconcile', place, input, blocks: { object: 'Object' } },
    },
    async (answer) => {
      answers.push(answer);
    },
  );
  await clock.advance(takesMs + 5_000);
  await done;
  return { told, answers, shown: JSON.stringify(slack.shown()) };
};

describe('a form that takes longer than Slack waits', () => {
  it('ends in its modal, where that is still open', async () => {
    const { told, answers, shown } = await sendOff({ takesMs: 10_000, closed: false });

    expect(JSON.stringify(answers)).toContain('This takes longer than usual');
    expect(shown).toContain('The bot cannot reach its own store');
    expect(told).toEqual([]);
  });

  it('tells its end where it was asked for, once its modal is closed', async () => {
    const { told } = await sendOff({ takesMs: 10_000, closed: true });

    expect(told).toEqual([
      {
        where: expect.objectContaining({ channel: 'C1', thread: '1.1', user: 'U1' }),
        summary: expect.stringContaining('The bot cannot reach its own store'),
      },
    ]);
  });

  it('tells what was filled in wrongly too', async () => {
    const { told } = await sendOff({ takesMs: 10_000, closed: true, input: {} });

    expect(told).toMatchObject([{ summary: expect.stringContaining('Usage') }]);
  });

  it('leaves to the card in the channel what was queued', async () => {
    const queued: Reply = {
      kind: 'queued',
      invocation: 'I1',
      journal: 'CMD-1',
      card: 'card',
      view: { summary: '', parts: [] },
    };

    const { told } = await sendOff({ takesMs: 10_000, closed: true, reply: queued });

    expect(told).toEqual([]);
  });
});

describe('a form that is sent off again because its answer was lost', () => {
  let bench: ReturnType<typeof createConsoleBench>;
  beforeEach(() => {
    bench = createConsoleBench();
  });
  afterEach(() => bench.close());

  const sendOff = async (change: Partial<IncomingSubmit> = {}) => {
    const { kind: _, ...common } = bench.command('');
    const answers: SubmitAnswer[] = [];
    const done = bench.forms.submit(
      {
        kind: 'submit',
        ...common,
        viewId: 'V1',
        form: {
          command: 'reconcile',
          place: { channel: 'C1', at: bench.clock.now() },
          input: { object: 'ks/data/api', cluster: 'apps' },
          blocks: { object: 'Object' },
        },
        ...change,
      },
      async (answer) => {
        answers.push(answer);
      },
    );
    // it is not slow: no time passes until it is answered
    await vi.waitUntil(() => answers.length > 0, { timeout: 10_000 });
    await bench.clock.advance(10_000);
    await done;
    return answers;
  };
  const decided = () => bench.facts.filter(({ kind }) => kind === 'decided');

  it('is one command, also once that holds its object no longer', async () => {
    await sendOff();
    const { locks } = await bench.journal('CMD-1');
    await bench.store.commit({ remove: locks.map((lock) => ({ key: lock })) });

    const answers = await sendOff();

    expect(answers).toEqual([{ kind: 'close' }]);
    expect(decided()).toHaveLength(1);
    expect(await bench.store.read('journal/CMD-2')).toBeUndefined();
  });

  it('is carried out where it was refused before', async () => {
    bench.setPolicy({ teams: ['T1'], grants: [] });
    await sendOff();
    bench.setPolicy(everything);

    await sendOff();

    expect(decided().map(({ outcome }) => outcome)).toEqual(['refused', 'allowed']);
  });
});
