const decimal = /^[1-9][0-9]*$/;

/**
 * Compares two resource versions of one kind in one history of a cluster: below zero when `left` is older.
 * What is not a positive decimal number (an API server of another make) counts as unknown: 0.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export const compareVersions = (left: string, right: string): number => {
  if (!(decimal.test(left) && decimal.test(right))) {
    return 0;
  }
  // without leading zeros the longer one is the larger one, beyond what a double can hold
  if (left.length !== right.length) {
    return left.length - right.length;
  }
  return Number(left > right) - Number(left < right);
};

/** The newer of two; an unknown one gives way. */
export const newerVersion = (left: string | undefined, right: string): string =>
  left === undefined || compareVersions(left, right) < 0 ? right : left;
