/** `npm run demo -- check`: does in a browser what the demo prints, and sees each trouble come and go. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { type RunningDemo, startDemo } from '#test/demo/check-process.ts';
import { readReady } from '#test/demo/status.ts';
import { type Try, tries } from '#test/demo/tries.ts';
import type { Shown, Trouble } from '#test/demo/trouble.ts';
import { troubles } from '#test/demo/troubles.ts';
import { chromiumBinary, openChannel, typeInComposer } from '#test/e2e/browser.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';

// a commit takes 20 s through the tree on a quiet machine, and tests share theirs
const patience = 120_000;
const lookEveryMs = 250;

/** Troubles that do not hide each other are made together. */
const together: readonly (readonly string[])[] = [
  ['bad-yaml', 'bad-variable', 'bad-image', 'drift', 'webhook-key'],
  ['chart-missing'],
  ['missing-dependency', 'suspended'],
  ['storm'],
  ['source-down'],
  ['controller-stopped'],
  ['slow-slack', 'bad-commit'],
  ['cluster-unreachable'],
  ['redis-away'],
  ['bot-killed'],
];

const counts = { passed: 0, failed: 0 };
const failures: string[] = [];

const test = async (name: string, act: () => Promise<void>): Promise<void> => {
  const startedAt = performance.now();
  const took = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  try {
    await act();
    counts.passed += 1;
    console.log(`  ok      ${name} (${took()})`);
  } catch (error) {
    counts.failed += 1;
    const why = error instanceof Error ? error.message.split('\n').slice(0, 4).join('\n') : error;
    failures.push(`${name} (${took()}): ${why}`);
    console.log(`  FAILED  ${name} (${took()})\n${why}`);
  }
};

const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
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

const messages = (page: Page, says: RegExp) => page.locator('.msg').filter({ hasText: says });

const seeIn = async (page: Page, demo: RunningDemo, channel: string, says: RegExp) => {
  await openChannel(page, demo.slackUrl, channel);
  await messages(page, says).last().waitFor({ timeout: patience });
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

const doTry = async (page: Page, demo: RunningDemo, one: Try): Promise<void> => {
  if (one.kind === 'home') {
    return seeHome(page, demo, one.as, one.says);
  }
  await openChannel(page, demo.slackUrl, one.channel);
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
      await messages(page, one.card).last().getByRole('button', { name: one.button }).click();
      break;
    default:
      one satisfies never;
  }
  await messages(page, one.says).last().waitFor({ timeout: patience });
};

const see = async (page: Page, demo: RunningDemo, shown: Shown): Promise<void> => {
  switch (shown.kind) {
    case 'card':
      return seeIn(page, demo, shown.channel, shown.says);
    case 'answer':
      await openChannel(page, demo.slackUrl, shown.channel);
      await actAs(page, 'robin');
      await typeInComposer(page, shown.typed);
      await messages(page, shown.says).last().waitFor({ timeout: patience });
      return;
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

const allWell = async (demo: RunningDemo): Promise<void> =>
  until('everything well again', async () => {
    const { text } = await demo.run('status');
    const ready = await readReady(demo.healthUrl);
    const isReady = ready?.components.every(({ up }) => up) === true;
    const rows = [...text.matchAll(/(\d+) of (\d+) Flux objects ready/g)];
    return isReady && rows.length === 2 && rows.every(([, some, all]) => some === all);
  });

const named = (name: string): Trouble => {
  const found = troubles.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`no trouble ${name}`);
  }
  return found;
};

const seeTroubles = async (
  page: Page,
  demo: RunningDemo,
  names: readonly string[],
  between: () => Promise<void>,
): Promise<void> => {
  for (const name of names) {
    await test(`break ${name}`, async () => {
      await demo.run('break', name);
    });
  }
  for (const name of names) {
    await test(`${name} is seen: ${named(name).look}`, async () => {
      for (const shown of named(name).shown) {
        await see(page, demo, shown);
      }
    });
  }
  await between();
  await test(`fix ${names.join(', ')}`, async () => {
    await demo.run('fix');
  });
  for (const { name, over } of names.map(named)) {
    if (over !== undefined) {
      await test(`${name} is over`, () => seeIn(page, demo, over.channel, over.says));
    }
  }
  await test('everything is well again', () => allWell(demo));
};

const checkAll = async (
  folder: string,
  page: Page,
  isWanted: (part: string) => boolean,
): Promise<void> => {
  let demo = await startDemo(folder);
  const end = (): void => {
    void demo.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    for (const [at, one] of isWanted('tries') ? tries.entries() : []) {
      await test(`thing to try ${at + 1}: ${one.see}`, () => doTry(page, demo, one));
    }
    await test('a second start says that one runs', async () => {
      const second = await demo.tryStart();
      if (!/runs already/.test(second)) {
        throw new Error(second);
      }
    });
    const restart = async (): Promise<void> => {
      await test('Ctrl-C leaves no process and no port behind', () => demo.stop());
      demo = await startDemo(folder);
      await test('the next start goes on from there', async () => {
        await seeIn(page, demo, 'flux-infra', /spegel cannot be built/);
        const { text } = await demo.run('status');
        if (!/broken {3}bad-yaml/.test(text) || !/Sam Okafor/.test(text)) {
          throw new Error(text);
        }
      });
    };
    for (const [at, names] of together.entries()) {
      if (names.some(isWanted)) {
        await seeTroubles(page, demo, names, at === 0 ? restart : async () => undefined);
      }
    }
  } finally {
    await demo.stop();
  }
};

/** What is there where the local Slack does not run. */
const checkTerminal = async (folder: string): Promise<void> => {
  const demo = await startDemo(folder, { FLUX_CHATOPS_DEMO_VIEW: 'terminal' });
  const says = (what: string, wanted: RegExp) =>
    test(what, () => until(String(wanted), async () => wanted.test(demo.printed())));
  try {
    await says('the terminal view says that it is one', /Slack: +in this terminal/);
    demo.type('/flux status');
    await says('a command typed in the terminal is answered', /only you[\s\S]*infra: \d+ objects/);
    await demo.run('break', 'drift');
    await says('a card is shown in the terminal', /flux-infra · new[\s\S]*coredns has drifted/);
    await demo.run('fix');
    await says('and its end', /flux-infra · edited[\s\S]*coredns is well again/);
    demo.type('in apps');
    demo.type('/flux reconcile echo apps');
    await says('a command acts, and its steps are shown', /Reconciled ks\/flux-system\/echo/);
  } finally {
    await demo.stop();
  }
};

/**
 * @param parts - `tries`, `terminal`, or troubles; all when left out
 * @returns the exit code; the last line counts
 */
export const check = async (parts: readonly string[]): Promise<number> => {
  const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const missing = [
    ...(hasRedis ? [] : ['redis-server']),
    ...(localSlackBinary === undefined ? ['the local Slack'] : []),
    ...(chromiumBinary === undefined ? ['chromium'] : []),
  ];
  if (missing.length > 0) {
    console.log(`the demo is not checked (missing: ${missing.join(', ')})`);
    console.log('0 passed, 0 failed, 1 skipped');
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), 'flux-chatops-demo-'));
  const browser = await chromium.launch({
    ...(chromiumBinary === undefined ? {} : { executablePath: chromiumBinary }),
    // it runs as root in a container, with what we serve ourselves
    args: ['--no-sandbox'],
    // ours ends the demo, too
    ...{ handleSIGINT: false, handleSIGTERM: false },
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
    page.setDefaultTimeout(patience);
    if (parts.some((part) => part !== 'terminal') || parts.length === 0) {
      await checkAll(join(folder, 'page'), page, isWanted);
    }
    if (isWanted('terminal')) {
      await checkTerminal(join(folder, 'terminal'));
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
  // once more at the end, where somebody looks who sees no more of a log
  console.log(failures.map((one) => `failed: ${one}\n`).join(''));
  console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
  return counts.failed > 0 ? 1 : 0;
};
