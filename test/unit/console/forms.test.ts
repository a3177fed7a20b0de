import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import type { Actor } from '#src/command/actor.ts';
import { readRequest } from '#src/command/read-request.ts';
import { createForms } from '#src/console/forms.ts';
import { offersAfter } from '#src/console/offers.ts';
import type { Failure } from '#src/failure.ts';
import { silentLog } from '#src/log.ts';
import { ok, type Result } from '#src/result.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { createStage, put, robin } from '#test/unit/commands/stage.ts';

const createBench = () => {
  const clock = createVirtualClock();
  const slack = createFakeSlack({ clock });
  const stage = createStage();
  put(stage.infra, 'HelmRelease/harbor/harbor');
  const forms = createForms({
    commands,
    contextOf: () => stage.context,
    slack,
    clock,
    log: silentLog,
  });
  const place = { channel: 'C1', at: clock.now() };
  const ask = (text: string, identifying: Promise<Result<Actor, Failure>>) =>
    forms.offer({ asked: { text }, triggerId: 't', place, arrivedAt: clock.now() }, identifying);
  const identifiedAfter = (ms: number) => clock.wait(ms).then(() => ok(robin));
  return { clock, slack, stage, ask, identifiedAfter };
};

describe('a form for a request', () => {
  it('is opened before it is known who asks, and filled when it is', async () => {
    const { ask, clock, slack, identifiedAfter } = createBench();
    const offering = ask('reconcile', identifiedAfter(5_000));
    await clock.advance(10);

    expect(JSON.stringify(slack.shown())).toContain('One moment');
    expect(JSON.stringify(slack.shown())).not.toContain('harbor');
    await clock.advance(5_000);
    expect(await offering).toBe('answered');
    expect(JSON.stringify(slack.shown().at(-1))).toContain('ks/harbor/harbor');
  });

  it('is not opened once the trigger may be too old, and is then offered by a button', async () => {
    const { ask, clock, slack, stage, identifiedAfter } = createBench();
    const offering = ask('status harbor', identifiedAfter(1_600));
    await clock.advance(2_000);
    const ambiguous: Failure = { code: 'ambiguous', name: 'harbor', candidates: [] };

    expect(await offering).toBe('unanswered');
    expect(slack.shown()).toEqual([]);
    expect(
      offersAfter(ambiguous, { text: 'status harbor' }, commands, stage.context),
    ).toMatchObject([{ label: 'Choose …', command: 'status', input: { object: 'harbor' } }]);
  });

  it('is opened where a name can be more than one object', async () => {
    const { ask, slack } = createBench();

    expect(await ask('status harbor', Promise.resolve(ok(robin)))).toBe('answered');
    expect(JSON.stringify(slack.shown())).toContain('can be more than one object');
  });

  it('is not opened for what is clear', async () => {
    const { ask, slack } = createBench();

    expect(await ask('status ks/media/plex infra', Promise.resolve(ok(robin)))).toBe('unanswered');
    expect(slack.shown()).toEqual([]);
  });

  it.each([
    ['statsu', ['/flux status', '/flux help']],
    ['halp', ['/flux help']],
    ['dance', ['/flux help']],
    ['get --page 0', ['/flux help get']],
    ['get --naemspace media', ['/flux get --namespace=media', '/flux help get']],
    ['status harbr', ['Choose …']],
    ['status nowhere-near', []],
  ])('or what else helps is offered after %s: %j', (text, labels) => {
    const { context } = createBench().stage;
    const read = readRequest({ text }, commands);
    const failed = read.ok ? read.value.prepared.targets(context) : read;
    const offers = failed.ok ? [] : offersAfter(failed.failure, { text }, commands, context);

    expect(failed.ok).toBe(false);
    expect(offers.map(({ label }) => label)).toEqual(labels);
  });

  it('is not offered after what no writing can mend', () => {
    const { stage } = createBench();
    const away: Failure = { code: 'store-unavailable' };

    expect(offersAfter(away, { text: 'reconcile' }, commands, stage.context)).toEqual([]);
  });
});
