/**
 * `make demo`: the bot with everything around it on this machine, on 127.0.0.1 only.
 * `npm run demo` starts it; `npm run demo -- play NAME` shows something happening.
 */
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setStage } from '#test/demo/stage.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { startSpine } from '#test/spine/spine.ts';

const folder = `${import.meta.dirname}/../../.demo`;
const controlFile = `${folder}/control`;

const usage = `npm run demo                  start it; Ctrl-C ends it and leaves nothing behind
npm run demo -- list          what can be played
npm run demo -- play NAME     play a recording of real Flux, as fast as it happened`;

const askDemo = async (method: string, path: string): Promise<number> => {
  const address = await readFile(controlFile, 'utf8').catch(() => undefined);
  if (address === undefined) {
    console.error('The demo is not running. Start it in another terminal: make demo');
    return 1;
  }
  const answer = await fetch(`${address}${path}`, { method });
  console.log(await answer.text());
  return answer.ok ? 0 : 1;
};

const missing = (): string | undefined => {
  if (!hasRedis) {
    return 'redis-server is not installed: apt-get install redis-server (make demo does it).';
  }
  return localSlackBinary === undefined
    ? `The local Slack exists for linux-x64 only, not for ${process.platform}-${process.arch}. "npm run --silent replay -- test/fixtures/recordings/02-build-failure --cards" shows what the bot says, without a Slack.`
    : undefined;
};

const start = async (): Promise<number> => {
  // from the first moment on: what has been started is always ended in order
  const interrupted = new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const lacks = missing();
  if (lacks !== undefined) {
    console.error(lacks);
    return 1;
  }
  const spine = await startSpine({ redis: { appendFsync: 'always' }, config: { incidents: {} } });
  const bot = await spine.startBot();
  const stage = setStage(spine, () => bot);
  const control = createServer(async (request, response) => {
    const [, verb, name = ''] = (request.url ?? '').split('/');
    const known = stage.names();
    if (verb === 'list') {
      response.end(
        known.map((one) => `${one.name.padEnd(28)} ${one.title} (${one.seconds} s)`).join('\n'),
      );
      return;
    }
    const found = known.find((one) => one.name === name || one.name.startsWith(`${name}-`));
    if (found === undefined || stage.playing() !== undefined) {
      const why =
        found === undefined
          ? `There is no recording "${name}"; see: npm run demo -- list`
          : `${stage.playing()} is being played.`;
      response.writeHead(409).end(why);
      return;
    }
    response.end(
      `Playing ${found.name} for ${found.seconds} s: ${found.title}. Watch the channels.`,
    );
    await stage.play(found.name);
    console.log(`${found.name} is over.`);
  });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  await mkdir(folder, { recursive: true });
  const { port } = control.address() as AddressInfo;
  await writeFile(controlFile, `http://127.0.0.1:${port}`);

  console.log(`
  The local Slack:   ${spine.slack.url}
  The bot's health:  ${bot.internalUrl}/readyz

  Act as Robin Platform (may do everything) or Sam Okafor (may look only), bottom left in the page.
  Three things to try:
    1. In #flux-infra type       /flux status
    2. In another terminal run   npm run demo -- play 02
       and watch one card appear in #flux-infra, change with the failure, and resolve (100 s).
    3. While it fails, type      /flux reconcile cert-manager-issuers
       and follow the steps to their result.

  Ctrl-C ends it.
`);
  await interrupted;
  console.log('\nEnding …');
  await rm(controlFile, { force: true });
  control.close();
  control.closeAllConnections();
  stage.stop();
  await bot.stop();
  await spine.close();
  return 0;
};

const [verb, name] = process.argv.slice(2);
switch (verb) {
  case undefined:
    // the timers of a recording that is being played end with the process
    process.exit(await start());
    break;
  case 'list':
    process.exitCode = await askDemo('GET', '/list');
    break;
  case 'play':
    process.exitCode = await askDemo('POST', `/play/${encodeURIComponent(name ?? '')}`);
    break;
  default:
    console.error(usage);
    process.exitCode = 2;
}
