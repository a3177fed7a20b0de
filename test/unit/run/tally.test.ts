import { describe, expect, it } from 'vitest';
import { add, line, nothing, ofExit, ofLastLine, ofMissing } from '#test/run/tally.ts';
import { ofVitest } from '#test/run/vitest-report.ts';

const file = (tests: readonly (readonly [string, string])[], errors: readonly string[][] = []) => ({
  name: 'a.test.ts',
  errors,
  tests: tests.map(([name, state]) => ({
    name,
    state,
    why: state === 'failed' ? ['because'] : [],
  })),
});

const report = (...files: readonly ReturnType<typeof file>[]) => ({ files, errors: [] });

describe('a suite that only succeeds or fails', () => {
  it('counts as one test', () => {
    const tally = add(ofExit('types', '', 0), ofExit('lint', 'a.ts is wrong\n\nsee above\n', 1));

    expect(line(tally)).toBe('1 passed, 1 failed, 0 skipped');
    expect(tally.notes).toEqual([
      { kind: 'failed', name: 'lint', why: ['a.ts is wrong', 'see above'] },
    ]);
  });
});

describe('a suite that cannot run here', () => {
  it('is skipped by name', () => {
    const tally = ofMissing('faults', 'package.json has no script faults');

    expect(line(tally)).toBe('0 passed, 0 failed, 1 skipped');
    expect(tally.notes).toEqual([
      { kind: 'skipped', name: 'faults, package.json has no script faults', why: [] },
    ]);
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
    expect(tally.notes).toEqual([{ kind: 'skipped', name: 'platform, 2', why: [] }]);
  });

  it('may count runs, and says why some failed as it said it', () => {
    const tally = ofLastLine('faults', 'seed 7 fails:\n  a card is lost\n500 runs, 3 failed\n', 1);

    expect(line(tally)).toBe('497 passed, 3 failed, 0 skipped');
    expect(tally.notes).toEqual([
      { kind: 'failed', name: 'faults, 3', why: ['seed 7 fails:', '  a card is lost'] },
    ]);
  });

  it('fails when the line is absent, even if the process ended well', () => {
    const tally = ofLastLine('platform', '7 passed\n', 0);

    expect(line(tally)).toBe('0 passed, 1 failed, 0 skipped');
    expect(tally.notes[0]?.why).toEqual(['7 passed']);
  });

  it('fails when it ended badly but named no failure', () => {
    expect(line(ofLastLine('platform', '7 passed, 0 failed, 0 skipped\n', 1))).toBe(
      '7 passed, 1 failed, 0 skipped',
    );
  });
});

describe('a report of Vitest', () => {
  it('counts tests, and names those that failed or were skipped', () => {
    const tally = ofVitest(
      'unit',
      report(
        file([
          ['one', 'passed'],
          ['two', 'pending'],
        ]),
        file([
          ['three', 'failed'],
          ['four', 'skipped'],
        ]),
      ),
      1,
    );

    expect(line(tally)).toBe('1 passed, 1 failed, 2 skipped');
    expect(tally.notes).toEqual([
      { kind: 'skipped', name: 'two', why: [] },
      { kind: 'failed', name: 'three', why: ['because'] },
      { kind: 'skipped', name: 'four', why: [] },
    ]);
  });

  it('counts what is wrong with a file itself, beside its tests', () => {
    const tally = ofVitest('unit', report(file([['one', 'passed']], [['no hook', 'at a:1']])), 1);

    expect(line(tally)).toBe('1 passed, 1 failed, 0 skipped');
    expect(tally.notes).toEqual([
      { kind: 'failed', name: 'a.test.ts', why: ['no hook', 'at a:1'] },
    ]);
  });

  it('counts an error that belongs to no test', () => {
    const tally = ofVitest('unit', { ...report(file([['one', 'passed']])), errors: [['late']] }, 1);

    expect(line(tally)).toBe('1 passed, 1 failed, 0 skipped');
    expect(tally.notes).toEqual([
      { kind: 'failed', name: 'unit, outside of a test', why: ['late'] },
    ]);
  });

  it('counts a bad end that nothing explains', () => {
    expect(line(ofVitest('unit', report(file([['one', 'passed']])), 1))).toBe(
      '1 passed, 1 failed, 0 skipped',
    );
  });

  it('fails when there is none', () => {
    expect(line(ofVitest('unit', null, 0))).toBe('0 passed, 1 failed, 0 skipped');
    expect(ofVitest('unit', report(), 0)).toEqual(nothing);
  });
});
