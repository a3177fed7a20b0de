/**
 * `npm run cards -- DIR`: every card and view of the product as Slack's page shows it, as pictures in DIR,
 * wide and as narrow as a phone. For looking at by eye, after a change of wording or layout.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type SentCard, sentCards } from '#test/cards/cards.ts';
import { chromiumBinary, startChromium } from '#test/e2e/browser.ts';
import { localSlackBinary, startLocalSlack } from '#test/slack/local-slack.ts';
import { demoBot, demoWorkspace } from '#test/slack/workspace.ts';

const widths = { wide: 1280, phone: 390 } as const;
const tall = 4_800;
const pictureHeight = 1_300;
// beside the messages a phone shows nothing
const onlyMessages = '.sidebar, .topbar, .composer { display: none !important; }';

const call = async (apiUrl: string, method: string, body: Record<string, string>) => {
  const answer = await fetch(apiUrl + method, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${demoBot.botToken}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(body),
  });
  return (await answer.json()) as { readonly ok: boolean; readonly channel: string };
};

interface Sheet {
  readonly name: string;
  readonly cards: readonly SentCard[];
}

/** Messages of one area stand on one sheet; a Home has the tab for itself. */
const sheetsOf = (all: Readonly<Record<string, SentCard>>): readonly Sheet[] => {
  const areas = new Map<string, SentCard[]>();
  for (const [name, card] of Object.entries(all)) {
    const area = 'type' in card ? name.replace('/', '-') : (name.split('/')[0] ?? name);
    areas.set(area, [...(areas.get(area) ?? []), card]);
  }
  return [...areas].map(([name, cards]) => ({ name, cards }));
};

const send = async (apiUrl: string, card: SentCard): Promise<void> => {
  const answer =
    'type' in card
      ? await call(apiUrl, 'views.publish', { user_id: 'U0ROBIN', view: JSON.stringify(card) })
      : await call(apiUrl, 'chat.postMessage', {
          channel: 'C0INFRA',
          text: card.text,
          blocks: JSON.stringify(card.blocks),
        });
  if (!answer.ok) {
    throw new Error(JSON.stringify(answer));
  }
};

/** Pictures of what is on the page, each not higher than what one can look at at once. */
const cut = async (page: Page, path: string, width: number): Promise<void> => {
  const shown = page.locator('.msg, .main hr, .main button:not(.composer *, .composer)');
  const boxes = await Promise.all((await shown.all()).map((one) => one.boundingBox()));
  const ends = boxes.flatMap((box) => (box === null ? [] : [box.y + box.height]));
  const starts = boxes.flatMap((box) => (box === null ? [] : [box.y]));
  // a Home may end in text, of which this knows nothing
  const end = Math.min(Math.max(...ends, 500) + 140, tall);
  let top = Math.max(Math.min(...starts, 0), 0);
  for (let number = 1; top < end; number += 1) {
    const height = Math.min(pictureHeight, end - top);
    const clip = { x: 0, y: top, width, height };
    await page.screenshot({ path: `${path}-${number}.png`, clip });
    top += height;
  }
};

const picture = async (page: Page, folder: string, sheet: Sheet): Promise<void> => {
  const slack = await startLocalSlack(demoWorkspace());
  for (const card of sheet.cards) {
    await send(slack.apiUrl, card);
  }
  await page.setViewportSize({ width: widths.wide, height: tall });
  await page.goto(slack.url);
  const isHome = sheet.cards.some((card) => 'type' in card);
  await page.locator('.sidebar-item', { hasText: isHome ? '🏠' : 'flux-infra' }).click();
  await page
    .locator(isHome ? 'button' : '.msg')
    .first()
    .waitFor();
  for (const [label, width] of Object.entries(widths)) {
    if (label === 'phone') {
      await page.addStyleTag({ content: onlyMessages });
    }
    await page.setViewportSize({ width, height: tall });
    await page.waitForTimeout(200);
    await cut(page, join(folder, `${sheet.name}-${label}`), width);
  }
  await slack.stop();
};

const main = async (folder: string): Promise<void> => {
  if (chromiumBinary === undefined || localSlackBinary === undefined) {
    throw new Error('this needs Chromium and the local Slack');
  }
  await mkdir(folder, { recursive: true });
  const browser = await startChromium();
  const page = await browser.newPage();
  for (const sheet of sheetsOf(await sentCards())) {
    await picture(page, folder, sheet);
  }
  await browser.close();
};

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run cards -- DIR');
  process.exitCode = 2;
} else {
  await main(folder);
  console.log(`pictures in ${folder}`);
}
