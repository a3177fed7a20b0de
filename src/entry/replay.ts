/**
 * What would the bot have said? `npm run --silent replay -- DIR [--cards] [--dwell 5s]` feeds a recorded
 * scenario through the bot and prints what came of it as JSON.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readRecording } from '#src/entry/replay/recording.ts';
import { replay } from '#src/entry/replay/replay.ts';
import { durationMs } from '#src/flux/duration.ts';
import { sayCount } from '#src/text/duration.ts';

const usage = `Usage: npm run --silent replay -- DIR [options]
  DIR              a recorded scenario: scenario.yaml, webhooks.jsonl, watch.jsonl (or .gz)
  --cards          print the messages as they stand at the end, as Block Kit
  --dwell 5s       how long an object must stay well for its incident to resolve
  --after 10s      how long to look on after the last event
  --key infra=KEY  the key that a cluster's webhooks were signed with (repeatable);
                   left out: recordings-only-not-a-secret-<cluster>`;

const misused = (message: string): never => {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
};

const milliseconds = (flag: string, written: string): number =>
  durationMs(written) ?? misused(`--${flag} ${written} is not a duration; write 5s or 1m`);

const readWords = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        cards: { type: 'boolean', default: false },
        dwell: { type: 'string', default: '5s' },
        after: { type: 'string', default: '10s' },
        key: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
};

const keysOf = (written: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    written.map((one) => {
      const at = one.indexOf('=');
      return at > 0
        ? ([one.slice(0, at), one.slice(at + 1)] as const)
        : misused(`--key ${one} is not cluster=KEY`);
    }),
  );

/** Prints what came of the recording. @returns the exit code */
const main = async (): Promise<number> => {
  const { values, positionals } = readWords();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const [directory, ...others] = positionals;
  if (directory === undefined || others.length > 0) {
    return misused(`Say which recording to replay, one at a time.`);
  }
  const keys = keysOf(values.key);
  const recording = readRecording(resolve(directory));
  if (!recording.ok) {
    console.error(`Cannot be replayed: ${recording.failure}.`);
    return 1;
  }
  const unknown = [...keys.keys()].filter((one) => !recording.value.clusters.includes(one));
  if (unknown.length > 0) {
    const known = recording.value.clusters.join(', ');
    return misused(`--key ${unknown.join(', ')}: the recording has clusters ${known}.`);
  }
  const { result, messages } = await replay(recording.value, {
    dwellMs: milliseconds('dwell', values.dwell),
    afterMs: milliseconds('after', values.after),
    keyOf: (cluster) => keys.get(cluster) ?? `recordings-only-not-a-secret-${cluster}`,
  });
  if (result.rejected > 0) {
    console.error(
      `${sayCount(result.rejected, 'webhook')} refused; where it is for the signature, give the key with --key.`,
    );
  }
  const cards = messages.map(({ channel, thread, ts, text, blocks }) => ({
    channel,
    ts,
    ...(thread === undefined ? {} : { thread }),
    text,
    blocks,
  }));
  console.log(JSON.stringify(values.cards ? { ...result, cards } : result, null, 2));
  return 0;
};

if (import.meta.main) {
  process.exitCode = await main();
}
