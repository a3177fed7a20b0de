import type { Locator, Page } from 'playwright-core';
import type { RunningDemo } from '#test/demo/check-process.ts';
import { readReady } from '#test/demo/status.ts';
import type { Try } from '#test/demo/tries.ts';
import type { Shown } from '#test/demo/trouble.ts';
import { openChannel, typeInComposer } from '#test/e2e/browser.ts';

/** A commit takes 20 s through the tree on a quiet machine, and tests share theirs. */
export const patience = 120_000;
const lookEveryMs = 250;

/** What the messages of a channel said at a moment, by their time. */
export type Sight = ReadonlyMap<string, string>;

/** Nothing seen yet: every message is news. */
export const nothingSeen: Sight = new Map();

const messages = (page: Page): Locator => page.locator('.msg');

const read = async (found: Locator): Promise<readonly (readonly [string, string])[]> =>
  found.evaluateAll((elements) =>
    elements.map((element) => [element.getAttribute('data-ts') ?? '', element.textContent ?? '']),
  );

/** Opens a channel, and notes what it says now. */
export const openAndLook = async (
  page: Page,
  slackUrl: string,
  channel: string,
): Promise<Sight> => {
  await openChannel(page, slackUrl, channel);
  return new Map(await read(messages(page)));
};

/**
 * Whether the open channel shows a message that says this and did not stand there so before: an older one
 * that says the same is no answer.
 */
export const hasNews = async (page: Page, says: RegExp, before: Sight): Promise<boolean> =>
  (await read(messages(page).filter({ hasText: says }))).some(
    ([ts, text]) => before.get(ts) !== text,
  );

/** Resolves once a look says so; rejects where it does not within our patience. */
export const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + patience;
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) {
      throw new Error(`not seen within ${patience / 1_000} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
};

const actAs = async (page: Page, who: 'robin' | 'sam'): Promise<void> => {
  await page
    .locator('select')
    .first()
    .selectOption(who === 'robin' ? 'U0ROBIN' : 'U0SAM');
};

const seeNews = (page: Page, says: RegExp, before: Sight): Promise<void> =>
  until(`a new message that says ${says}`, () => hasNews(page, says, before));

/** Sees a message in a channel that was not there `before`. */
export const seeIn = async (
  page: Page,
  demo: RunningDemo,
  { channel, says }: { readonly channel: string; readonly says: RegExp },
  before: Sight = nothingSeen,
): Promise<void> => {
  await openChannel(page, demo.slackUrl, channel);
  await seeNews(page, says, before);
};

const seeHome = async (page: Page, demo: RunningDemo, who: 'robin' | 'sam', says: RegExp) => {
  await openChannel(page, demo.slackUrl, 'flux-infra');
  await actAs(page, who);
  await page.locator('.sidebar-item').filter({ hasText: 'flux' }).last().click();
  await page.locator('.main').filter({ hasText: says }).waitFor({ timeout: patience });
};

const seeForm = async (page: Page, says: RegExp): Promise<void> => {
  const cancel = page.locator('.modal-btn', { hasText: 'Cancel' });
  await page.locator('[class*=modal]').filter({ hasText: says }).first().waitFor();
  await cancel.click();
  await cancel.waitFor({ state: 'detached' });
};

/** Does what the demo suggests, and sees what it promises. */
export const doTry = async (page: Page, demo: RunningDemo, one: Try): Promise<void> => {
  if (one.kind === 'home') {
    return seeHome(page, demo, one.as, one.says);
  }
  const before = await openAndLook(page, demo.slackUrl, one.channel);
  await page.locator('.app-status .status.ok').waitFor();
  switch (one.kind) {
    case 'type':
      await actAs(page, one.as);
      await typeInComposer(page, one.text);
      break;
    case 'form':
      await actAs(page, one.as);
      await typeInComposer(page, one.text);
      return seeForm(page, one.says);
    case 'run':
      await demo.run(...one.words.split(' '));
      break;
    case 'click':
      await actAs(page, 'robin');
      await page
        .locator('.msg')
        .filter({ hasText: one.card })
        .last()
        .getByRole('button', { name: one.button })
        .click();
      break;
    default:
      one satisfies never;
  }
  await seeNews(page, one.says, before);
};

/**
 * Sees what a trouble shows.
 * @param before - what a channel said before the trouble was made
 */
export const see = async (
  page: Page,
  demo: RunningDemo,
  shown: Shown,
  before: (channel: string) => Sight,
): Promise<void> => {
  switch (shown.kind) {
    case 'card':
      return seeIn(page, demo, shown, before(shown.channel));
    case 'answer': {
      const asked = await openAndLook(page, demo.slackUrl, shown.channel);
      await actAs(page, 'robin');
      await typeInComposer(page, shown.typed);
      return seeNews(page, shown.says, asked);
    }
    case 'health':
      return until(`${shown.component} away in /readyz`, async () => {
        const ready = await readReady(demo.healthUrl);
        return shown.component === 'bot'
          ? ready === undefined
          : ready?.components.some(({ name, up }) => name === shown.component && !up) === true;
      });
    case 'metric':
      return until(`${shown.line} in /metrics`, async () =>
        shown.line.test(await (await fetch(`${demo.healthUrl}/metrics`)).text()),
      );
    default:
      return shown satisfies never;
  }
};

/** What the channels that will tell something say now. */
export const lookAt = async (
  page: Page,
  demo: RunningDemo,
  channels: readonly string[],
): Promise<(channel: string) => Sight> => {
  const sights = new Map<string, Sight>();
  for (const channel of new Set(channels)) {
    sights.set(channel, await openAndLook(page, demo.slackUrl, channel));
  }
  return (channel) => sights.get(channel) ?? nothingSeen;
};
