import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { sayError } from '#test/run/say-error.ts';
import type { VitestReport } from '#test/run/vitest-report.ts';

const root = process.cwd();

const ofTest = (test: TestCase): VitestReport['files'][number]['tests'][number] => {
  const { state, errors } = test.result();
  return { name: test.fullName, state, why: (errors ?? []).flatMap((one) => sayError(one, root)) };
};

const ofModule = (module: TestModule): VitestReport['files'][number] => ({
  name: module.relativeModuleId,
  errors: [
    ...module.errors(),
    ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
  ].map((error) => sayError(error, root)),
  tests: [...module.children.allTests()].map(ofTest),
});

/**
 * Writes down what the gate counts, and why something failed: Vitest's own JSON leaves out how values differ.
 * @param file - where the report goes
 */
export const createReporter = (file: string): Reporter => ({
  onTestRunEnd: (modules, unhandled) => {
    const report: VitestReport = {
      files: modules.map(ofModule),
      errors: unhandled.map((error) => sayError(error, root)),
    };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(report));
  },
});
