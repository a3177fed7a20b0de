import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { channels, deliver, type Spine, startSpine } from '#test/spine/spine.ts';

/** What a controller does with a request: marks it as handled, once the pass is over. */
const answerRequests = (server: ApiServer, ref: Parameters<ApiServer['objects']['get']>[0]) => {
  const tokens = new Set<string>();
  const timer = setInterval(() => {
    const object = server.objects.get(ref);
    const token = object?.metadata.annotations?.['reconcile.fluxcd.io/requestedAt'];
    if (object !== undefined && token !== undefined && !tokens.has(token)) {
      tokens.add(token);
      server.objects.put({
        ...object,
        status: { ...(object['status'] as object), lastHandledReconcileAt: token },
      });
    }
  }, 100);
  return { tokens, stop: () => clearInterval(timer) };
};

const able = hasRedis && localSlackBinary !== undefined;
const patiently = { timeout: 20_000, interval: 50 };

describe.runIf(able)('the spine, through real Redis, HTTP, Slack and Kubernetes APIs', () => {
  let spine: Spine;
  let bot: BotProcess;

  beforeAll(async () => {
    spine = await startSpine({ redis: { appendFsync: 'always' } });
    bot = await spine.startBot();
  });
  afterAll(async () => {
    await bot.stop();
    await spine.close();
  });

  const roots = async () =>
    (await spine.slack.messages(channels.infra)).filter((one) => one.thread_ts === undefined);

  it('turns a recorded failure into one card, edited until it is resolved', async () => {
    const lines = recordedLines(readRecording('02-build-failure'), {
      change: (change) => applyChange(spine.clusters.infra, change),
      webhook: async (webhook) => expect(await deliver(bot, webhook)).toBe(202),
    });

    await playAtOnce(lines, 0, 50_000);
    const [card] = await vi.waitUntil(async () => {
      const found = await roots();
      return found.length > 0 ? found : undefined;
    }, patiently);
    expect(card?.text).toContain('cert-manager-issuers cannot be built');

    await playAtOnce(lines, 50_000, Number.POSITIVE_INFINITY);
    await vi.waitFor(async () => {
      const [now, ...others] = await roots();
      expect(now?.text).toContain('is well again');
      expect(now?.ts).toBe(card?.ts);
      expect(others).toEqual([]);
    }, patiently);
  });

  it('reconciles what a person asks for by slash command, with live steps and an audit', async () => {
    const ref = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace: 'cert-manager',
      name: 'cert-manager-issuers',
    };
    const handle = answerRequests(spine.clusters.infra, ref);

    await spine.slack.command({
      channel: channels.infra,
      user: 'U0ROBIN',
      command: '/flux',
      text: 'reconcile cert-manager-issuers',
    });

    await vi.waitFor(async () => {
      const card = (await roots()).find((one) => one.text.includes('econcile'));
      expect(card?.text).toMatch(/Reconciled ks\/cert-manager\/cert-manager-issuers on infra/);
    }, patiently);
    handle.stop();
    expect(handle.tokens.size).toBe(1);
  });

  it('tells a person what right is missing', async () => {
    await spine.slack.command({
      channel: channels.infra,
      user: 'U0SAM',
      command: '/flux',
      text: 'reconcile cert-manager-issuers',
    });

    await vi.waitFor(async () => {
      const messages = await spine.slack.messages(channels.infra);
      const told = messages.find((one) => one.ephemeral_to === 'U0SAM');
      expect(told?.text).toContain('sam may not do this; missing: reconcile');
    }, patiently);
  });

  it('is ready, and says what it stands on', async () => {
    const answer = await fetch(`${bot.internalUrl}/readyz`);

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      status: 'ready',
      components: [
        { name: 'redis', up: true },
        { name: 'slack', up: true },
        { name: 'cluster apps', up: true },
        { name: 'cluster infra', up: true },
      ],
    });
  });
});
