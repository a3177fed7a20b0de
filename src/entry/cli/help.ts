import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { catalogue, findEntry, unknownEntry } from '#src/entry/cli/catalogue.ts';
import type { CliDoc } from '#src/entry/cli/docs.ts';
import { exits } from '#src/entry/cli/exits.ts';
import { type Call, misused, type Outcome } from '#src/entry/cli/outcome.ts';
import { helpOf, helpPage } from '#src/entry/cli/usage.ts';

const CommandHelp = z.object({
  name: z.string(),
  group: z.string(),
  summary: z.string(),
  usage: z.string(),
  arguments: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['string', 'number', 'boolean']),
      required: z.boolean(),
      choices: z.array(z.string()),
      description: z.string(),
    }),
  ),
  examples: z.array(z.string()),
});

export const HelpResult = z.object({
  commands: z.array(CommandHelp),
  exitCodes: z.array(z.object({ code: z.number(), name: z.string(), means: z.string() })),
});

export const VersionResult = z.object({ version: z.string() });

const described = (doc: CliDoc): z.output<typeof CommandHelp> => ({
  name: doc.name,
  group: doc.group,
  summary: doc.summary,
  usage: doc.usage,
  arguments: doc.arguments.map(({ name, type, required, choices, description }) => ({
    name,
    type,
    required,
    choices: [...choices],
    description,
  })),
  examples: [...doc.examples],
});

/** `help [command]`, also for what stands before `--help`. */
export const showHelp = async ({ words, out }: Call): Promise<Outcome> => {
  const options = { width: Math.min(out.width(), 100), color: out.color };
  const exitCodes = Object.entries(exits).map(([name, [code, means]]) => ({ code, name, means }));
  if (words.length === 0) {
    const result = { commands: catalogue.map(described), exitCodes };
    return { kind: 'answer', exit: 'done', result, shown: helpPage(catalogue, options) };
  }
  const found = findEntry(words);
  const group = catalogue.filter(({ name }) => name.startsWith(`${words[0]} `));
  if (found === undefined && group.length > 0 && words.length === 1) {
    const shown = group.map((doc) => helpOf(doc, options)).join('\n');
    const result = { commands: group.map(described), exitCodes };
    return { kind: 'answer', exit: 'done', result, shown };
  }
  if (found === undefined) {
    const { what, next } = unknownEntry(words);
    return misused(what, next);
  }
  const { doc } = found.entry;
  const result = { commands: [described(doc)], exitCodes };
  return { kind: 'answer', exit: 'done', result, shown: helpOf(doc, options) };
};

export const showVersion = async (): Promise<Outcome> => {
  const text = readFileSync(`${import.meta.dirname}/../../../package.json`, 'utf8');
  const { version } = VersionResult.parse(JSON.parse(text));
  return { kind: 'answer', exit: 'done', result: { version }, shown: `${version}\n` };
};
