const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration as one says it: the two largest units, `4 min 12 s`, `2 h`; under 10 s with a tenth. */
export const sayDuration = (ms: number): string => {
  if (ms < 10_000) {
    return `${(Math.max(ms, 0) / 1_000).toFixed(1).replace(/\.0$/, '')} s`;
  }
  const first = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[first] ?? ['s', 1_000];
  const whole = Math.floor(ms / size);
  const next = units[first + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1]);
  return next === undefined || rest === 0
    ? `${whole} ${name}`
    : `${whole} ${name} ${rest} ${next[0]}`;
};

/** `1 object`, `3 objects`. */
export const sayCount = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
