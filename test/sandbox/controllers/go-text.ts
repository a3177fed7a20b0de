const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Writes a duration as Go prints it: `5.031890762s`, `234.827413ms`, `10m0s`. */
export const goDuration = (ms: number): string => {
  if (ms < 1) {
    return `${trim((ms * 1000).toFixed(3))}µs`;
  }
  if (ms < 1000) {
    return `${trim(ms.toFixed(6))}ms`;
  }
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = `${trim(((ms % 60_000) / 1000).toFixed(9))}s`;
  if (hours > 0) {
    return `${hours}h${minutes}m${seconds}`;
  }
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
};

const goEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** JSON as Go's encoder writes it: no spaces, and `<`, `>`, `&` escaped. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => goEscapes[found] ?? found);
