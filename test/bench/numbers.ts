/** One line of the result; `goal` is as people read it, and without one nothing can fail. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string | null;
  readonly pass: boolean;
}

interface Goal {
  readonly is: '<' | '<=' | '>=';
  readonly limit: number;
}

const holds = (value: number, { is, limit }: Goal): boolean => {
  switch (is) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
    default:
      return is satisfies never;
  }
};

/** Three digits that count: more would claim a precision that no run has. */
const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));

export const row = (name: string, value: number, unit: string, goal?: Goal): Row => ({
  name,
  value: rounded(value),
  unit,
  goal: goal === undefined ? null : `${goal.is} ${goal.limit} ${unit}`,
  pass: goal === undefined || holds(value, goal),
});

/** The value below which the share `q` (0 to 1) of the values lies; NaN of none. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Does something several times, one after the other. */
export const repeat = async <Value>(
  times: number,
  once: (run: number) => Promise<Value>,
): Promise<readonly Value[]> => {
  const values: Value[] = [];
  for (let run = 0; run < times; run++) {
    values.push(await once(run));
  }
  return values;
};
