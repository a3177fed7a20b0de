import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { freePort } from '#test/net/free-port.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { type SlackProxy, startSlackProxy } from '#test/slack/proxy.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { channels, deliver, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const patiently = { timeout: 20_000, interval: 100 };
const recording = readRecording('02-build-failure');

const rootsOf = async (spine: Spine) =>
  (await spine.slack.messages(channels.infra)).filter(
    (one) => one.thread_ts === undefined && one.ephemeral_to === undefined,
  );

const changesOnly = (spine: Spine) =>
  recordedLines(recording, {
    change: (change) => applyChange(spine.clusters.infra, change),
    webhook: () => Promise.resolve(),
  });

const command = (spine: Spine, user: string, text: string) =>
  spine.slack.command({ channel: channels.infra, user, command: '/flux', text });

const toldTo = async (spine: Spine, user: string): Promise<string> =>
  (await spine.slack.messages(channels.infra))
    .filter((one) => one.ephemeral_to === user)
    .map(({ text }) => text)
    .join('\n');

describe.runIf(able)('the bot while Redis is away', () => {
  let spine: Spine;
  let bot: BotProcess;

  beforeAll(async () => {
    spine = await startSpine({ redis: { appendFsync: 'always' } });
    bot = await spine.startBot();
    // the socket to Slack opens in the background
    await vi.waitFor(async () => {
      const answer = await fetch(`${bot.internalUrl}/readyz`);
      expect(await answer.text()).not.toContain('"up":false');
    }, patiently);
  });
  afterAll(async () => {
    await bot.stop();
    await spine.close();
  });

  const post = async () => {
    const [webhook] = recording.webhooks;
    if (webhook === undefined) {
      throw new Error('the recording has no webhook');
    }
    return deliver(bot, webhook);
  };

  it.each([
    ['stopped', 'U0ROBIN', () => spine.redis.kill(), () => spine.redis.restart()],
    ['frozen', 'U0SAM', () => spine.redis.freeze(), () => spine.redis.thaw()],
  ] as const)('says so at once when it is %s, and goes on after', async (_, user, away, back) => {
    await away();

    const before = Date.now();
    expect(await post()).toBe(503);
    expect(Date.now() - before).toBeLessThan(5_000);
    await command(spine, user, 'reconcile cert-manager-issuers');
    await vi.waitFor(
      async () => expect(await toldTo(spine, user)).toMatch(/nothing (?:was|has been) done/i),
      patiently,
    );

    await back();
    await vi.waitFor(async () => expect(await post()).toBe(202), patiently);
    const told = (await toldTo(spine, user)).length;
    await command(spine, user, 'status');
    await vi.waitFor(
      async () => expect((await toldTo(spine, user)).length).toBeGreaterThan(told),
      patiently,
    );
  });

  it('ends when it is told to, with Redis away', async () => {
    const other = await spine.startBot('worker');
    await spine.redis.kill();

    expect(await other.stop()).toBe(0);

    await spine.redis.restart();
  });

  it('finds a failure after that', async () => {
    await playAtOnce(changesOnly(spine), 0, 50_000);

    await vi.waitFor(async () => expect(await rootsOf(spine)).toHaveLength(1), patiently);
  });
});

describe.runIf(able)('the bot behind a Slack that fails', () => {
  let spine: Spine;
  let bot: BotProcess;
  let proxy: SlackProxy;

  beforeEach(async () => {
    const publicPort = await freePort();
    spine = await startSpine({
      mode: 'http',
      publicPort,
      slackApiUrl: async (apiUrl) => {
        proxy = await startSlackProxy(apiUrl);
        return proxy.apiUrl;
      },
    });
    bot = await spine.startBot();
  });
  afterEach(async () => {
    await bot.stop();
    await proxy.close();
    await spine.close();
  });

  it.each([
    ['loses its reply', { kind: 'lost-reply' }],
    ['answers 429', { kind: 'rate-limited', retryAfterSeconds: 2 }],
  ] as const)('posts one root message when it %s', async (_, answer) => {
    proxy.order({ method: 'chat.postMessage', answer });
    await playAtOnce(changesOnly(spine), 0, 50_000);
    await vi.waitFor(async () => expect(await rootsOf(spine)).toHaveLength(1), patiently);

    await playAtOnce(changesOnly(spine), 50_000, Number.POSITIVE_INFINITY);

    // the bot knows which message is its card: it edits that one
    await vi.waitFor(async () => {
      const roots = await rootsOf(spine);
      expect(roots.map(({ text }) => text)).toEqual([expect.stringContaining('is well again')]);
    }, patiently);
  });

  it('reconciles by signed requests', async () => {
    await playAtOnce(changesOnly(spine), 0, Number.POSITIVE_INFINITY);
    const controller = startStandInController(spine.clusters.infra);
    const texts = async () => (await rootsOf(spine)).map(({ text }) => text).join('\n');
    try {
      // it may not know the object yet; what is under way is not begun again
      await vi.waitFor(async () => {
        await command(spine, 'U0ROBIN', 'reconcile cert-manager-issuers');
        await vi.waitFor(async () => expect(await texts()).toContain('econcile ks/cert-manager'), {
          timeout: 2_000,
        });
      }, patiently);
      await vi.waitFor(
        async () =>
          expect(await texts()).toContain('Reconciled ks/cert-manager/cert-manager-issuers'),
        patiently,
      );
    } finally {
      controller.stop();
    }
  });
});
