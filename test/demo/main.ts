/**
 * `make demo`: the bot with everything around it on this machine, on 127.0.0.1 only. Without an argument
 * it starts; with one it speaks to the demo that runs.
 */
import { rmSync } from 'node:fs';
import { explainRenderProblem } from '#src/render/problem.ts';
import { check } from '#test/demo/check.ts';
import { findBuilder } from '#test/demo/clusters.ts';
import { askControl, openControl } from '#test/demo/control.ts';
import { demoFolder } from '#test/demo/folder.ts';
import { endLeftovers, livingDemo } from '#test/demo/leftovers.ts';
import { createPlayer } from '#test/demo/player.ts';
import { raiseStage, type Stage } from '#test/demo/stage.ts';
import { sayStatus, untilSettled } from '#test/demo/status.ts';
import { createTerminalView } from '#test/demo/terminal.ts';
import { printedTries } from '#test/demo/tries.ts';
import { createTroubles, troubles } from '#test/demo/troubles.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';

const usage = `npm run demo                    start it; Ctrl-C ends it, and the next start goes on from there
npm run demo -- break [WHAT]    make trouble; without WHAT: what there is
npm run demo -- fix [WHAT]      mend it; without WHAT: all of it
npm run demo -- status          what is broken, how the clusters are, what the bot says of itself
npm run demo -- play NAME       play a recording of real Flux, as fast as it happened
npm run demo -- list            what can be played
npm run demo -- reset           forget everything; the next start is fresh
npm run demo -- check           drive all of this in a browser, in a demo of its own`;

const troubleList = (): string =>
  troubles.map(({ name, what }) => `  ${name.padEnd(20)} ${what}`).join('\n');

/** Forced where somebody wants to see it; else where the local Slack does not run. */
const isInTerminal =
  localSlackBinary === undefined || process.env['FLUX_CHATOPS_DEMO_VIEW'] === 'terminal';

const sayWhere = ({ slack }: Stage): string =>
  slack === undefined
    ? `  Slack:    in this terminal. The page exists for linux-x64 only${localSlackBinary === undefined ? `, not for ${process.platform}-${process.arch}` : ''}.
            Type "as robin" (may do everything) or "as sam" (may look only), "in infra" or
            "in apps" for the channel, and commands as in Slack.`
    : `  Slack:    ${slack.url}     act as Robin Platform (may do everything) or Sam Okafor
                                       (may look only): choose at the top right of the page`;

const isStartingElsewhere = (): boolean => {
  const pid = livingDemo();
  if (pid !== undefined) {
    console.error(
      `The demo is just starting or ending, in another terminal; if it hangs: kill -9 ${pid}`,
    );
  }
  return pid !== undefined;
};

const start = async (): Promise<number> => {
  // from the first moment on: what has been started is always ended in order
  const interrupted = new Promise((resolve) => {
    process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
  });
  let ending = 'Ending, as soon as what has been started is there …';
  void interrupted.then(() => console.log(`\n${ending}`));
  const startedAt = performance.now();
  if ((await askControl(['status'])) !== undefined) {
    console.error('The demo runs already, in another terminal. See it: npm run demo -- status');
    return 1;
  }
  if (isStartingElsewhere()) {
    return 1;
  }
  if (!hasRedis) {
    console.error(
      'redis-server is not installed: apt-get install redis-server (make demo does it).',
    );
    return 1;
  }
  const kustomize = await findBuilder();
  if (!kustomize.ok) {
    console.error(`The tree cannot be built: ${explainRenderProblem(kustomize.failure)}.
With a network it is installed by itself. Without one: install kubectl 1.32 or newer, which has one inside, or kustomize.`);
    return 1;
  }
  const left = await endLeftovers();
  if (left.length > 0) {
    console.log(`Ended what a demo that was killed had left: ${left.join(', ')}.`);
  }
  const view = isInTerminal
    ? createTerminalView((text) => process.stdout.write(text), process.stdout.isTTY)
    : undefined;
  console.log('Starting Redis, Slack, GitHub, two clusters and the bot …');
  const stage = await raiseStage(kustomize.value, view?.slack).catch(async (error: unknown) => {
    // what came up before it went wrong
    await endLeftovers();
    throw error;
  });
  const player = createPlayer(stage);
  const trouble = createTroubles(stage);
  await stage.startBot();
  await untilSettled(stage.healthUrl, 10_000);
  await trouble.again();

  const obey = async ([verb = '', name]: readonly string[]): Promise<string> => {
    switch (verb) {
      case 'break':
        return name === undefined ? troubleList() : trouble.start(name);
      case 'fix': {
        const all = name === undefined ? trouble.broken() : [name];
        const said: string[] = [];
        for (const one of all.toReversed()) {
          said.push(await trouble.end(one));
        }
        return said.join('\n') || 'Nothing is broken.';
      }
      case 'status':
        return sayStatus(stage, trouble);
      case 'list':
        return player.list();
      case 'play':
        return player.play(name ?? '');
      default:
        throw new Error(usage);
    }
  };
  const control = await openControl(stage.ports.control, obey);
  const broken = trouble.broken();

  console.log(`
${sayWhere(stage)}
  GitHub:   ${stage.git.repositoryUrl}     what both clusters follow (API only)
  The bot:  ${stage.healthUrl}/readyz
${broken.length === 0 ? '' : `\n  Still broken from the last time: ${broken.join(', ')}. Mend it: npm run demo -- fix\n`}
  Things to try:
${printedTries(stage.slack !== undefined)}

  More trouble:  npm run demo -- break         (there are ${troubles.length} kinds)
  All commands:  npm run demo -- help

  Up after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s. Ctrl-C ends it; the next start goes on from here.
`);
  ending = 'Ending …';
  view?.listen();
  await interrupted;
  control.close();
  player.stop();
  await stage.close();
  return 0;
};

const ask = async (words: readonly string[]): Promise<number> => {
  const answer = await askControl(words);
  if (answer === undefined) {
    if (!isStartingElsewhere()) {
      console.error('The demo is not running. Start it in another terminal: make demo');
    }
    return 1;
  }
  (answer.ok ? console.log : console.error)(answer.text);
  return answer.ok ? 0 : 1;
};

const reset = async (): Promise<number> => {
  if ((await askControl(['status'])) !== undefined) {
    console.error('The demo is running. End it first (Ctrl-C), then reset it.');
    return 1;
  }
  if (isStartingElsewhere()) {
    return 1;
  }
  await endLeftovers();
  rmSync(demoFolder, { recursive: true, force: true });
  console.log('Forgotten. The next start is fresh.');
  return 0;
};

const main = async (words: readonly string[]): Promise<number> => {
  switch (words[0]) {
    case undefined:
      return start();
    case 'break':
      if (words[1] === undefined) {
        console.log(troubleList());
        return 0;
      }
      return ask(words);
    case 'fix':
    case 'status':
    case 'list':
    case 'play':
      return ask(words);
    case 'reset':
      return reset();
    case 'check':
      return check(words.slice(1));
    case 'help':
      console.log(usage);
      return 0;
    default:
      console.error(`There is no "${words[0]}".\n\n${usage}`);
      return 2;
  }
};

const sayError = (error: unknown): number => {
  console.error(`The demo broke off: ${error instanceof Error ? error.stack : String(error)}`);
  return 1;
};

// timers of the sandbox end with the process
process.exit(await main(process.argv.slice(2)).catch(sayError));
