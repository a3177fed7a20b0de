import { z } from 'zod';
import { commands } from '#commands/index.ts';
import { BootstrapResult } from '#src/entry/cli/bootstrap.ts';
import { AuditVerifyResult } from '#src/entry/cli/bot.ts';
import { CompletionResult } from '#src/entry/cli/completion.ts';
import { ConfigCheckResult } from '#src/entry/cli/config.ts';
import { HelpResult, VersionResult } from '#src/entry/cli/help.ts';
import { ActDocument, AnswerDocument, FailureDocument } from '#src/entry/cli/outcome.ts';
import type { ProgramName } from '#src/entry/cli/programs.ts';

const Schema = z.looseObject({ properties: z.record(z.string(), z.unknown()).default({}) });

/** Without the name of the dialect, which stands once at the top. */
const bare = (schema: unknown) => {
  const { $schema: _, ...rest } = Schema.parse(schema);
  return rest;
};

/** What each program prints as `result`. `config schema` prints its schema as it is, `serve` nothing. */
const results: Readonly<Record<Exclude<ProgramName, 'serve' | 'config schema'>, z.ZodType>> = {
  'bootstrap status': BootstrapResult,
  'config check': ConfigCheckResult,
  'audit verify': AuditVerifyResult,
  help: HelpResult,
  completion: CompletionResult,
  version: VersionResult,
};

const documentFor = (name: string, document: z.ZodType, result: unknown) => {
  const { properties, ...rest } = bare(z.toJSONSchema(document));
  return {
    title: name,
    ...rest,
    properties: { ...properties, command: { const: name }, result: bare(result) },
  };
};

export interface CommandOutput {
  readonly name: string;
  readonly schema: ReturnType<typeof documentFor>;
}

/** What `--json` prints for each command. */
export const outputs: readonly CommandOutput[] = [
  ...commands
    .filter(({ doc }) => doc.name !== 'help')
    .map((command) => ({
      name: command.doc.name,
      schema: documentFor(
        command.doc.name,
        command.doc.kind === 'act' ? ActDocument : AnswerDocument,
        command.planSchema(),
      ),
    })),
  ...Object.entries(results).map(([name, result]) => ({
    name,
    schema: documentFor(name, AnswerDocument, z.toJSONSchema(result)),
  })),
];

/** `docs/cli-output.schema.json`: every document that `--json` can print. */
export const outputSchema = (): unknown => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What flux-chatops prints with --json',
  oneOf: [
    ...outputs.map(({ schema }) => schema),
    { title: 'a failure', ...bare(z.toJSONSchema(FailureDocument)) },
  ],
});
