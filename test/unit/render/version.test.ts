import { describe, expect, it } from 'vitest';
import { isAtLeast, kubectlKustomizeVersionIn, versionIn } from '#src/render/version.ts';

describe('versions of kustomize', () => {
  it.each([
    ['v5.8.1\n', '5.8.1'],
    ['{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022-08-02T16:35:54Z}', '4.5.7'],
    ['(devel)', undefined],
  ])('reads %s', (output, expected) => {
    expect(versionIn(output)).toBe(expected);
  });

  it("reads kubectl's own kustomize and not kubectl's version", () => {
    expect(kubectlKustomizeVersionIn('Client Version: v1.32.4\nKustomize Version: v5.5.0\n')).toBe(
      '5.5.0',
    );
    expect(kubectlKustomizeVersionIn('Client Version: v1.20.0\n')).toBeUndefined();
  });

  it.each([
    ['5.5.0', true],
    ['5.10.0', true],
    ['6.0.0', true],
    ['5.4.9', false],
    ['4.99.0', false],
  ])('compares %s with 5.5.0', (version, expected) => {
    expect(isAtLeast(version, '5.5.0')).toBe(expected);
  });
});
