/** What a suite ended with. `notes` name each failed and each skipped test. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly notes: readonly string[];
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0, notes: [] };

export const add = (one: Tally, other: Tally): Tally => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
  notes: [...one.notes, ...other.notes],
});

/** The line that a person and the gate read. */
export const line = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const failure = (note: string): Tally => ({ ...nothing, failed: 1, notes: [`failed: ${note}`] });

/** A suite that cannot run here: never a pass. */
export const ofMissing = (name: string, reason: string): Tally => ({
  ...nothing,
  skipped: 1,
  notes: [`skipped: ${name}, ${reason}`],
});

/** A suite that only succeeds or fails, such as the compiler. */
export const ofExit = (name: string, exitCode: number): Tally =>
  exitCode === 0 ? { ...nothing, passed: 1 } : failure(name);

/**
 * A suite whose last line counts: `N passed, N failed, N skipped`, or `N runs, N failed`. A suite that
 * ended badly without saying which test failed, or without the line, counts as one failure.
 */
export function ofLastLine(name: string, output: string, exitCode: number): Tally {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const counted = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(last);
  const runs = /^(\d+) runs?, (\d+) failed$/.exec(last);
  const [passed, failed, skipped] = counted
    ? counted.slice(1).map(Number)
    : runs
      ? [Number(runs[1]) - Number(runs[2]), Number(runs[2]), 0]
      : [];
  if (passed === undefined || failed === undefined || skipped === undefined)
    return failure(`${name} ended without saying how many tests ran (exit code ${exitCode})`);
  const notes = [
    ...(failed > 0 ? [`failed: ${name}, ${failed}`] : []),
    ...(skipped > 0 ? [`skipped: ${name}, ${skipped}`] : []),
  ];
  const tally = { passed, failed, skipped, notes };
  return failed === 0 && exitCode !== 0
    ? add(tally, failure(`${name} ended with exit code ${exitCode}`))
    : tally;
}
