import { type DestinationStream, type Logger, pino } from 'pino';
import type { Log } from '#src/log.ts';
import { startOf } from '#src/text/clean.ts';
import { redact } from '#src/text/redact.ts';

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

const longestText = 4_000;
const deepestCause = 4;

const said = (text: unknown): string | undefined =>
  typeof text === 'string' ? redact(startOf(text, longestText)) : undefined;

/**
 * An error as it is logged: what it says and where it comes from, nothing else of it. Libraries hang whole
 * requests on their errors, with the words of the command that failed (a password in AUTH) or all headers.
 */
const sayError = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error)) {
    return said(String(error));
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = (value: unknown) =>
    typeof value === 'number' ? value : said(typeof value === 'string' ? value : undefined);
  return {
    type: error.name,
    message: said(error.message),
    stack: said(error.stack),
    code: known(code),
    statusCode: known(statusCode),
    ...(error.cause === undefined || depth >= deepestCause
      ? {}
      : { cause: sayError(error.cause, depth + 1) }),
  };
};

/**
 * Structured lines on standard output. Secrets never come here; the paths below are a second fence.
 * @param to - somewhere else
 */
export const createLog = (level: string, to?: DestinationStream): Log =>
  wrap(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { err: (error: unknown) => sayError(error) },
        redact: {
          paths: ['*.token', '*.secret', '*.password', '*.authorization'],
          censor: '[redacted]',
        },
      },
      to ?? pino.destination(1),
    ),
  );
