import type { Call, Outcome } from '#src/entry/cli/outcome.ts';
import type { ProgramName } from '#src/entry/cli/programs.ts';

/** What each program does. What it needs is loaded only when it runs, so that the others start at once. */
export const runs: Readonly<Record<ProgramName, (call: Call) => Promise<Outcome>>> = {
  'bootstrap status': async (call) =>
    (await import('#src/entry/cli/bootstrap.ts')).bootstrapStatus(call),
  serve: async (call) => (await import('#src/entry/cli/bot.ts')).serveBot(call),
  'config check': async (call) => (await import('#src/entry/cli/config.ts')).checkConfig(call),
  'config schema': async () => (await import('#src/entry/cli/config.ts')).printSchema(),
  'audit verify': async (call) => (await import('#src/entry/cli/bot.ts')).auditVerify(call),
  help: async (call) => (await import('#src/entry/cli/help.ts')).showHelp(call),
  completion: async (call) => (await import('#src/entry/cli/completion.ts')).printCompletion(call),
  version: async () => (await import('#src/entry/cli/help.ts')).showVersion(),
};
