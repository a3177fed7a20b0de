import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import {
  chromiumBinary,
  messagesWith,
  openSlackPage,
  startChromium,
  typeInComposer,
} from '#test/e2e/browser.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { channels, deliver, type Spine, startSpine } from '#test/spine/spine.ts';

const missing = [
  ...(hasRedis ? [] : ['redis-server']),
  ...(localSlackBinary === undefined ? ['local Slack'] : []),
  ...(chromiumBinary === undefined ? ['chromium'] : []),
];
const name =
  missing.length === 0
    ? 'a person at the Home of the bot'
    : `a person at the Home of the bot (missing: ${missing.join(', ')})`;

describe.runIf(missing.length === 0)(name, () => {
  let spine: Spine;
  let bot: BotProcess;
  let browser: Browser;
  let page: Page;
  let controller: { stop(): void };

  const lines = recordedLines(readRecording('02-build-failure'), {
    change: (change) => applyChange(spine.clusters.infra, change),
    webhook: async (webhook) => expect(await deliver(bot, webhook)).toBe(202),
  });

  beforeAll(async () => {
    spine = await startSpine();
    bot = await spine.startBot();
    controller = startStandInController(spine.clusters.infra);
    browser = await startChromium();
    page = await openSlackPage(browser, spine.slack.url);
  });
  afterAll(async () => {
    await browser.close();
    controller.stop();
    await bot.stop();
    await spine.close();
  });

  const openHome = () => page.locator('.sidebar-item', { hasText: '🏠' }).click();

  it('reads what is failing, and sees it without opening it again', async () => {
    await openHome();
    await page.getByText('Nothing is failing').waitFor();

    await playAtOnce(lines, 0, 50_000);

    await page.getByText('cert-manager-issuers').first().waitFor();
    await page.getByText(/\d+ objects? failing/).waitFor();
  });

  it('clicks Reconcile there, follows it between them, and finds it under what they asked for', async () => {
    await page.getByRole('button', { name: 'Reconcile' }).first().click();

    await page.getByText(/reconcile ks\/cert-manager\/cert-manager-issuers on infra/).waitFor();
    await page.locator('.sidebar-item', { hasText: 'Robin' }).click();
    await messagesWith(page, /Could not reconcile[\s\S]*CMD-1/).waitFor();
    expect((await spine.slack.messages(channels.infra)).map(({ text }) => text)).not.toContainEqual(
      expect.stringContaining('CMD-1'),
    );
  });

  it('shares an answer with the channel by a click', async () => {
    await page.locator('.sidebar-item', { hasText: 'flux-infra' }).click();
    await typeInComposer(page, '/flux status cert-manager-issuers');
    await page.getByRole('button', { name: 'Share' }).click();

    await messagesWith(page, /shared by @?robin/).waitFor();
    await messagesWith(page, 'Shared in this channel.').waitFor();
  });
});
