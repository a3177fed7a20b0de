import { z } from 'zod';
import { add, nothing, type Tally } from '#test/run/tally.ts';

/** What we read of the file that Vitest's `json` reporter writes. */
const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * Counts a report. A file that failed before its tests began, and a run that ended badly although every
 * test passed (an error nobody caught), count as one failure each; so does a report that is absent.
 */
export function ofVitest(name: string, report: unknown, exitCode: number): Tally {
  const parsed = VitestReport.safeParse(report);
  if (!parsed.success) return failed(`${name} left no report (exit code ${exitCode})`);
  const tally = parsed.data.testResults.map(ofFile).reduce(add, nothing);
  return exitCode !== 0 && tally.failed === 0
    ? add(tally, failed(`${name} ended with exit code ${exitCode}`))
    : tally;
}

const failed = (note: string): Tally => ({ ...nothing, failed: 1, notes: [`failed: ${note}`] });

function ofFile(file: z.infer<typeof VitestReport>['testResults'][number]): Tally {
  const tests = file.assertionResults.map(({ fullName, status }): Tally => {
    if (status === 'passed') return { ...nothing, passed: 1 };
    if (status === 'failed') return failed(fullName);
    return { ...nothing, skipped: 1, notes: [`skipped: ${fullName}`] };
  });
  const tally = tests.reduce(add, nothing);
  return file.status === 'failed' && tally.failed === 0 ? add(tally, failed(file.name)) : tally;
}
