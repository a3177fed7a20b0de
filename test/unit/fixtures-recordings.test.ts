import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readRecording, recordingKey, recordingNames } from '#test/fixtures/recordings.ts';

describe('a recording', () => {
  it.each(recordingNames())('%s is read whole, every signature as sent', (name) => {
    const recording = readRecording(name);
    const wrong = recording.webhooks.filter(
      ({ body, cluster, headers }) =>
        headers['x-signature'] !==
        `sha256=${createHmac('sha256', recordingKey(cluster)).update(body).digest('hex')}`,
    );
    const counts = recording.scenario['counts'];

    expect(wrong).toEqual([]);
    expect(counts).toEqual({
      webhooks: recording.webhooks.length,
      watchEvents: recording.watch.length,
    });
  });

  it('tells which commit brought a file', () => {
    const paths = readRecording('01-healthy-sync').git.map(({ path, commit }) => ({
      path,
      commit,
    }));

    expect(paths).toContainEqual({
      path: 'infrastructure/external-dns/config.yaml',
      commit: '7bbcd05d',
    });
  });
});
