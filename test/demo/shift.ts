import type { Recording } from '#test/fixtures/recordings.ts';

const writtenTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

const shiftText = (text: string, byMs: number): string =>
  text.replace(
    writtenTime,
    (written) => `${new Date(Date.parse(written) + byMs).toISOString().slice(0, 19)}Z`,
  );

/** The recording as if it began at `startMs` (ms since the epoch): every time in it moves along. */
export const shiftRecording = (recording: Recording, startMs: number): Recording => {
  const byMs = startMs - Date.parse(recording.scenario.startedAt);
  return {
    ...recording,
    webhooks: recording.webhooks.map((one) => ({ ...one, body: shiftText(one.body, byMs) })),
    watch: recording.watch.map((one) => ({
      ...one,
      object: JSON.parse(shiftText(JSON.stringify(one.object), byMs)) as typeof one.object,
    })),
  };
};
