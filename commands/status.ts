import { z } from 'zod';
import type { Cluster } from '#src/cluster/cluster.ts';
import { clusterArgument, objectArgument } from '#src/command/arguments.ts';
import { type Context, defineCommand } from '#src/command/define.ts';
import { meansClusters, readableClusters, resolveObject } from '#src/command/resolve.ts';
import { type Health, healthOf, sayHealth } from '#src/flux/health.ts';
import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import { fluxKinds, printRef } from '#src/flux/ref.ts';
import { shortRevision } from '#src/flux/revision.ts';
import { sayReason } from '#src/incident/wording.ts';
import { ok } from '#src/result.ts';
import { sayCount } from '#src/text/duration.ts';
import { byName } from '#src/text/order.ts';
import { redact } from '#src/text/redact.ts';
import type { Line, Part, Tone, View } from '#src/view.ts';

const ObjectStatus = z.object({
  cluster: z.string(),
  object: z.string(),
  words: z.string(),
  tone: z.enum(['failing', 'warning', 'running', 'succeeded', 'suspended']),
  message: z.string(),
  applied: z.string().optional(),
  attempted: z.string().optional(),
  since: z.number().optional(),
});

const ClusterStatus = z.object({
  cluster: z.string(),
  total: z.number(),
  failing: z.array(z.string()),
  waiting: z.number(),
  suspended: z.array(z.string()),
  progressing: z.number(),
  heardAt: z.number().optional(),
  problem: z.string().optional(),
});
type ClusterStatus = z.infer<typeof ClusterStatus>;

const Plan = z.object({
  objects: z.array(ObjectStatus),
  clusters: z.array(ClusterStatus),
});

const toneOf = (health: Health): z.infer<typeof ObjectStatus>['tone'] => {
  if (health.suspended) {
    return 'suspended';
  }
  const tones = {
    ready: 'succeeded',
    failing: 'failing',
    waiting: 'warning',
    progressing: 'running',
  } as const;
  return tones[health.state];
};

const sourceIn = (cluster: Cluster | undefined, object: FluxObject): FluxObject | undefined =>
  object.source === undefined ? undefined : cluster?.cached(object.source);

const objectStatus = (
  cluster: Cluster | undefined,
  name: string,
  object: FluxObject,
): z.infer<typeof ObjectStatus> => {
  const health = healthOf(object, sourceIn(cluster, object));
  const applied =
    object.lastAppliedRevision ?? object.artifactRevision ?? object.history[0]?.revision;
  const since = conditionOf(object, 'Ready')?.since;
  return {
    cluster: name,
    object: printRef(object.ref),
    words: sayHealth(health),
    tone: toneOf(health),
    message: health.state === 'ready' ? '' : redact(health.message),
    ...(applied === undefined ? {} : { applied }),
    ...(object.lastAttemptedRevision === undefined
      ? {}
      : { attempted: object.lastAttemptedRevision }),
    ...(since === undefined || Number.isNaN(since) ? {} : { since }),
  };
};

const clusterStatus = (cluster: Cluster, context: Context): ClusterStatus => {
  const readable = cluster.objects().filter((object) =>
    context.may('status', {
      cluster: cluster.name,
      namespace: object.ref.namespace,
      object: printRef(object.ref),
    }),
  );
  const judged = readable.map((object) => ({ object, health: healthOf(object) }));
  const active = judged.filter(({ health }) => !health.suspended);
  const names = (list: typeof judged) =>
    list.map(({ object }) => printRef(object.ref)).toSorted(byName);
  const { heardAt, problem } = cluster.freshness();
  return {
    cluster: cluster.name,
    total: judged.filter(({ object }) => fluxKinds[object.ref.kind].role !== 'image').length,
    failing: names(active.filter(({ health }) => health.state === 'failing')),
    waiting: active.filter(({ health }) => health.state === 'waiting').length,
    suspended: names(judged.filter(({ health }) => health.suspended)),
    progressing: active.filter(({ health }) => health.state === 'progressing').length,
    ...(heardAt === undefined ? {} : { heardAt }),
    ...(problem === undefined ? {} : { problem }),
  };
};

const some = (names: readonly string[], limit = 3): string =>
  names.length <= limit
    ? names.join(', ')
    : `${names.slice(0, limit).join(', ')} … ${names.length - limit} more`;

const overview = (status: ClusterStatus): readonly Part[] => {
  const tone: Tone = status.failing.length > 0 ? 'failing' : 'succeeded';
  const counts: Line = [
    { kind: 'bold', text: status.cluster },
    `: ${sayCount(status.total, 'object')}, ${status.failing.length} failing, ${status.waiting} waiting, ${status.suspended.length} suspended, ${status.progressing} in progress`,
  ];
  return [
    { kind: 'heading', tone: status.problem === undefined ? tone : 'warning', line: counts },
    ...(status.problem === undefined
      ? []
      : [{ kind: 'text' as const, line: [`What is shown may be old: ${status.problem}`] }]),
    ...(status.failing.length === 0
      ? []
      : [{ kind: 'text' as const, line: [`Failing: ${some(status.failing)}`] }]),
    ...(status.suspended.length === 0
      ? []
      : [{ kind: 'text' as const, line: [`Suspended: ${some(status.suspended)}`] }]),
    {
      kind: 'small',
      line:
        status.heardAt === undefined
          ? ['not heard of yet']
          : ['seen ', { kind: 'time', at: status.heardAt, precision: 'seconds' }],
    },
  ];
};

const oneObject = (status: z.infer<typeof ObjectStatus>): readonly Part[] => {
  const field = (label: string, line: Line | undefined) =>
    line === undefined ? [] : [{ label, line }];
  const code = (revision: string | undefined): Line | undefined =>
    revision === undefined ? undefined : [{ kind: 'code', text: shortRevision(revision) }];
  return [
    {
      kind: 'heading',
      tone: status.tone,
      line: [
        { kind: 'bold', text: status.object },
        ' on ',
        { kind: 'bold', text: status.cluster },
        `: ${status.words}`,
      ],
    },
    ...(status.message === '' ? [] : [{ kind: 'quote' as const, text: sayReason(status.message) }]),
    {
      kind: 'fields',
      fields: [
        ...field('Applied', code(status.applied)),
        ...(status.attempted === status.applied ? [] : field('Trying', code(status.attempted))),
        ...field(
          'Since',
          status.since === undefined
            ? undefined
            : [{ kind: 'time', at: status.since, precision: 'seconds' }],
        ),
      ],
    },
    // what is suspended takes no request
    ...(status.tone === 'suspended'
      ? []
      : [
          {
            kind: 'buttons' as const,
            buttons: [
              {
                label: 'Reconcile',
                command: 'reconcile',
                input: { object: status.object, cluster: status.cluster },
              },
            ],
          },
        ]),
  ];
};

/** How a cluster, or one object, is doing now. */
export const status = defineCommand({
  name: 'status',
  summary: 'Show how the clusters, or one object, are doing now.',
  kind: 'read',
  args: z.object({ object: objectArgument.optional(), cluster: clusterArgument }),
  positional: ['object', 'cluster'],
  examples: ['status', 'status --cluster apps', 'status ks/harbor/harbor infra'],
  permission: 'status',
  needs: [],
  targets: ({ object, cluster }, context) => {
    if (object === undefined || meansClusters(object, context)) {
      const clusters = readableClusters(cluster ?? object, {
        ...context,
        defaultCluster: undefined,
      });
      return clusters.ok
        ? ok((clusters.value ?? context.clusters).map((one) => ({ cluster: one.name, any: true })))
        : clusters;
    }
    const named = resolveObject(object, cluster, 'status', context);
    return named.ok
      ? ok(
          named.value.map(({ cluster: name, ref }) => ({
            cluster: name,
            namespace: ref.namespace,
            object: printRef(ref),
          })),
        )
      : named;
  },
  plan: {
    schema: Plan,
    make: async ({ object, cluster }, context) => {
      if (object === undefined || meansClusters(object, context)) {
        const chosen = readableClusters(cluster ?? object, {
          ...context,
          defaultCluster: undefined,
        });
        if (!chosen.ok) {
          return chosen;
        }
        const clusters = (chosen.value ?? context.clusters).map((one) =>
          clusterStatus(one, context),
        );
        return ok({ objects: [], clusters });
      }
      const named = resolveObject(object, cluster, 'status', context);
      if (!named.ok) {
        return named;
      }
      const objects = named.value.flatMap(({ cluster: name, ref }) => {
        const where = context.clusters.find((one) => one.name === name);
        const found = where?.cached(ref);
        return found === undefined ? [] : [objectStatus(where, name, found)];
      });
      return ok({ objects, clusters: [] });
    },
  },
  view: (plan): View => {
    const parts = [...plan.clusters.flatMap(overview), ...plan.objects.flatMap(oneObject)];
    const summary = [
      ...plan.clusters.map(
        (one) => `${one.cluster}: ${one.failing.length} of ${one.total} failing`,
      ),
      ...plan.objects.map((one) => `${one.object} on ${one.cluster}: ${one.words}`),
    ].join('; ');
    return { summary, parts };
  },
});
