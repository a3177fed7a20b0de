import { commands } from '#commands/index.ts';
import { contextFor } from '#src/command/context.ts';
import type { Policy } from '#src/command/policy.ts';
import { createConsole } from '#src/console/console.ts';
import { createHomeData } from '#src/console/home-data.ts';
import { createIdentify } from '#src/console/identify.ts';
import { silentLog } from '#src/log.ts';
import type { Asking, IncomingClick, IncomingCommand } from '#src/slack/incoming.ts';
import { startOutbox } from '#src/slack/outbox.ts';
import { createPeople } from '#src/slack/people.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';

/** The console on a store, a cluster and a Slack in memory, with its outbox, in virtual time. */
export const createConsoleBench = () => {
  const bench = createCommandBench();
  const { clock, store } = bench;
  const slack = createFakeSlack({ clock });
  for (const [user, name] of [
    ['U1', 'robin'],
    ['U2', 'sam'],
  ] as const) {
    slack.addPerson({ team: 'T1', user, name, kind: 'member' });
  }
  const ask = bench.dispatcher();
  const outbox = startOutbox({ store, slack, clock, ids: countingIds('out'), log: silentLog });
  const { converse, forms } = createConsole({
    dispatch: (invocation) => ask('', invocation),
    commands,
    contextOf: (actor, channel) => contextFor(bench.surroundings(), actor, channel, clock.now()),
    slack,
    identify: createIdentify({
      people: createPeople({ slack, clock }),
      team: () => 'T1',
      groups: () => [],
    }),
    audit: async (facts) => bench.facts.push(...facts),
    store,
    clock,
    log: silentLog,
    team: () => 'T1',
    channelProblem: (channel) =>
      outbox.status().problems.find((problem) => problem.channel === channel)?.failure,
    onCards: outbox.wake,
    botName: 'flux',
  });
  const gather = createHomeData({ surroundings: bench.surroundings(), commands, store, clock });
  let deliveries = 0;
  const common = () => {
    deliveries += 1;
    return {
      delivery: `delivery-${deliveries}`,
      workspace: 'T1',
      team: 'T1',
      user: 'U1',
      channel: 'C1',
    };
  };

  /** Handles it while time goes on. */
  const handle = async (incoming: Asking, ms = 4_000): Promise<void> => {
    const done = converse(incoming);
    await clock.advance(ms);
    await done;
  };

  return {
    ...bench,
    slack,
    outbox,
    forms,
    handle,
    setPolicy: (policy: Policy) => bench.setPolicy(policy),
    command: (text: string, change: Partial<IncomingCommand> = {}): IncomingCommand => ({
      kind: 'command',
      command: '/flux',
      text,
      responseUrl: 'https://hooks.slack.com/commands/1',
      triggerId: 'trigger',
      ...common(),
      ...change,
    }),
    click: (
      request: IncomingClick['request'],
      change: Partial<IncomingClick> = {},
    ): IncomingClick => ({
      kind: 'click',
      request,
      message: '1.1',
      thread: undefined,
      ephemeral: true,
      home: false,
      responseUrl: 'https://hooks.slack.com/actions/1',
      triggerId: 'trigger',
      ...common(),
      ...change,
    }),
    /** Buttons of the last answer, by label. */
    button: (label: string): { readonly value: string } | undefined => {
      const blocks = slack.answers().at(-1)?.blocks ?? [];
      return blocks
        .flatMap((block) => (block['elements'] ?? []) as { text?: { text?: string } }[])
        .find((element) => element.text?.text === label) as { value: string } | undefined;
    },
    /** What the Home of a person shows. */
    gatherHome: (user: string) => gather({ kind: 'slack', team: 'T1', user, name: '', groups: [] }),
    texts: (channel = 'C1'): readonly string[] =>
      slack
        .messages()
        .filter((message) => message.channel === channel)
        .map(({ text }) => text),
    close: async () => {
      const closed = outbox.close();
      await clock.advance(1_000);
      await closed;
    },
  };
};
