import type { Log, LogFields } from '#src/log.ts';

export type LogLine = readonly [
  level: 'debug' | 'info' | 'warn' | 'error',
  fields: LogFields,
  message: string,
];

/** A log whose lines can be looked at. */
export const recordLog = (): { readonly log: Log; readonly lines: readonly LogLine[] } => {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine[0], bound: LogFields) =>
    (fields: LogFields, message: string): void => {
      lines.push([level, { ...bound, ...fields }, message]);
    };
  const logOf = (bound: LogFields): Log => ({
    debug: at('debug', bound),
    info: at('info', bound),
    warn: at('warn', bound),
    error: at('error', bound),
    child: (fields) => logOf({ ...bound, ...fields }),
  });
  return { log: logOf({}), lines };
};
