/**
 * What would the bot have said? `npm run --silent replay -- DIR [--cards] [--dwell 5s]` feeds a recorded
 * scenario through the bot and prints what came of it as JSON.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readRecording } from '#src/entry/replay/recording.ts';
import { replay } from '#src/entry/replay/replay.ts';
import { durationMs } from '#src/flux/duration.ts';

const usage = `Usage: npm run --silent replay -- DIR [options]
  DIR              a recorded scenario: scenario.yaml, webhooks.jsonl, watch.jsonl (or .gz)
  --cards          print the messages as they stand at the end, as Block Kit
  --dwell 5s       how long an object must stay well for its incident to resolve
  --after 10s      how long to look on after the last event
  --key infra=KEY  the key that a cluster's webhooks were signed with (repeatable);
                   left out: recordings-only-not-a-secret-<cluster>`;

const fail = (message: string): never => {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
};

const milliseconds = (flag: string, written: string): number =>
  durationMs(written) ?? fail(`--${flag} ${written} is not a duration; write 5s or 1m`);

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cards: { type: 'boolean', default: false },
      dwell: { type: 'string', default: '5s' },
      after: { type: 'string', default: '10s' },
      key: { type: 'string', multiple: true, default: [] },
    },
  });
  const [directory] = positionals;
  if (directory === undefined) {
    fail('Say which recording to replay.');
    return;
  }
  const keys = new Map(
    values.key.map((written) => {
      const at = written.indexOf('=');
      return at > 0
        ? ([written.slice(0, at), written.slice(at + 1)] as const)
        : fail(`--key ${written} is not cluster=KEY`);
    }),
  );
  const { result, messages } = await replay(readRecording(resolve(directory)), {
    dwellMs: milliseconds('dwell', values.dwell),
    afterMs: milliseconds('after', values.after),
    keyOf: (cluster) => keys.get(cluster) ?? `recordings-only-not-a-secret-${cluster}`,
  });
  const cards = messages.map(({ channel, thread, ts, text, blocks }) => ({
    channel,
    ts,
    ...(thread === undefined ? {} : { thread }),
    text,
    blocks,
  }));
  console.log(JSON.stringify(values.cards ? { ...result, cards } : result, null, 2));
};

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}
