import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const recording = 'test/fixtures/recordings/08-helm-drift';

const replay = (...words: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['src/entry/replay.ts', ...words],
    { cwd: root, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
};

describe('the command that replays a recording', () => {
  it('prints what the bot would have said, as JSON and nothing else', () => {
    const { status, stdout, stderr } = replay(recording, '--cards');

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const printed = JSON.parse(stdout);
    expect(Object.keys(printed)).toEqual([
      ...['posts', 'updates', 'threadReplies', 'rejected', 'duplicates', 'incidents', 'cards'],
    ]);
    expect(Object.keys(printed.incidents[0])).toEqual([
      ...['id', 'clusters', 'state', 'objects', 'rootCause', 'openedAt', 'resolvedAt'],
      ...['blocked', 'title'],
    ]);
    expect(printed.posts).toBe(1);
  });

  it('keeps to the dwell that it is given', () => {
    const resolvedAt = (dwell: string): number =>
      JSON.parse(replay(recording, '--dwell', dwell).stdout).incidents[0].resolvedAt;

    expect(resolvedAt('7s') - resolvedAt('2s')).toBe(5_000);
  });

  it('says where another key is needed', () => {
    const { status, stdout, stderr } = replay(recording, '--key', 'apps=another');

    expect(status).toBe(0);
    expect(JSON.parse(stdout).rejected).toBe(7);
    expect(stderr).toContain('7 webhooks refused');
  });

  it.each([
    [['--help'], 0, 'Usage: npm run'],
    [[], 2, 'Say which recording to replay'],
    [[recording, recording], 2, 'one at a time'],
    [[recording, '--dwell', 'soon'], 2, '--dwell soon is not a duration'],
    [[recording, '--key', 'apps'], 2, '--key apps is not cluster=KEY'],
    [[recording, '--key', 'moon=k'], 2, 'the recording has clusters apps'],
    [[recording, '--what'], 2, '--what'],
    [['/absent'], 1, 'Cannot be replayed: there is no folder /absent.'],
  ])('takes %j with code %i and says: %s', (words, code, expected) => {
    const { status, stdout, stderr } = replay(...words);

    expect(status).toBe(code);
    expect(code === 0 ? stdout : stderr).toContain(expected);
    expect(code === 0 ? stderr : stdout).toBe('');
  });

  it('names the file and the line that it cannot read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flux-chatops-recording-'));
    writeFileSync(join(folder, 'scenario.yaml'), 'startedAt: 2026-11-23T18:26:07Z\n');
    writeFileSync(join(folder, 'webhooks.jsonl'), '');
    writeFileSync(join(folder, 'watch.jsonl'), '{"atMs":1,"clus');

    const { status, stderr } = replay(folder);

    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'Cannot be replayed: watch.jsonl:1: the file ends in the middle of this line.\n',
    );
  });
});
