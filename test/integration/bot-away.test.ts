import { readFile, writeFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { channels, deliver, type Spine, startSpine, webhookKey } from '#test/spine/spine.ts';

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

describe.runIf(able)('the bot while it or a cluster is away', () => {
  let spine: Spine;
  let bot: BotProcess;

  beforeAll(async () => {
    spine = await startSpine();
    bot = await spine.startBot();
  });
  afterAll(async () => {
    await bot.stop();
    await spine.close();
  });

  const component = async (name: string): Promise<unknown> => {
    const answer = await fetch(`${bot.internalUrl}/readyz`);
    const { components } = (await answer.json()) as { components: { name: string }[] };
    return components.find((one) => one.name === name);
  };
  const texts = async () => (await rootsOf(spine)).map(({ text }) => text);

  it('stays up without an API server, and finds what it missed', async () => {
    const { faults } = spine.clusters.infra;
    for (const name of ['cluster apps', 'cluster infra']) {
      await vi.waitFor(
        async () => expect(await component(name)).toMatchObject({ up: true }),
        patiently,
      );
    }
    await faults.down();
    await vi.waitFor(
      async () => expect(await component('cluster infra')).toMatchObject({ up: false }),
      patiently,
    );
    expect(await component('cluster apps')).toMatchObject({ up: true });
    await playAtOnce(changesOnly(spine), 0, 50_000);

    await faults.up();

    await vi.waitFor(
      async () => expect(await texts()).toEqual([expect.stringContaining('cannot be built')]),
      { timeout: 40_000, interval: 100 },
    );
    // what the health board says is a few seconds old
    await vi.waitFor(
      async () => expect(await component('cluster infra')).toMatchObject({ up: true }),
      patiently,
    );
  });

  it('resolves what became well while it was down, within 10 s of its return', async () => {
    await bot.stop();
    await playAtOnce(changesOnly(spine), 50_000, Number.POSITIVE_INFINITY);
    bot = await spine.startBot();

    await vi.waitFor(
      async () => expect(await texts()).toEqual([expect.stringContaining('is well again')]),
      { timeout: 10_000, interval: 100 },
    );
  });

  it('finds what failed while it was down, within 10 s of its return', async () => {
    await bot.kill();
    const failure = readRecording('03-apply-failure');
    const lines = recordedLines(failure, {
      change: (change) => {
        if (change.cluster === 'infra' || change.cluster === 'apps') {
          applyChange(spine.clusters[change.cluster], change);
        }
      },
      webhook: () => Promise.resolve(),
    });
    await playAtOnce(lines, 0, 40_000);
    bot = await spine.startBot();

    const isWritten = (line: Readonly<Record<string, unknown>>) =>
      line['msg'] === 'incident written' && String(line['object']).endsWith('/cnpg-cluster');
    await vi.waitFor(() => expect(bot.log().some(isWritten)).toBe(true), {
      timeout: 10_000,
      interval: 100,
    });
    // Slack follows as soon as the lease of the killed process has ended
    await vi.waitFor(async () => {
      const found = await spine.slack.messages(channels.apps);
      expect(found.map(({ text }) => text).join('\n')).toContain('cnpg-cluster');
    }, patiently);
  });

  it('keeps each delivery once, though it is killed in the middle of them', async () => {
    const [first] = recording.webhooks;
    if (first === undefined) {
      throw new Error('the recording has no webhook');
    }
    const sent = Array.from({ length: 200 }, (_, at) => ({
      ...first,
      body: first.body.replace(/"message":"/, `"message":"${at} `),
    }));
    const redis = new Redis(spine.redis.url);
    const kept = () => redis.zcard('{flux-chatops}:digests:intake');
    const before = await kept();
    const answers: number[] = [];
    let killing: Promise<void> | undefined;

    // ten at a time, so that it is in the middle of them on a slow machine, too
    const lanes = Array.from({ length: 10 }, async (_, lane) => {
      for (const webhook of sent.filter((__, at) => at % 10 === lane)) {
        answers.push(await deliver(bot, webhook).catch(() => 0));
        if (answers.length === 50) {
          killing = bot.kill();
        }
      }
    });
    await Promise.all(lanes);
    await killing;
    const acknowledged = answers.filter((status) => status === 202).length;
    const keptThen = (await kept()) - before;
    bot = await spine.startBot();
    const again = await Promise.all(sent.map((webhook) => deliver(bot, webhook)));

    // what was answered is kept; what was kept unanswered is none the more when it comes again
    expect(acknowledged).toBeLessThan(sent.length);
    expect(keptThen).toBeGreaterThanOrEqual(acknowledged);
    expect(new Set(again)).toEqual(new Set([202]));
    expect((await kept()) - before).toBe(sent.length);
    redis.disconnect();
  });

  it('watches on after its watches expired', async () => {
    spine.clusters.infra.faults.expireWatches();
    await playAtOnce(changesOnly(spine), 0, 50_000);

    await vi.waitFor(
      async () => expect((await texts()).join('\n')).toContain('cannot be built'),
      patiently,
    );
  });

  it('takes a changed configuration and a rotated key without a restart', async () => {
    const config = parse(await readFile(spine.configFile, 'utf8'));
    config.access.grants.push({ role: 'operator', people: ['sam'] });
    config.people.push({ name: 'sam', slack: 'U0SAM' });
    const secretFile = `${spine.folder}/key`;
    await writeFile(secretFile, 'another-key-than-the-recorded-one-0123');
    config.webhooks.keys = [
      { cluster: 'apps', key: { env: 'KEY_APPS' } },
      { cluster: 'infra', key: { file: secretFile } },
    ];
    const [webhook] = recording.webhooks;
    if (webhook === undefined) {
      throw new Error('the recording has no webhook');
    }
    expect(await deliver(bot, webhook)).toBe(202);

    await writeFile(spine.configFile, stringify(config));

    await vi.waitFor(async () => expect(await deliver(bot, webhook)).toBe(401), patiently);
    // the file of the secret changes alone: the recorded key is back
    await writeFile(secretFile, webhookKey('infra'));
    await vi.waitFor(async () => expect(await deliver(bot, webhook)).toBe(202), patiently);
    await command(spine, 'U0SAM', 'reconcile cert-manager-issuers');
    await vi.waitFor(
      async () => expect((await texts()).join('\n')).toContain('econcile ks/cert-manager'),
      patiently,
    );
  });
});
