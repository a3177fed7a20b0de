/** `npm run demo -- check`: does in a browser what the demo prints, and sees each trouble come and go. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type RunningDemo, startDemo } from '#test/demo/check-process.ts';
import { doTry, lookAt, patience, see, seeIn, until } from '#test/demo/sight.ts';
import { readReady } from '#test/demo/status.ts';
import { tries } from '#test/demo/tries.ts';
import type { Trouble } from '#test/demo/trouble.ts';
import { troubles } from '#test/demo/troubles.ts';
import { chromiumBinary, startChromium } from '#test/e2e/browser.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';

/** Troubles that do not hide each other are made together. */
const together: readonly (readonly string[])[] = [
  ['bad-yaml', 'bad-variable', 'bad-image', 'drift', 'webhook-key'],
  ['chart-missing', 'missing-dependency', 'suspended'],
  ['storm'],
  ['source-down'],
  ['controller-stopped', 'cluster-unreachable'],
  ['slow-slack', 'bad-commit'],
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
  names: readonly string[],
  demoNow: () => RunningDemo,
  between: () => Promise<void>,
): Promise<void> => {
  const cards = names
    .flatMap((name) => named(name).shown)
    .flatMap((shown) => (shown.kind === 'card' ? [shown.channel] : []));
  const ends = names.flatMap((name) => {
    const { over } = named(name);
    return over === undefined ? [] : [{ name, over }];
  });
  const whole = await lookAt(page, demoNow(), cards);
  for (const name of names) {
    await test(`break ${name}`, async () => {
      await demoNow().run('break', name);
    });
  }
  for (const name of names) {
    await test(`${name} is seen: ${named(name).look}`, async () => {
      for (const shown of named(name).shown) {
        await see(page, demoNow(), shown, whole);
      }
    });
  }
  await between();
  const broken = await lookAt(
    page,
    demoNow(),
    ends.map(({ over }) => over.channel),
  );
  await test(`fix ${names.join(', ')}`, async () => {
    await demoNow().run('fix');
  });
  for (const { name, over } of ends) {
    await test(`${name} is over`, () => seeIn(page, demoNow(), over, broken(over.channel)));
  }
  await test('everything is well again', () => allWell(demoNow()));
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
        await seeIn(page, demo, { channel: 'flux-infra', says: /spegel cannot be built/ });
        const { text } = await demo.run('status');
        if (!/broken {3}bad-yaml/.test(text) || !/Sam Okafor/.test(text)) {
          throw new Error(text);
        }
      });
    };
    for (const [at, names] of together.entries()) {
      if (names.some(isWanted)) {
        await seeTroubles(page, names, () => demo, at === 0 ? restart : async () => undefined);
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
  // ours ends the demo, too
  const browser = await startChromium({ handleSIGINT: false, handleSIGTERM: false });
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
    page.setDefaultTimeout(patience);
    const isPageWanted = parts.some((part) => part !== 'terminal') || parts.length === 0;
    // two demos that know nothing of each other, and mostly wait
    await Promise.all([
      isPageWanted ? checkAll(join(folder, 'page'), page, isWanted) : undefined,
      isWanted('terminal') ? checkTerminal(join(folder, 'terminal')) : undefined,
    ]);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
  // once more at the end, where somebody looks who sees no more of a log
  console.log(failures.map((one) => `failed: ${one}\n`).join(''));
  console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
  return counts.failed > 0 ? 1 : 0;
};
