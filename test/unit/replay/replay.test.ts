import { describe, expect, it } from 'vitest';
import { readRecording } from '#src/entry/replay/recording.ts';
import { replay } from '#src/entry/replay/replay.ts';
import { readRecording as readFixture, recordingNames } from '#test/fixtures/recordings.ts';

const options = {
  dwellMs: 5_000,
  afterMs: 10_000,
  keyOf: (cluster: string) => `recordings-only-not-a-secret-${cluster}`,
};
const run = (name: string) =>
  replay(readRecording(`${import.meta.dirname}/../../fixtures/recordings/${name}`), options);

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
