import { z } from 'zod';
import { add, failure, nothing, skip, type Tally } from '#test/run/tally.ts';

const Lines = z.array(z.string()).readonly();

/** What our reporter writes down of a run of Vitest. */
export const VitestReport = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      /** What was wrong with the file itself: it could not be loaded, or a hook failed. */
      errors: z.array(Lines),
      tests: z.array(z.object({ name: z.string(), state: z.string(), why: Lines })),
    }),
  ),
  /** Errors that belong to no test. */
  errors: z.array(Lines),
});
export type VitestReport = z.infer<typeof VitestReport>;

/**
 * Counts a report. Each error of a file, and each that belongs to no test, counts as one failure; so do a
 * run that ended badly without saying why, and a report that is absent.
 */
export function ofVitest(name: string, report: unknown, exitCode: number): Tally {
  const parsed = VitestReport.safeParse(report);
  if (!parsed.success) return failure(`${name} left no report (exit code ${exitCode})`);
  const tally = [
    ...parsed.data.files.map(ofFile),
    ...parsed.data.errors.map((why) => failure(`${name}, outside of a test`, why)),
  ].reduce(add, nothing);
  return exitCode !== 0 && tally.failed === 0
    ? add(tally, failure(`${name} ended with exit code ${exitCode}`))
    : tally;
}

function ofFile(file: VitestReport['files'][number]): Tally {
  const tests = file.tests.map(({ name, state, why }): Tally => {
    if (state === 'passed') return { ...nothing, passed: 1 };
    return state === 'failed' ? failure(name, why) : skip(name);
  });
  return [...tests, ...file.errors.map((why) => failure(file.name, why))].reduce(add, nothing);
}
