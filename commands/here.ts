import { z } from 'zod';
import type { Cluster } from '#src/cluster/cluster.ts';
import { type Context, defineCommand } from '#src/command/define.ts';
import { doubtAbout, sayDoubt } from '#src/command/doubt.ts';
import { targetOf } from '#src/command/policy.ts';
import { rootAlone } from '#src/command/read-request.ts';
import { healthOf, sayHealth } from '#src/flux/health.ts';
import { takesRequests } from '#src/flux/request.ts';
import { failingSince } from '#src/incident/failing-since.ts';
import type { Incident } from '#src/incident/incident.ts';
import { ok } from '#src/result.ts';
import { sayCount } from '#src/text/duration.ts';
import { byName } from '#src/text/order.ts';
import type { Button, Line, Part, View } from '#src/view.ts';

const Failing = z.object({
  cluster: z.string(),
  object: z.string(),
  words: z.string(),
  since: z.number().optional(),
  mayReconcile: z.boolean(),
});
type Failing = z.infer<typeof Failing>;

const Plan = z.object({
  /** The cluster that this channel means. */
  defaultCluster: z.string().optional(),
  clusters: z.array(
    z.object({
      cluster: z.string(),
      total: z.number(),
      suspended: z.number(),
      problem: z.string().optional(),
    }),
  ),
  failing: z.array(Failing),
  commands: z.array(z.string()),
});
type Plan = z.infer<typeof Plan>;

const shown = 3;

const lookAt = (cluster: Cluster, incidents: readonly Incident[], context: Context) => {
  const judged = cluster
    .objects()
    .map((object) => ({
      object,
      health: healthOf(object),
      target: targetOf(cluster.name, object.ref),
    }))
    .filter(({ target }) => context.may('status', target));
  const failing = judged
    .filter(({ health }) => health.state === 'failing' && !health.suspended)
    .map(({ object, health, target }): Failing => {
      const since = failingSince(cluster.name, object, incidents);
      return {
        cluster: cluster.name,
        object: target.object,
        words: sayHealth(health),
        ...(since === undefined ? {} : { since }),
        mayReconcile: takesRequests(object) && context.may('reconcile', target),
      };
    });
  const problem = doubtAbout(cluster);
  return {
    failing,
    cluster: {
      cluster: cluster.name,
      total: judged.length,
      suspended: judged.filter(({ health }) => health.suspended).length,
      ...(problem === undefined ? {} : { problem }),
    },
  };
};

const buttonsOf = ({ failing, commands, defaultCluster }: Plan): readonly Button[] => {
  const first = failing.find(({ mayReconcile }) => mayReconcile);
  const where = defaultCluster === undefined ? {} : { cluster: defaultCluster };
  const may = (command: string, button: Button): readonly Button[] =>
    commands.includes(command) ? [button] : [];
  return [
    ...(first === undefined
      ? []
      : may('reconcile', {
          label: `Reconcile ${first.object}`,
          command: 'reconcile',
          input: { object: first.object, cluster: first.cluster },
          style: 'primary',
        })),
    ...(failing.length > 0
      ? may('get', {
          label: 'All that fails',
          command: 'get',
          input: { filter: 'failing', ...where },
        })
      : may('status', { label: 'Status', command: 'status', input: where })),
    ...may('reconcile', { label: 'Reconcile …', command: 'reconcile', input: {} }),
  ];
};

const headingOf = ({ clusters, failing, defaultCluster }: Plan): string => {
  const where = defaultCluster ?? clusters.map(({ cluster }) => cluster).join(' and ');
  const total = clusters.reduce((sum, one) => sum + one.total, 0);
  if (total === 0) {
    return clusters.length === 0
      ? `There is nothing ${defaultCluster === undefined ? 'here' : `on ${where}`} that you may look at`
      : `Nothing is known of ${where} yet`;
  }
  const known = clusters.some(({ problem }) => problem !== undefined) ? ', as far as is known' : '';
  return failing.length === 0
    ? `Nothing is failing on ${where}${known}`
    : `${failing.length} of ${sayCount(total, 'object')} failing on ${where}`;
};

const lineOf = ({ object, cluster, words, since }: Failing): Line => [
  { kind: 'bold', text: object },
  ` on ${cluster}: ${words}`,
  ...(since === undefined
    ? []
    : [', since ', { kind: 'time' as const, at: since, precision: 'minutes' as const }]),
];

const partsOf = (plan: Plan): readonly Part[] => {
  const { failing, clusters } = plan;
  const more = failing.length - shown;
  const suspended = clusters.reduce((sum, one) => sum + one.suspended, 0);
  return [
    ...(failing.length === 0
      ? []
      : [
          {
            kind: 'list' as const,
            items: [
              ...failing.slice(0, shown).map(lineOf),
              ...(more > 0 ? [[`and ${sayCount(more, 'more object')}`]] : []),
            ],
          },
        ]),
    ...clusters.flatMap(({ cluster, problem }) => sayDoubt(cluster, problem)),
    ...(suspended === 0
      ? []
      : [{ kind: 'text' as const, line: [`Suspended: ${sayCount(suspended, 'object')}.`] }]),
  ];
};

/** Which cluster is meant here; nothing where there is but one. */
const sayDefault = ({ defaultCluster, clusters }: Plan): readonly Part[] => {
  if (defaultCluster === undefined && clusters.length === 1) {
    return [];
  }
  const said =
    defaultCluster === undefined
      ? 'No cluster is meant by itself here: name one, or all.'
      : `Here, ${defaultCluster} is meant where no cluster is named.`;
  return [{ kind: 'small', line: [said] }];
};

/** What a person sees who types the root command alone: what is the matter, and what they can do. */
export const here = defineCommand({
  name: rootAlone,
  summary: 'Show what is the matter here now, and what you can do.',
  kind: 'read',
  args: z.object({}),
  positional: [],
  examples: [rootAlone],
  permission: undefined,
  needs: [],
  targets: () => ok([]),
  plan: {
    schema: Plan,
    make: async (_, context) => {
      const { clusters, defaultCluster } = context;
      const meant = clusters.filter(({ name }) => name === defaultCluster);
      const incidents = await context.incidents();
      const looked = (meant.length > 0 ? meant : clusters).map((cluster) =>
        lookAt(cluster, incidents, context),
      );
      return ok({
        ...(meant.length > 0 ? { defaultCluster } : {}),
        clusters: looked
          .map(({ cluster }) => cluster)
          .filter(({ total, problem }) => total > 0 || problem !== undefined),
        failing: looked
          .flatMap(({ failing }) => failing)
          .toSorted(
            (left, right) =>
              (left.since ?? 0) - (right.since ?? 0) || byName(left.object, right.object),
          ),
        commands: context.commands
          .filter(({ name, permission }) => name !== rootAlone && context.mayEver(permission))
          .map(({ name }) => name),
      });
    },
  },
  view: (plan, _, { root }): View => {
    const heading = headingOf(plan);
    const buttons = buttonsOf(plan);
    return {
      summary: heading,
      parts: [
        {
          kind: 'heading',
          tone: plan.failing.length > 0 ? 'failing' : 'neutral',
          line: [{ kind: 'bold', text: heading }],
        },
        ...partsOf(plan),
        ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
        {
          kind: 'text',
          line: [
            'You can ask for ',
            ...plan.commands.flatMap(
              (command, index): Line => [index === 0 ? '' : ', ', { kind: 'code', text: command }],
            ),
            '. More with ',
            { kind: 'code', text: `${root} help` },
            '.',
          ],
        },
        ...sayDefault(plan),
      ],
    };
  },
});
