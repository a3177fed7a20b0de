/** A test that failed, or was skipped. */
export interface Note {
  readonly kind: 'failed' | 'skipped';
  readonly name: string;
  /** Why, as its error says; lines. */
  readonly why: readonly string[];
}

/** What a suite ended with. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly notes: readonly Note[];
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

export const failure = (name: string, why: readonly string[] = []): Tally => ({
  ...nothing,
  failed: 1,
  notes: [{ kind: 'failed', name, why }],
});

export const skip = (name: string): Tally => ({
  ...nothing,
  skipped: 1,
  notes: [{ kind: 'skipped', name, why: [] }],
});

/** A suite that cannot run here: never a pass. */
export const ofMissing = (name: string, reason: string): Tally => skip(`${name}, ${reason}`);

const lastLines = 12;

/** The end of what a suite printed, which mostly says what was wrong. */
const endOf = (output: string): readonly string[] =>
  output
    .trimEnd()
    .split('\n')
    .filter((text) => text.trim() !== '')
    .slice(-lastLines);

/** A suite that only succeeds or fails, such as the compiler. */
export const ofExit = (name: string, output: string, exitCode: number): Tally =>
  exitCode === 0 ? { ...nothing, passed: 1 } : failure(name, endOf(output));

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
    return failure(
      `${name} ended without saying how many tests ran (exit code ${exitCode})`,
      endOf(output),
    );
  const before = endOf(output).slice(0, -1);
  const notes: readonly Note[] = [
    ...(failed > 0 ? [{ kind: 'failed' as const, name: `${name}, ${failed}`, why: before }] : []),
    ...(skipped > 0 ? [{ kind: 'skipped' as const, name: `${name}, ${skipped}`, why: [] }] : []),
  ];
  const tally = { passed, failed, skipped, notes };
  return failed === 0 && exitCode !== 0
    ? add(tally, failure(`${name} ended with exit code ${exitCode}`, before))
    : tally;
}
