/** The oldest kustomize that renders Components and patches as kustomize-controller's own library does. */
export const oldestKustomize = '5.5.0';

/** The version that kustomize-controller is built with; installed when the machine has none. */
export const wantedKustomize = '5.8.1';

/** Finds `5.8.1` in what `kustomize version` or `kubectl version --client` print. */
export const versionIn = (output: string): string | undefined =>
  /(?:kustomize\/|Kustomize Version: |^|Version:|\s)v?(\d+\.\d+\.\d+)/im.exec(output)?.[1];

/** The kustomize inside kubectl, which prints its own version on another line. */
export const kubectlKustomizeVersionIn = (output: string): string | undefined =>
  /Kustomize Version: v?(\d+\.\d+\.\d+)/.exec(output)?.[1];

const numbers = (version: string): readonly number[] => version.split('.').map(Number);

/** Whether a version is at least another; both are three numbers with dots. */
export const isAtLeast = (version: string, oldest: string): boolean => {
  const wanted = numbers(oldest);
  const difference = numbers(version)
    .map((part, index) => part - (wanted[index] ?? 0))
    .find((part) => part !== 0);
  return (difference ?? 0) >= 0;
};
