import { commands } from '#commands/index.ts';

/** Where the configuration stands: the flag, the environment, or the working directory. */
export const configFile = (flag: string | undefined): string =>
  flag ?? process.env['FLUX_CHATOPS_CONFIG'] ?? 'flux-chatops.yaml';

/** What a role may name, besides `*`. */
export const permissions: readonly string[] = commands.flatMap(({ doc }) => doc.permission ?? []);
