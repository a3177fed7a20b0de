import { z } from 'zod';
import type { Cluster } from '#src/cluster/cluster.ts';
import { clusterArgument, objectArgument } from '#src/command/arguments.ts';
import { type Context, defineCommand } from '#src/command/define.ts';
import { doubtAbout, sayDoubt } from '#src/command/doubt.ts';
import { targetOf } from '#src/command/policy.ts';
import { meansClusters, readableClusters, resolveObject } from '#src/command/resolve.ts';
import { nearest } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import { type Health, healthOf, sayHealth } from '#src/flux/health.ts';
import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import { type FluxRef, fluxKinds, printRef } from '#src/flux/ref.ts';
import { takesRequests } from '#src/flux/request.ts';
import { shortRevision } from '#src/flux/revision.ts';
import { failingSince } from '#src/incident/failing-since.ts';
import type { Incident } from '#src/incident/incident.ts';
import { sayReason } from '#src/incident/wording.ts';
import { fail, ok, type Result } from '#src/result.ts';
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
  problem: z.string().optional(),
  /** Whether it takes a request, and one of this person. */
  mayReconcile: z.boolean(),
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
  { incidents, may }: { readonly incidents: readonly Incident[]; readonly may: Context['may'] },
): z.infer<typeof ObjectStatus> => {
  const health = healthOf(object, sourceIn(cluster, object));
  const applied =
    object.lastAppliedRevision ?? object.artifactRevision ?? object.history[0]?.revision;
  const since =
    health.state === 'failing'
      ? failingSince(name, object, incidents)
      : conditionOf(object, 'Ready')?.since;
  const problem = cluster === undefined ? undefined : doubtAbout(cluster);
  return {
    cluster: name,
    object: printRef(object.ref),
    words: sayHealth(health),
    // what was well when it was last heard of may not be by now
    tone:
      problem !== undefined && health.state === 'ready' && !health.suspended
        ? 'warning'
        : toneOf(health),
    message: health.state === 'ready' ? '' : redact(health.message),
    ...(applied === undefined ? {} : { applied }),
    ...(object.lastAttemptedRevision === undefined
      ? {}
      : { attempted: object.lastAttemptedRevision }),
    ...(since === undefined || Number.isNaN(since) ? {} : { since }),
    ...(problem === undefined ? {} : { problem }),
    // what is suspended takes no request
    mayReconcile:
      !health.suspended && takesRequests(object) && may('reconcile', targetOf(name, object.ref)),
  };
};

/** An object whose cluster has not been read whole may exist all the same. */
const unknown = (
  where: Cluster | undefined,
  cluster: string,
  ref: FluxRef,
): Result<never, Failure> => {
  const detail = where === undefined ? undefined : doubtAbout(where);
  return detail === undefined
    ? fail({ code: 'not-found', object: ref, cluster })
    : fail({ code: 'cluster-unreachable', cluster, detail });
};

const clusterStatus = (cluster: Cluster, context: Context): ClusterStatus => {
  const readable = cluster
    .objects()
    .filter((object) => context.may('status', targetOf(cluster.name, object.ref)));
  const judged = readable.map((object) => ({ object, health: healthOf(object) }));
  const active = judged.filter(({ health }) => !health.suspended);
  const names = (list: typeof judged) =>
    list.map(({ object }) => printRef(object.ref)).toSorted(byName);
  const { heardAt } = cluster.freshness();
  const problem = doubtAbout(cluster);
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
    ...sayDoubt(status.cluster, status.problem),
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
    ...sayDoubt(status.cluster, status.problem),
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
    ...(!status.mayReconcile
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

/** The object that a word means; a word near the name of a cluster may have been meant for that one. */
const named = (word: string, cluster: string | undefined, context: Context) => {
  const found = resolveObject(word, cluster, 'status', context);
  return found.ok || found.failure.code !== 'no-such-object' || cluster !== undefined
    ? found
    : fail({
        ...found.failure,
        nearest:
          found.failure.nearest ??
          nearest(word, [...context.clusters.map(({ name }) => name), 'all']),
      });
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
    const found = named(object, cluster, context);
    return found.ok ? ok(found.value.map((one) => targetOf(one.cluster, one.ref))) : found;
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
      const meant = named(object, cluster, context);
      if (!meant.ok) {
        return meant;
      }
      const incidents = await context.incidents();
      const looked = meant.value.map(({ cluster: name, ref }) => {
        const where = context.clusters.find((one) => one.name === name);
        const found = where?.cached(ref);
        return found === undefined
          ? unknown(where, name, ref)
          : ok(objectStatus(where, name, found, { incidents, may: context.may }));
      });
      const objects = looked.flatMap((one) => (one.ok ? [one.value] : []));
      const gap = looked.find((one) => !one.ok);
      return objects.length === 0 && gap !== undefined ? gap : ok({ objects, clusters: [] });
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
