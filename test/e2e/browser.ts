import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type Browser,
  chromium,
  type LaunchOptions,
  type Locator,
  type Page,
} from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

const canRun = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A Chromium of this machine; undefined where there is none. */
export const chromiumBinary: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find(canRun);

/** Starts that Chromium without a window; whoever started it closes it. */
export const startChromium = (options: LaunchOptions = {}): Promise<Browser> =>
  chromium.launch({
    ...(chromiumBinary === undefined ? {} : { executablePath: chromiumBinary }),
    // it may run as root in a container, with what we serve ourselves
    args: ['--no-sandbox'],
    ...options,
  });

/** Opens a channel in the page of the local Slack. */
export const openChannel = async (page: Page, slackUrl: string, name: string): Promise<void> => {
  await page.goto(slackUrl);
  await page.locator('.sidebar-item').filter({ hasText: name }).click();
};

/** How long (ms) a person at the page waits for what is to come. */
const patienceMs = 20_000;

/** A page of its own on #flux-infra, once the bot is connected. */
export const openSlackPage = async (browser: Browser, slackUrl: string): Promise<Page> => {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
  page.setDefaultTimeout(patienceMs);
  await openChannel(page, slackUrl, 'flux-infra');
  await page.locator('.app-status .status.ok').waitFor();
  return page;
};

/** Types into the composer as a person does, and sends it. */
export const typeInComposer = async (page: Page, text: string): Promise<void> => {
  const composer = page.locator('.main .composer-input');
  await composer.click();
  await page.keyboard.insertText(text);
  await page.keyboard.press('Enter');
};

/** The messages whose text has this in it. */
export const messagesWith = (page: Page, text: string | RegExp): Locator =>
  page.locator('.msg').filter({ hasText: text });

// a phone shows nothing beside the messages
const onPhone = '.sidebar, .topbar, .composer { display: none !important; }';

/** Pictures of the page as it is now, wide and as narrow as a phone: what a person looks at after a run. */
export const takePictures = async (page: Page, folder: string, what: string): Promise<void> => {
  for (const [label, width, style] of [
    ['wide', 1200, ''],
    ['narrow', 390, onPhone],
  ] as const) {
    await page.setViewportSize({ width, height: 1000 });
    await page.screenshot({ path: join(folder, `${what}-${label}.png`), style });
  }
  await page.setViewportSize({ width: 1200, height: 1000 });
};
