import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chromiumBinary,
  messagesWith,
  openSlackPage,
  startChromium,
  takePictures,
  typeInComposer,
} from '#test/e2e/browser.ts';
import { type ConsoleBench, startConsoleBench } from '#test/slack/console-bench.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { failing, put } from '#test/unit/commands/stage.ts';

const missing = [
  ...(localSlackBinary === undefined ? ['local Slack'] : []),
  ...(chromiumBinary === undefined ? ['chromium'] : []),
];
const name =
  missing.length === 0
    ? 'a person at a form in the page of Slack'
    : `a person at a form in the page of Slack (missing: ${missing.join(', ')})`;

describe.runIf(missing.length === 0)(name, () => {
  let bench: ConsoleBench;
  let browser: Browser;
  let page: Page;
  let pictures: string;

  const picture = (what: string): Promise<void> => takePictures(page, pictures, what);

  beforeAll(async () => {
    bench = await startConsoleBench('socket');
    put(bench.infra, 'Kustomization/media/plex', { status: failing });
    put(bench.infra, 'Kustomization/home/zigbee', { spec: { suspend: true } });
    put(bench.infra, 'Kustomization/harbor/harbor');
    put(bench.apps, 'Kustomization/harbor/harbor');
    bench.infra.listAll();
    bench.apps.listAll();
    browser = await startChromium();
    page = await openSlackPage(browser, bench.local.url);
    // outside of the clone: what a person looks at after a run
    pictures = await mkdtemp(join(tmpdir(), 'flux-chatops-pictures-'));
  });
  afterAll(async () => {
    await browser.close();
    await bench.stop();
  });

  const listOf = (label: string) =>
    page.locator('.bk-input').filter({ hasText: label }).locator('select');
  const send = () => page.locator('.modal-btn.primary').click();

  it('types /flux alone, and sees what is the matter and what can be done', async () => {
    await typeInComposer(page, '/flux');

    await messagesWith(page, '1 of 3 objects failing on infra').waitFor();
    await picture('here');
  });

  it('types /flux reconcile, and a form asks for the object', async () => {
    await typeInComposer(page, '/flux reconcile');
    await listOf('Object').waitFor();
    await picture('form');

    expect(await listOf('Object').locator('option').allTextContents()).toEqual([
      'Choose',
      'ks/media/plex · infra · failing',
      'ks/harbor/harbor · apps, infra',
      'ks/home/zigbee · infra · suspended',
    ]);
  });

  it('chooses what is suspended, and is told so in the form', async () => {
    await listOf('Object').selectOption('ks/home/zigbee');
    await send();

    await page.getByText(/ks\/home\/zigbee on infra is suspended/).waitFor();
    await picture('form-error');
    expect(await listOf('Object').count()).toBe(1);
    expect(await messagesWith(page, 'is suspended').count()).toBe(0);
  });

  it('chooses another, and follows its card in the channel', async () => {
    await listOf('Object').selectOption('ks/harbor/harbor');
    await send();

    await messagesWith(page, /ks\/harbor\/harbor[\s\S]*CMD-1/).waitFor();
    // the card and the end of the form come on ways of their own
    await listOf('Object').waitFor({ state: 'detached' });
    await picture('card');
  });

  it('presses the button that opens the form', async () => {
    await messagesWith(page, 'failing on infra')
      .getByRole('button', { name: 'Reconcile …' })
      .click();

    await listOf('Object').waitFor();
    await page.locator('.modal-btn', { hasText: 'Cancel' }).click();
    await listOf('Object').waitFor({ state: 'detached' });
  });

  it('presses what it meant after a typo', async () => {
    await typeInComposer(page, '/flux statsu plexx');
    const meant = page.getByRole('button', { name: '/flux status ks/media/plex' });
    await meant.waitFor();
    await picture('typo');
    await meant.click();

    // the answer's own title: the overview above names the object in its list, too
    await messagesWith(page, /🔴 ks\/media\/plex on infra: failing/).waitFor();
  });
});
