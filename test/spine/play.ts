import type { Recording } from '#test/fixtures/recordings.ts';

/** What a recording does next: to a cluster's objects, or by webhook. */
export interface RecordedLine {
  readonly atMs: number;
  run(): unknown;
}

interface Players {
  readonly change: (change: Recording['watch'][number]) => void;
  readonly webhook: (webhook: Recording['webhooks'][number]) => Promise<unknown>;
}

/** Both streams of a recording as one, in order of arrival. */
export const recordedLines = (
  recording: Recording,
  { change, webhook }: Players,
): readonly RecordedLine[] =>
  [
    ...recording.watch.map((one) => ({ atMs: one.atMs, run: () => change(one) })),
    ...recording.webhooks.map((one) => ({ atMs: one.atMs, run: () => webhook(one) })),
  ].toSorted((left, right) => left.atMs - right.atMs);

/** Does at once what happened from `from` (inclusive) to `to` (exclusive), in order; ms. */
export const playAtOnce = async (
  lines: readonly RecordedLine[],
  from: number,
  to: number,
): Promise<void> => {
  for (const line of lines.filter(({ atMs }) => atMs >= from && atMs < to)) {
    await line.run();
  }
};
