import { type Logger, pino } from 'pino';
import type { Log } from '#src/log.ts';

const wrap = (logger: Logger): Log => ({
  debug: (fields, message) => logger.debug(named(fields), message),
  info: (fields, message) => logger.info(named(fields), message),
  warn: (fields, message) => logger.warn(named(fields), message),
  error: (fields, message) => logger.error(named(fields), message),
  child: (fields) => wrap(logger.child({ ...fields })),
});

// pino writes an error with its stack under `err` only
const named = ({ error, ...fields }: Readonly<Record<string, unknown>>) =>
  error === undefined ? fields : { ...fields, err: error };

/** Structured lines on standard output. Secrets never come here; the paths below are a second fence. */
export const createLog = (level: string): Log =>
  wrap(
    pino({
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          '*.token',
          '*.secret',
          '*.password',
          '*.authorization',
          'err.config',
          'err.request',
        ],
        censor: '[redacted]',
      },
    }),
  );
