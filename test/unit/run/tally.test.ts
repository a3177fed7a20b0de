import { describe, expect, it } from 'vitest';
import { add, line, nothing, ofExit, ofLastLine, ofMissing } from '#test/run/tally.ts';
import { ofVitest } from '#test/run/vitest-report.ts';

const file = (status: string, ...tests: readonly (readonly [string, string])[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map(([fullName, state]) => ({ fullName, status: state })),
});

describe('a suite that only succeeds or fails', () => {
  it('counts as one test', () => {
    expect(line(add(ofExit('types', 0), ofExit('lint', 1)))).toBe('1 passed, 1 failed, 0 skipped');
  });
});

describe('a suite that cannot run here', () => {
  it('is skipped by name', () => {
    const tally = ofMissing('faults', 'package.json has no script faults');

    expect(line(tally)).toBe('0 passed, 0 failed, 1 skipped');
    expect(tally.notes).toEqual(['skipped: faults, package.json has no script faults']);
  });
});

describe('a suite whose last line counts', () => {
  it('is read from that line, whatever came before it', () => {
    const tally = ofLastLine(
      'platform',
      'row\n9 passed, 9 failed, 9 skipped\nmore\n7 passed, 0 failed, 2 skipped\n',
      0,
    );

    expect(line(tally)).toBe('7 passed, 0 failed, 2 skipped');
    expect(tally.notes).toEqual(['skipped: platform, 2']);
  });

  it('may count runs', () => {
    expect(line(ofLastLine('faults', '500 runs, 3 failed\n', 1))).toBe(
      '497 passed, 3 failed, 0 skipped',
    );
  });

  it('fails when the line is absent, even if the process ended well', () => {
    expect(line(ofLastLine('platform', '7 passed\n', 0))).toBe('0 passed, 1 failed, 0 skipped');
  });

  it('fails when it ended badly but named no failure', () => {
    expect(line(ofLastLine('platform', '7 passed, 0 failed, 0 skipped\n', 1))).toBe(
      '7 passed, 1 failed, 0 skipped',
    );
  });
});

describe('a report of Vitest', () => {
  it('counts tests and names those that failed or were skipped', () => {
    const report = {
      testResults: [
        file('passed', ['one', 'passed'], ['two', 'pending']),
        file('failed', ['three', 'failed'], ['four', 'todo']),
      ],
    };

    const tally = ofVitest('unit', report, 1);

    expect(line(tally)).toBe('1 passed, 1 failed, 2 skipped');
    expect(tally.notes).toEqual(['skipped: two', 'failed: three', 'skipped: four']);
  });

  it('counts a file that failed before its tests began', () => {
    expect(ofVitest('unit', { testResults: [file('failed')] }, 1)).toEqual({
      ...nothing,
      failed: 1,
      notes: ['failed: a.test.ts'],
    });
  });

  it('counts an error that belongs to no test', () => {
    const report = { testResults: [file('passed', ['one', 'passed'])] };

    expect(line(ofVitest('unit', report, 1))).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('fails when there is none', () => {
    expect(line(ofVitest('unit', null, 0))).toBe('0 passed, 1 failed, 0 skipped');
  });
});
