const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const parts = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

/**
 * Reads a duration as Flux writes it in a spec: `1h30m`, `500ms`.
 * @returns milliseconds; undefined where it is absent or not a duration
 * @see https://pkg.go.dev/time#ParseDuration
 */
export const durationMs = (written: string | undefined): number | undefined => {
  if (written === undefined || written.replace(parts, '') !== '' || written === '') {
    return undefined;
  }
  return [...written.matchAll(parts)].reduce(
    (sum, [, amount = '0', unit = 's']) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  );
};
