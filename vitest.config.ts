import { defineConfig } from 'vitest/config';
import { createReporter } from '#test/run/vitest-reporter.ts';

/** Where the gate wants the report of a run; set by `npm test`. */
const report = process.env['FLUX_CHATOPS_TEST_REPORT'];

const project = (name: string, testTimeout: number, parallel = true) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 120_000,
    fileParallelism: parallel,
  },
});

export default defineConfig({
  test: {
    reporters: ['default', ...(report === undefined ? [] : [createReporter(report)])],
    projects: [
      project('unit', 30_000),
      project('contract', 90_000),
      project('integration', 60_000, false),
      project('platform', 300_000, false),
      project('e2e', 120_000, false),
    ],
  },
});
