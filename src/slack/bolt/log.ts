import { LogLevel } from '@slack/bolt';
import type { Log } from '#src/log.ts';

/** Bolt's own log lines in ours; its debug lines carry whole payloads and are left out. */
export const boltLogger = (log: Log) => {
  const say =
    (level: 'info' | 'warn' | 'error') =>
    (...words: unknown[]): void =>
      log[level]({ detail: words.map(String).join(' ').slice(0, 500) }, 'Bolt');
  return {
    debug: () => undefined,
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
};
