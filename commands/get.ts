import { z } from 'zod';
import { clusterArgument } from '#src/command/arguments.ts';
import { type Context, defineCommand } from '#src/command/define.ts';
import { doubtAbout, sayDoubt } from '#src/command/doubt.ts';
import { targetOf } from '#src/command/policy.ts';
import { readableClusters } from '#src/command/resolve.ts';
import { nearest } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import { type Health, healthOf, sayHealth } from '#src/flux/health.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { fluxKinds, kindFromWord, kindWords, printRef } from '#src/flux/ref.ts';
import { shortRevision } from '#src/flux/revision.ts';
import { fail, ok } from '#src/result.ts';
import { sayCount } from '#src/text/duration.ts';
import { paginate } from '#src/text/pages.ts';
import type { Button, Line, View } from '#src/view.ts';

const filters = ['failing', 'waiting', 'suspended', 'stale', 'progressing', 'all'] as const;
type Filter = (typeof filters)[number];

const Row = z.object({
  cluster: z.string(),
  object: z.string(),
  words: z.string(),
  revision: z.string(),
});

const Plan = z.object({
  what: z.string(),
  total: z.number(),
  rows: z.array(Row),
  /** Of the first row that is shown, counted from 1. */
  from: z.number(),
  page: z.number(),
  pages: z.number(),
  cluster: z.string().optional(),
  filter: z.enum(filters),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  /** Those that were looked at. */
  clusters: z.array(z.string()),
  /** Clusters that are not known whole, and why. */
  doubts: z.array(z.object({ cluster: z.string(), problem: z.string() })),
});

// what a phone shows in a few screens, and what fits into the fallback text of a message
const pageLimits = { mostRows: 25, mostSize: 3_200 };
// a terminal scrolls, and what a program reads has to be whole
const wholeList = { mostRows: Number.POSITIVE_INFINITY, mostSize: Number.POSITIVE_INFINITY };
const sizeOf = (row: z.infer<typeof Row>): number =>
  Object.values(row).reduce((sum, cell) => sum + cell.length + ' · '.length, 0);

const passes: Record<Filter, (health: Health) => boolean> = {
  failing: (health) => health.state === 'failing' && !health.suspended,
  waiting: (health) => health.state === 'waiting' && !health.suspended,
  suspended: (health) => health.suspended,
  stale: (health) => health.stale,
  progressing: (health) => health.state === 'progressing' && !health.suspended,
  all: () => true,
};

const order: Record<Health['state'], number> = { failing: 0, waiting: 1, progressing: 2, ready: 3 };

const kindArgument = z
  .string()
  .refine((word) => kindFromWord(word) !== undefined, {
    error: `not a Flux kind; use one of ${Object.values(fluxKinds)
      .map((kind) => kind.short)
      .join(', ')}`,
  })
  .optional()
  .describe('Only this kind: ks, hr, gitrepo, …')
  .meta({ words: kindWords });

const revisionOf = (object: FluxObject): string => {
  const written =
    object.lastAppliedRevision ?? object.artifactRevision ?? object.history[0]?.revision;
  return written === undefined ? '' : shortRevision(written);
};

const args = z.object({
  filter: z.enum(filters).default('all').describe('Only objects in this state'),
  cluster: clusterArgument,
  kind: kindArgument,
  namespace: z.string().optional().describe('Only this namespace'),
  page: z.number().int().min(1).default(1).describe('Page of a long list'),
});

const mayRead = (cluster: string, { ref }: FluxObject, context: Context): boolean =>
  context.may('get', targetOf(cluster, ref));

const listObjects = (
  wanted: z.output<typeof args>,
  clusters: Context['clusters'],
  context: Context,
) => {
  const kind = wanted.kind === undefined ? undefined : kindFromWord(wanted.kind);
  return clusters.flatMap((cluster) =>
    cluster
      .objects()
      .filter(({ ref }) => kind === undefined || ref.kind === kind)
      .filter(({ ref }) => wanted.namespace === undefined || ref.namespace === wanted.namespace)
      .filter((object) => mayRead(cluster.name, object, context))
      .map((object) => {
        const source = object.source === undefined ? undefined : cluster.cached(object.source);
        return { cluster: cluster.name, object, health: healthOf(object, source) };
      })
      .filter(({ health }) => passes[wanted.filter](health)),
  );
};

/** A namespace in which the person sees nothing at all is most likely a slip. */
const missingNamespace = (
  name: string,
  clusters: Context['clusters'],
  context: Context,
): Failure | undefined => {
  const known = new Set(
    clusters.flatMap((cluster) =>
      cluster
        .objects()
        .filter((object) => mayRead(cluster.name, object, context))
        .map(({ ref }) => ref.namespace),
    ),
  );
  const isKnown = known.has(name) || clusters.some((cluster) => doubtAbout(cluster) !== undefined);
  return isKnown
    ? undefined
    : {
        code: 'no-such-namespace',
        name,
        clusters: clusters.map((cluster) => cluster.name),
        nearest: nearest(name, [...known]),
      };
};

/** What is listed and where, so that a short list is not taken for all there is. */
const sayWhat = (
  total: number,
  { filter, kind, namespace }: z.output<typeof args>,
  clusters: Context['clusters'],
): string => {
  const state = filter === 'all' ? '' : ` ${filter}`;
  const within = namespace === undefined ? '' : ` in ${namespace}`;
  const where = clusters.map(({ name }) => name).join(' and ');
  const known = kind === undefined ? undefined : kindFromWord(kind);
  const one = known === undefined ? 'object' : `${fluxKinds[known].short} object`;
  return `${sayCount(total, one)}${state}${within} on ${where}`;
};

/** The buttons that show the pages beside this one, in its place. */
const turning = (plan: z.infer<typeof Plan>): readonly Button[] => {
  const { page, pages, filter, cluster, kind, namespace } = plan;
  const same = {
    filter,
    ...(cluster === undefined ? {} : { cluster }),
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const to = (label: string, wanted: number): Button => ({
    label,
    command: 'get',
    input: { ...same, page: wanted },
    answer: 'in-place',
  });
  return [
    ...(page > 1 ? [to('Previous', page - 1)] : []),
    ...(page < pages ? [to('Next', page + 1)] : []),
  ];
};

/** Lists objects, worst first. */
export const get = defineCommand({
  name: 'get',
  summary: 'List Flux objects: all, or only failing, waiting, suspended or stale ones.',
  kind: 'read',
  args,
  positional: ['filter', 'cluster', 'kind'],
  examples: ['get', 'get failing', 'get suspended all', 'get hr infra --namespace pki'],
  permission: 'get',
  needs: [],
  targets: ({ cluster, namespace }, context) => {
    const clusters = readableClusters(cluster, context);
    if (!clusters.ok) {
      return clusters;
    }
    const looked = clusters.value ?? context.clusters;
    const missing =
      namespace === undefined ? undefined : missingNamespace(namespace, looked, context);
    return missing === undefined
      ? ok(looked.map((one) => ({ cluster: one.name, any: true })))
      : fail(missing);
  },
  plan: {
    schema: Plan,
    make: async (wanted, context) => {
      const clusters = readableClusters(wanted.cluster, context);
      if (!clusters.ok) {
        return clusters;
      }
      const looked = clusters.value ?? context.clusters;
      const found = listObjects(wanted, looked, context).toSorted(
        (left, right) =>
          order[left.health.state] - order[right.health.state] ||
          printRef(left.object.ref).localeCompare(printRef(right.object.ref)),
      );
      const rows = found.map((one) => ({
        cluster: one.cluster,
        object: printRef(one.object.ref),
        words: sayHealth(one.health),
        revision: revisionOf(one.object),
      }));
      const isTerminal = context.actor.kind === 'terminal';
      const pages = paginate(rows, sizeOf, isTerminal ? wholeList : pageLimits);
      const page = Math.min(wanted.page, pages.length);
      return ok({
        what: sayWhat(found.length, wanted, looked),
        total: found.length,
        rows: [...(pages[page - 1] ?? [])],
        from: pages.slice(0, page - 1).flat().length + 1,
        page,
        pages: pages.length,
        filter: wanted.filter,
        ...(wanted.cluster === undefined ? {} : { cluster: wanted.cluster }),
        ...(wanted.kind === undefined ? {} : { kind: wanted.kind }),
        ...(wanted.namespace === undefined ? {} : { namespace: wanted.namespace }),
        clusters: looked.map(({ name }) => name),
        doubts: looked.flatMap((cluster) => {
          const problem = doubtAbout(cluster);
          return problem === undefined ? [] : [{ cluster: cluster.name, problem }];
        }),
      });
    },
  },
  view: (plan): View => {
    const { page, pages, filter, what, from, rows, doubts } = plan;
    const shown = `${from}–${from + rows.length - 1} of ${what}, page ${page} of ${pages}`;
    const buttons = turning(plan);
    const isOfSeveral = plan.clusters.length > 1;
    const line: Line =
      pages === 1
        ? [{ kind: 'bold', text: what }]
        : [
            { kind: 'bold', text: what },
            ` · ${from}–${from + rows.length - 1}, page ${page} of ${pages}`,
          ];
    return {
      summary: pages === 1 ? what : shown,
      parts: [
        {
          kind: 'heading',
          tone: plan.total === 0 || filter !== 'failing' ? 'neutral' : 'failing',
          line,
        },
        ...doubts.flatMap(({ cluster, problem }) => sayDoubt(cluster, problem)),
        ...(rows.length === 0
          ? []
          : [
              {
                kind: 'table' as const,
                columns: ['Object', ...(isOfSeveral ? ['Cluster'] : []), 'State', 'Revision'],
                rows: rows.map((row) => [
                  [row.object],
                  // what is the same in each row stands above them
                  ...(isOfSeveral ? [[row.cluster]] : []),
                  [row.words],
                  [row.revision],
                ]),
              },
            ]),
        ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
      ],
    };
  },
});
