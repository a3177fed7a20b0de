import { commands } from '#commands/index.ts';

/** Where the configuration stands: the flag, the environment, or the working directory. */
export const configFile = (flag: string | undefined): string =>
  flag ?? process.env['FLUX_CHATOPS_CONFIG'] ?? 'flux-chatops.yaml';

/** What a role may name, besides `*`; commands that need no permission may stand there, too. */
export const permissions: readonly string[] = [
  ...new Set(commands.flatMap(({ doc }) => [doc.permission ?? [], doc.name].flat())),
];
