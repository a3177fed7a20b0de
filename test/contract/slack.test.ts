import { afterAll, beforeAll, describe } from 'vitest';
import { silentLog } from '#src/log.ts';
import { createSlackApp, type SlackApp } from '#src/slack/app.ts';
import { type SlackUnderTest, slackContract } from '#test/contract/slack-contract.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { type LocalSlack, localSlackBinary, startLocalSlack } from '#test/slack/local-slack.ts';
import { type SlackProxy, startSlackProxy } from '#test/slack/proxy.ts';
import { realClock } from '#test/slack/real-clock.ts';
import { demoBot, demoTeam, demoWorkspace } from '#test/slack/workspace.ts';

describe('the Slack in memory', () => {
  slackContract((): SlackUnderTest => {
    const slack = createFakeSlack({ clock: { now: () => Date.now() } });
    const person = { team: demoTeam, user: 'U0ROBIN', name: 'robin' };
    slack.addPerson({ ...person, kind: 'member' });
    const meddle = (decision: ReturnType<Parameters<typeof slack.interfere>[0]>): void => {
      slack.interfere((verb) => {
        if (verb === 'post') {
          slack.interfere(() => undefined);
          return decision;
        }
        return undefined;
      });
    };
    return {
      slack,
      channel: 'C0INFRA',
      person,
      textsIn: async (channel) =>
        slack
          .messages()
          .filter((message) => message.channel === channel)
          .map(({ text }) => text),
      homeOf: async (user) => slack.homeOf(user),
      setChannel: (state) => slack.setChannel('C0INFRA', state),
      deleteMessage: async (_, ts) => slack.deleteMessage(ts),
      loseNextReply: () =>
        meddle({ failure: { code: 'no-reply', detail: 'socket hang up' }, after: true }),
      limitNextPost: (seconds) =>
        meddle({ failure: { code: 'rate-limited', retryAfterMs: seconds * 1_000 } }),
    };
  });
});

describe.skipIf(localSlackBinary === undefined)(
  'the adapter on the local Slack, behind its limits (needs local-slack-linux-x64)',
  () => {
    let local: LocalSlack;
    let proxy: SlackProxy;
    let app: SlackApp;

    beforeAll(async () => {
      local = await startLocalSlack(demoWorkspace());
      proxy = await startSlackProxy(local.apiUrl);
      app = createSlackApp({
        mode: { kind: 'socket', appToken: demoBot.appToken },
        botToken: demoBot.botToken,
        command: '/flux',
        clock: realClock,
        log: silentLog,
        apiUrl: proxy.apiUrl,
      });
    });
    afterAll(async () => {
      await app.close();
      await proxy.close();
      await local.stop();
    });

    slackContract(() => ({
      slack: app,
      channel: 'C0INFRA',
      person: { team: demoTeam, user: 'U0ROBIN', name: 'robin' },
      textsIn: async (channel) => (await local.messages(channel)).map(({ text }) => text),
      homeOf: (user) => local.home(user),
      setChannel: (state) => proxy.setChannel('C0INFRA', state),
      deleteMessage: (channel, ts) => local.deleteMessage(channel, ts, demoBot.botUserId),
      loseNextReply: () =>
        proxy.order({ method: 'chat.postMessage', answer: { kind: 'lost-reply' } }),
      limitNextPost: (seconds) =>
        proxy.order({
          method: 'chat.postMessage',
          answer: { kind: 'rate-limited', retryAfterSeconds: seconds },
        }),
    }));
  },
);
