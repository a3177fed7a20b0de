import type { ArgumentDoc } from '#src/command/define.ts';
import { usageOf } from '#src/command/define.ts';
import { argument, type CliDoc, type Group } from '#src/entry/cli/docs.ts';
import { shellNames } from '#src/entry/cli/shells.ts';

/** Something that the terminal alone can do. */
export interface Program extends CliDoc {
  readonly name: ProgramName;
}

export type ProgramName =
  | 'bootstrap status'
  | 'serve'
  | 'config check'
  | 'config schema'
  | 'audit verify'
  | 'help'
  | 'completion'
  | 'version';

interface Definition {
  readonly name: ProgramName;
  readonly group: Group;
  readonly summary: string;
  readonly positional?: readonly string[];
  readonly arguments?: readonly ArgumentDoc[];
  readonly examples: readonly string[];
}

const program = (definition: Definition): Program => {
  const { name, positional = [], arguments: list = [] } = definition;
  return { ...definition, positional, arguments: list, usage: usageOf(name, positional, list) };
};

/** Everything that can be typed besides the commands of the bot. */
export const programs: readonly Program[] = [
  program({
    name: 'bootstrap status',
    group: 'see',
    summary: 'Show how far a new cluster has come, and what stands in its way.',
    positional: ['cluster'],
    arguments: [
      argument('cluster', 'Cluster by name; left out, all that you reach'),
      argument('rung', 'Only the rungs up to this one'),
      argument('wait', 'Look again until they are passed, or the budget of the rung is used up', {
        type: 'boolean',
      }),
      argument('ladder', 'Another ladder than bootstrap/ladder.yaml'),
    ],
    examples: ['bootstrap status infra', 'bootstrap status infra --rung flux --wait'],
  }),
  program({
    name: 'serve',
    group: 'bot',
    summary: 'Run the bot until SIGTERM.',
    arguments: [
      argument('role', 'Only one part of it', { choices: ['all', 'front', 'worker'] }),
      argument('logLevel', 'How much it writes', {
        choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
      }),
    ],
    examples: ['serve --config flux-chatops.yaml', 'serve --role worker'],
  }),
  program({
    name: 'config check',
    group: 'bot',
    summary: 'Check the configuration and the secrets that it names; all mistakes at once.',
    positional: ['file'],
    arguments: [
      argument('file', 'The file; left out, that of --config'),
      argument('noSecrets', 'Leave out whether the secrets are there, as where they are not', {
        type: 'boolean',
      }),
    ],
    examples: ['config check', 'config check deploy/bot/flux-chatops.yaml --no-secrets'],
  }),
  program({
    name: 'config schema',
    group: 'bot',
    summary: 'Print the JSON schema of the configuration, for editors.',
    examples: ['config schema > flux-chatops.schema.json'],
  }),
  program({
    name: 'audit verify',
    group: 'bot',
    summary: 'Check that no entry of the audit trail was changed or removed.',
    examples: ['audit verify --config flux-chatops.yaml'],
  }),
  program({
    name: 'help',
    group: 'terminal',
    summary: 'Show what there is, or all about one command.',
    positional: ['command'],
    arguments: [argument('command', 'Command to explain')],
    examples: ['help', 'help reconcile', 'help config check'],
  }),
  program({
    name: 'completion',
    group: 'terminal',
    summary: 'Print the completion of a shell.',
    positional: ['shell'],
    arguments: [argument('shell', 'The shell', { choices: shellNames, required: true })],
    examples: [
      'completion bash > ~/.local/share/bash-completion/completions/flux-chatops',
      'completion zsh > ~/.zfunc/_flux-chatops',
      'completion fish > ~/.config/fish/completions/flux-chatops.fish',
    ],
  }),
  program({
    name: 'version',
    group: 'terminal',
    summary: 'Print the version.',
    examples: ['version'],
  }),
];
