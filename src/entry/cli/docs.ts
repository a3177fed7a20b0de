import { type ArgumentDoc, type CommandDoc, usageOf } from '#src/command/define.ts';

export const groups = {
  see: 'See (your own kubeconfig is all that it needs)',
  act: 'Act (recorded and audited as in Slack, so it needs the bot’s configuration)',
  bot: 'The bot',
  terminal: 'This program',
} as const;
export type Group = keyof typeof groups;

/** What is known of something that can be typed: for help, completion and docs/cli.md. */
export interface CliDoc
  extends Pick<CommandDoc, 'name' | 'summary' | 'positional' | 'arguments' | 'examples' | 'usage'> {
  readonly group: Group;
}

/** A terminal is in no channel that would have a default, and shows a list as a whole. */
const asInTerminal = (documents: readonly ArgumentDoc[]): readonly ArgumentDoc[] =>
  documents
    .filter(({ name }) => name !== 'page')
    .map((one) =>
      one.name === 'cluster' ? { ...one, description: 'Cluster by name, or all' } : one,
    );

/** The commands of the bot as the terminal has them; its help is the program's own. */
export const commandDocs = (docs: readonly CommandDoc[]): readonly CliDoc[] =>
  docs
    .filter(({ name }) => name !== 'help')
    .map((doc) => {
      const documents = asInTerminal(doc.arguments);
      return {
        ...doc,
        arguments: documents,
        usage: usageOf(doc.name, doc.positional, documents),
        group: doc.kind === 'read' ? 'see' : 'act',
      };
    });

export const argument = (
  name: string,
  description: string,
  more: Partial<Omit<ArgumentDoc, 'name' | 'description'>> = {},
): ArgumentDoc => ({
  name,
  description,
  type: 'string',
  required: false,
  choices: [],
  ...more,
});
