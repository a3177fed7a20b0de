import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import {
  chromiumBinary,
  messagesWith,
  openSlackPage,
  startChromium,
  takePictures,
  typeInComposer,
} from '#test/e2e/browser.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { deliver, type Spine, startSpine } from '#test/spine/spine.ts';

const missing = [
  ...(hasRedis ? [] : ['redis-server']),
  ...(localSlackBinary === undefined ? ['local Slack'] : []),
  ...(chromiumBinary === undefined ? ['chromium'] : []),
];
const name =
  missing.length === 0
    ? 'a person at the page of Slack'
    : `a person at the page of Slack (missing: ${missing.join(', ')})`;

describe.runIf(missing.length === 0)(name, () => {
  let spine: Spine;
  let bot: BotProcess;
  let browser: Browser;
  let page: Page;
  let pictures: string;
  let controller: { stop(): void } | undefined;

  const picture = (what: string): Promise<void> => takePictures(page, pictures, what);

  const lines = recordedLines(readRecording('02-build-failure'), {
    change: (change) => applyChange(spine.clusters.infra, change),
    webhook: async (webhook) => expect(await deliver(bot, webhook)).toBe(202),
  });

  beforeAll(async () => {
    spine = await startSpine();
    bot = await spine.startBot();
    browser = await startChromium();
    page = await openSlackPage(browser, spine.slack.url);
    // outside of the clone: what a person looks at after a run
    pictures = await mkdtemp(join(tmpdir(), 'flux-chatops-pictures-'));
  });
  afterEach(async ({ task }) => {
    await picture(task.name.replace(/\W+/g, '-').slice(0, 60));
  });
  afterAll(async () => {
    await browser.close();
    controller?.stop();
    await bot.stop();
    await spine.close();
  });

  const card = () => messagesWith(page, /cert-manager-issuers (?:cannot be built|is well again)/);

  it('sees one card for a recorded failure', async () => {
    await playAtOnce(lines, 0, 50_000);

    await messagesWith(page, 'cert-manager-issuers cannot be built').waitFor();

    expect(await card().count()).toBe(1);
    expect(await page.locator('.msg').count()).toBe(1);
  });

  it('types /flux reconcile and follows its steps to the result', async () => {
    await typeInComposer(page, '/flux reconcile cert-manager-issuers');

    await messagesWith(page, /Asked ks\/cert-manager\/cert-manager-issuers/).waitFor();
    await messagesWith(page, /Waiting for ks\/cert-manager\/cert-manager-issuers/).waitFor();
    await picture('steps');
    // not before: a step that is over sooner than Slack takes an edit is never shown
    controller = startStandInController(spine.clusters.infra);
    // it still fails to build: the request ends, and Flux's own words say how
    await messagesWith(page, /Could not reconcile .*asked by robin/).waitFor();
  });

  it('clicks Reconcile on the card', async () => {
    await card().getByRole('button', { name: 'Reconcile' }).click();

    await messagesWith(page, 'CMD-2').waitFor();
    await messagesWith(page, /Could not reconcile[\s\S]*CMD-2/).waitFor();
  });

  it('sees the same card resolved', async () => {
    await playAtOnce(lines, 50_000, Number.POSITIVE_INFINITY);

    await messagesWith(page, 'is well again').waitFor();

    expect(await card().count()).toBe(1);
  });

  it('mentions the bot, which now succeeds', async () => {
    await typeInComposer(page, '@flux reconcile cert-manager-issuers');

    await messagesWith(
      page,
      /Reconciled ks\/cert-manager\/cert-manager-issuers[\s\S]*CMD-3/,
    ).waitFor();
  });

  it('asks for the status, and only they see the answer', async () => {
    await typeInComposer(page, '/flux status');

    await page.getByText(/only visible to you/i).waitFor();
  });
});
