import { z } from 'zod';
import {
  type ArgumentDoc,
  type CommandDoc,
  type Context,
  defineCommand,
} from '#src/command/define.ts';
import { rootAlone } from '#src/command/read-request.ts';
import { flagName, nearest } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Line, View } from '#src/view.ts';

const Plan = z.object({
  commands: z.array(z.object({ usage: z.string(), summary: z.string() })),
  one: z
    .object({
      usage: z.string(),
      summary: z.string(),
      permission: z.string().optional(),
      arguments: z.array(z.object({ name: z.string(), description: z.string() })),
      examples: z.array(z.string()),
    })
    .optional(),
});

const describe = (argument: ArgumentDoc, positional: readonly string[]) => ({
  name: positional.includes(argument.name) ? argument.name : `--${flagName(argument.name)}`,
  description: [
    argument.description,
    ...(argument.choices.length === 0 ? [] : [`(${argument.choices.join(', ')})`]),
  ].join(' '),
});

const detail = (doc: CommandDoc) => ({
  usage: doc.usage,
  summary: doc.summary,
  ...(doc.permission === undefined ? {} : { permission: doc.permission }),
  arguments: doc.arguments.map((argument) => describe(argument, doc.positional)),
  examples: [...doc.examples],
});

const find = (name: string, { commands }: Context): Result<CommandDoc, Failure> => {
  const found = commands.find((doc) => doc.name === name.toLowerCase());
  const names = commands.map((doc) => doc.name);
  return found === undefined
    ? fail({ code: 'unknown-command', name, nearest: nearest(name, names) })
    : ok(found);
};

/** What there is, or all about one command; made of the definitions. */
export const help = defineCommand({
  name: 'help',
  summary: 'Show what you can ask for, or all about one command.',
  kind: 'read',
  args: z.object({ command: z.string().optional().describe('Command to explain') }),
  positional: ['command'],
  examples: ['help', 'help reconcile'],
  permission: undefined,
  needs: [],
  targets: ({ command }, context) => {
    const named = command === undefined ? ok(undefined) : find(command, context);
    return named.ok ? ok([]) : named;
  },
  plan: {
    schema: Plan,
    make: async ({ command }, context) => {
      if (command === undefined) {
        const mine = context.commands.filter((doc) => context.mayEver(doc.permission));
        return ok({ commands: mine.map(({ usage, summary }) => ({ usage, summary })) });
      }
      const named = find(command, context);
      return named.ok ? ok({ commands: [], one: detail(named.value) }) : named;
    },
  },
  view: (plan, _, { root }): View => {
    const { one } = plan;
    if (one !== undefined) {
      const item = (name: string, text: string): Line => [{ kind: 'code', text: name }, ` ${text}`];
      return {
        summary: `${root} ${one.usage}: ${one.summary}`,
        parts: [
          {
            kind: 'heading',
            tone: 'neutral',
            line: [{ kind: 'code', text: `${root} ${one.usage}` }],
          },
          { kind: 'text', line: [one.summary] },
          ...(one.arguments.length === 0
            ? []
            : [
                {
                  kind: 'list' as const,
                  items: one.arguments.map((argument) => item(argument.name, argument.description)),
                },
              ]),
          {
            kind: 'list',
            items: one.examples.map((example) => [{ kind: 'code', text: `${root} ${example}` }]),
          },
          {
            kind: 'small',
            line: [
              one.permission === undefined
                ? 'Open to every member.'
                : `Needs the permission ${one.permission}.`,
            ],
          },
        ],
      };
    }
    return {
      summary: `What you can ask for: ${plan.commands.map((command) => command.usage.split(' ')[0]).join(', ')}`,
      parts: [
        {
          kind: 'heading',
          tone: 'neutral',
          line: [{ kind: 'bold', text: 'What you can ask for' }],
        },
        {
          kind: 'list',
          items: plan.commands.map(
            ({ usage, summary }): Line => [
              // what is there without any word is found so, and not by its name
              { kind: 'code', text: usage === rootAlone ? root : `${root} ${usage}` },
              ` ${summary}`,
            ],
          ),
        },
      ],
    };
  },
});
