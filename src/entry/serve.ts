/** Starts the bot: `flux-chatops serve [--config FILE] [--role front|worker]`, and the image's command. */
import { parseArgs } from 'node:util';
import { loadConfig } from '#src/config/load.ts';
import { sayProblemIn } from '#src/config/problems.ts';
import { startBot } from '#src/entry/bot.ts';
import { configFile, permissions } from '#src/entry/config-file.ts';
import { createLog } from '#src/entry/logging.ts';

const roles = {
  all: { front: true, worker: true },
  front: { front: true, worker: false },
  worker: { front: false, worker: true },
} as const;

const isRole = (word: string): word is keyof typeof roles => word in roles;

const readWords = (words: readonly string[]) => {
  try {
    return parseArgs({
      args: [...words],
      options: {
        config: { type: 'string' },
        role: { type: 'string', default: 'all' },
        'log-level': { type: 'string', default: process.env['FLUX_CHATOPS_LOG_LEVEL'] ?? 'info' },
      },
    }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error('Usage: serve [--config FILE] [--role all|front|worker] [--log-level LEVEL]');
    return undefined;
  }
};

/** An address that cannot be listened on; every other error is a mistake of ours. */
const sayNotListening = (error: unknown, file: string): string | undefined => {
  const { syscall, code, address, port } = error as Readonly<Record<string, unknown>>;
  return syscall === 'listen'
    ? `${address}:${port} cannot be listened on (${code}); change listen in ${file}, or end what listens there.`
    : undefined;
};

/** Runs until SIGTERM or SIGINT. @returns the exit code */
export const serve = async (words: readonly string[]): Promise<number> => {
  const values = readWords(words);
  if (values === undefined) {
    return 2;
  }
  if (!isRole(values.role)) {
    console.error(`--role ${values.role} does not exist; use ${Object.keys(roles).join(', ')}.`);
    return 2;
  }
  const options = { file: configFile(values.config), environment: process.env, permissions };
  const loaded = loadConfig(options);
  if (!loaded.ok) {
    for (const problem of loaded.failure) {
      console.error(sayProblemIn(options.file, problem));
    }
    return 2;
  }
  const log = createLog(values['log-level']);
  const bot = await startBot(loaded.value, options, roles[values.role], log).catch((error) => {
    const problem = sayNotListening(error, options.file);
    if (problem === undefined) {
      throw error;
    }
    console.error(problem);
    // what was started before would go on
    return process.exit(1);
  });
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info({ signal }, 'stopping');
  await bot.stop();
  // everything has ended; only the queue's connections would go on trying while Redis is away
  return process.exit(0);
};

if (import.meta.main) {
  process.exitCode = await serve(process.argv.slice(2));
}
