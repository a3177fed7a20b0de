const collator = new Intl.Collator('en');

/** For sorting names: the same order on every machine, whatever its language. */
export const byName = (left: string, right: string): number => collator.compare(left, right);
