import { z } from 'zod';
import { fenceWarning } from '#src/cluster/fence.ts';
import { actorId, actorName } from '#src/command/actor.ts';
import { defineCommand } from '#src/command/define.ts';
import { ok } from '#src/result.ts';
import type { View } from '#src/view.ts';

const Plan = z.object({
  name: z.string(),
  id: z.string(),
  groups: z.array(z.string()),
  /** What is weaker than promised where the bot acts for the person. */
  warnings: z.array(z.string()),
  rights: z.array(
    z.object({ role: z.string(), permissions: z.array(z.string()), where: z.string() }),
  ),
});

/** Who the bot takes the asker for, and what that person may do. */
export const whoami = defineCommand({
  name: 'whoami',
  summary: 'Show who you are to the bot and what you may do.',
  kind: 'read',
  args: z.object({}),
  positional: [],
  examples: ['whoami'],
  permission: undefined,
  needs: [],
  targets: () => ok([]),
  plan: {
    schema: Plan,
    make: async (_, { actor, grants, clusters }) =>
      ok({
        name: actorName(actor),
        id: actorId(actor),
        groups: [...actor.groups],
        warnings: clusters.flatMap(({ name, fence }) => {
          const warning = fence === undefined ? undefined : fenceWarning(fence());
          return warning === undefined ? [] : [`On ${name}, ${warning}.`];
        }),
        rights: grants.map((grant) => ({
          role: grant.role,
          permissions: [...grant.permissions],
          where: [
            grant.clusters === undefined ? 'all clusters' : grant.clusters.join(', '),
            grant.namespaces === undefined ? 'all namespaces' : grant.namespaces.join(', '),
          ].join('; '),
        })),
      }),
  },
  view: (plan): View => ({
    summary: `You are ${plan.name} (${plan.id}), with ${plan.rights.length === 0 ? 'no role' : plan.rights.map((right) => right.role).join(', ')}.`,
    parts: [
      { kind: 'heading', tone: 'neutral', line: [{ kind: 'bold', text: plan.name }] },
      {
        kind: 'fields',
        fields: [
          { label: 'Known as', line: [{ kind: 'code', text: plan.id }] },
          { label: 'Groups', line: [plan.groups.length === 0 ? 'none' : plan.groups.join(', ')] },
        ],
      },
      plan.rights.length === 0
        ? {
            kind: 'text',
            line: [
              'No role names you, so you may do nothing. Whoever keeps the bot’s configuration can add you under "access".',
            ],
          }
        : {
            kind: 'table',
            columns: ['Role', 'May', 'Where'],
            rows: plan.rights.map((right) => [
              [right.role],
              [right.permissions.map((one) => (one === '*' ? 'everything' : one)).join(', ')],
              [right.where],
            ]),
          },
      ...plan.warnings.map((warning) => ({ kind: 'text' as const, line: [warning] })),
    ],
  }),
});
