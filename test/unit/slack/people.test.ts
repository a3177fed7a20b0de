import { expect, it } from 'vitest';
import { createPeople } from '#src/slack/people.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';

const robin = { team: 'T1', user: 'U1', name: 'robin', kind: 'member' } as const;

it('asks Slack once for a person, and again when the answer is old', async () => {
  const clock = createVirtualClock();
  const slack = createFakeSlack({ clock });
  slack.addPerson(robin);
  const people = createPeople({ slack, clock, maxAgeMs: 60_000 });

  const answers = await Promise.all([people.person(robin), people.person(robin)]);
  await people.person(robin);
  const asked = slack.calls().length;
  slack.addPerson({ ...robin, kind: 'deactivated' });
  await clock.advance(60_000);

  expect(answers).toEqual([
    { ok: true, value: robin },
    { ok: true, value: robin },
  ]);
  expect(asked).toBe(1);
  expect(await people.person(robin)).toMatchObject({ value: { kind: 'deactivated' } });
});

it('lets nobody in on an old answer when Slack cannot be asked', async () => {
  const clock = createVirtualClock();
  const slack = createFakeSlack({ clock });
  slack.addPerson(robin);
  const people = createPeople({ slack, clock, maxAgeMs: 60_000 });
  await people.person(robin);
  slack.interfere(() => ({ failure: { code: 'unreachable', detail: 'refused' } }));
  await clock.advance(61_000);

  expect(await people.person(robin)).toEqual({
    ok: false,
    failure: { code: 'unreachable', detail: 'refused' },
  });
  slack.interfere(() => undefined);
  expect((await people.person(robin)).ok).toBe(true);
});
