import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRecording } from '#src/entry/replay/recording.ts';
import { replay } from '#src/entry/replay/replay.ts';
import { readRecording as readFixture, recordingNames } from '#test/fixtures/recordings.ts';

const options = {
  dwellMs: 5_000,
  afterMs: 10_000,
  keyOf: (cluster: string) => `recordings-only-not-a-secret-${cluster}`,
};
const folderOf = (name: string) => `${import.meta.dirname}/../../fixtures/recordings/${name}`;
const run = async (name: string) => {
  const recording = readRecording(folderOf(name));
  if (!recording.ok) {
    throw new Error(recording.failure);
  }
  return replay(recording.value, options);
};

const needsCorrelation = (name: string) => readFixture(name).expected.needs !== undefined;
const alone = recordingNames().filter((name) => !needsCorrelation(name));
const later = recordingNames().filter(needsCorrelation);

describe.each(alone)('replaying %s', (name) => {
  it('posts no more than a good bot would, and says how it ended', async () => {
    const { expected } = readFixture(name);

    const { result } = await run(name);

    expect(result.posts).toBeLessThanOrEqual(expected.maxRootPosts);
    expect(result.rejected).toBe(0);
    const ended = result.incidents.map(({ rootCause, clusters, state }) => ({
      rootCause,
      clusters: [...clusters],
      state,
    }));
    expect(new Set(ended)).toEqual(
      new Set(
        expected.incidents.map(({ rootCause, clusters, state }) => ({
          rootCause,
          clusters,
          state,
        })),
      ),
    );
    for (const { rootCause, openedWithinMs, resolvedWithinMs } of expected.incidents) {
      const incident = result.incidents.find((one) => one.rootCause === rootCause);
      expect(incident?.openedAt).toSatisfy(within(openedWithinMs));
      expect(incident?.resolvedAt).toSatisfy(within(resolvedWithinMs));
    }
  });
});

const within = (range: readonly [number, number] | undefined) => (at: unknown) =>
  range === undefined || (typeof at === 'number' && range[0] <= at && at <= range[1]);

describe(`needs correlation: ${later.join(', ')}`, () => {
  it.each(later)('%s runs to its end with every webhook taken', async (name) => {
    const { result } = await run(name);

    expect(result.rejected).toBe(0);
    expect(result.incidents.length).toBeGreaterThan(0);
  });
});

describe('a replay', () => {
  it.each(recordingNames())('of %s tells nothing twice in a thread', async (name) => {
    const { messages } = await run(name);

    // the first line says what kind of news it is, the rest is what Flux said
    const told = messages
      .filter(({ thread }) => thread !== undefined)
      .map(({ thread, text }) => `${thread} ${text.split('\n').slice(1).join('\n')}`)
      .filter((line) => !line.endsWith(' '));
    expect(told).toEqual([...new Set(told)]);
  });

  it('is the same each time', async () => {
    const first = await run('02-build-failure');
    const second = await run('02-build-failure');

    expect(second).toEqual(first);
  });

  it('lets no secret and no mention of the recording through to Slack', async () => {
    const { messages } = await run('17-hostile-text');

    const shown = JSON.stringify(messages);
    expect(shown).not.toMatch(/hunter2|ghp_FAKE|<!channel>|<!here>|<@U/);
    expect(messages.length).toBeGreaterThan(6);
  });
});

describe('a recording that is not whole', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flux-chatops-recording-'));
    cpSync(folderOf('08-helm-drift'), folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => {
    rmSync(join(folder, `${name}.gz`), { force: true });
    writeFileSync(join(folder, name), text);
  };
  const said = () => {
    const read = readRecording(folder);
    return read.ok ? 'read' : read.failure.replaceAll(folder, 'DIR');
  };
  const webhook = JSON.stringify({ atMs: 1, cluster: 'apps', headers: {}, body: '{}' });

  it.each<[string, string, () => void]>([
    [
      'has no scenario',
      'DIR is no whole recording: there is no scenario.yaml in it',
      () => rmSync(join(folder, 'scenario.yaml')),
    ],
    [
      'does not say when it began',
      'scenario.yaml: startedAt: is not an RFC 3339 time',
      () => write('scenario.yaml', 'startedAt: yesterday\n'),
    ],
    ['has a scenario that is no mapping', 'scenario.yaml: ', () => write('scenario.yaml', 'a')],
    ['has broken YAML', 'scenario.yaml: ', () => write('scenario.yaml', 'a: [')],
    [
      'has a line that is not JSON',
      'webhooks.jsonl:3: is not JSON: ',
      () => write('webhooks.jsonl', `${webhook}\n\nnot json\n${webhook}\n`),
    ],
    [
      'ends too early',
      'webhooks.jsonl:2: the file ends in the middle of this line',
      () => write('webhooks.jsonl', `${webhook}\n${webhook.slice(0, 20)}`),
    ],
    [
      'has a line of another form',
      'webhooks.jsonl:1: atMs: ',
      () => write('webhooks.jsonl', '{"cluster":"apps","headers":{},"body":""}\n'),
    ],
    [
      'has a packed stream that was cut off',
      'webhooks.jsonl.gz: ',
      () => {
        const packed = join(folder, 'webhooks.jsonl.gz');
        rmSync(join(folder, 'webhooks.jsonl'), { force: true });
        writeFileSync(packed, gzipSync(webhook.repeat(50)));
        truncateSync(packed, 40);
      },
    ],
  ])('is refused with its place where it %s', (_, expected, spoil) => {
    spoil();
    expect(said().startsWith(expected), said()).toBe(true);
  });

  it('is refused where there is no folder of that name', () => {
    const file = join(folder, 'scenario.yaml');
    expect(readRecording('/absent')).toMatchObject({ failure: 'there is no folder /absent' });
    expect(readRecording(file)).toMatchObject({
      failure: `${file} is a file; name the folder of the recording`,
    });
  });
});
