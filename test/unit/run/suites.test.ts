import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { only, stages, suiteNames } from '#test/run/suites.ts';

const words = stages.flat(2).flatMap(({ command }) => command);
const filesOf = (prefix: string): readonly string[] =>
  words
    .filter((word) => word.startsWith(`${prefix}test/`))
    .map((word) => word.slice(prefix.length));

describe('the suites of a whole run', () => {
  it('have names of their own', () => {
    expect(new Set(suiteNames).size).toBe(suiteNames.length);
  });

  it('leave out no file: what one does not run, another does', () => {
    const patient = filesOf('');

    expect(patient.length).toBeGreaterThan(0);
    expect(patient.filter((file) => !existsSync(file))).toEqual([]);
    expect(filesOf('--exclude=')).toEqual(patient);
  });

  it('may be chosen by name', () => {
    const chosen = only(['lint', 'demo']).flat(2);

    expect(chosen.map(({ name }) => name)).toEqual(['lint', 'demo']);
  });
});
