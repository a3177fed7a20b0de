import { z } from 'zod';
import type { Cluster, ClusterFailure } from '#src/cluster/cluster.ts';
import { actorName } from '#src/command/actor.ts';
import type { Context } from '#src/command/define.ts';
import { type Target, targetOf } from '#src/command/policy.ts';
import { type Named, resolveObject } from '#src/command/resolve.ts';
import type { Failure } from '#src/failure.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { type FluxRef, printRef } from '#src/flux/ref.ts';
import { takesRequests } from '#src/flux/request.ts';
import { ownTimeoutMs } from '#src/flux/verdict.ts';
import { FluxRefRecord } from '#src/incident/incident.ts';
import { fail, ok, type Result } from '#src/result.ts';

const Requested = z.object({ ref: FluxRefRecord, uid: z.string() });

/** What is asked of one cluster: its sources first, then the object. */
export const ReconcileTarget = z.object({
  cluster: z.string(),
  ref: FluxRefRecord,
  uid: z.string(),
  sources: z.array(Requested),
  /** How long the object's own pass may take, ms. */
  limitMs: z.number(),
  /** The revision that was tried before anything was asked; none where there was none. */
  attempted: z.string().optional(),
  checksHealth: z.boolean(),
});
export type ReconcileTarget = z.infer<typeof ReconcileTarget>;

export const ReconcilePlan = z.object({
  targets: z.array(ReconcileTarget).min(1),
  force: z.boolean(),
  reset: z.boolean(),
});
export type ReconcilePlan = z.infer<typeof ReconcilePlan>;

export interface ReconcileWish {
  readonly object: string;
  readonly cluster?: string | undefined;
  readonly withSource: boolean;
  readonly force: boolean;
  readonly reset: boolean;
}

/** A cluster's failure about one object, as the person who asked is told it. */
export const explainCluster = (
  failure: ClusterFailure,
  cluster: string,
  object: FluxRef,
): Failure => {
  switch (failure.code) {
    case 'not-found':
      return { code: 'not-found', object, cluster };
    case 'changed':
      return { code: 'changed', object, cluster, what: failure.what };
    case 'forbidden':
      return { code: 'forbidden', cluster, right: failure.right };
    case 'not-served':
      return {
        code: 'not-supported',
        what: `${cluster} does not serve ${failure.kind}.`,
        instead: 'Install the Flux controller that brings it.',
      };
    case 'unfenced':
      return { code: 'unfenced', cluster };
    case 'unreachable':
    case 'no-reply':
      return { code: 'cluster-unreachable', cluster, detail: failure.detail };
    default:
      return failure satisfies never;
  }
};

const sourceChain = (cluster: Cluster, object: FluxObject): readonly FluxObject[] => {
  const source = object.source === undefined ? undefined : cluster.cached(object.source);
  if (source === undefined) {
    return [];
  }
  return [...sourceChain(cluster, source), source].filter(takesRequests);
};

const suspendedSource = (cluster: Cluster, sources: readonly FluxObject[]): Failure | undefined => {
  const found = sources.find((source) => source.suspended);
  return found === undefined
    ? undefined
    : {
        code: 'suspended',
        object: found.ref,
        cluster: cluster.name,
        what: 'a suspended source fetches nothing',
      };
};

/** Everything that is asked, sources included: each needs its own permission. */
export const reconciledObjects = (plan: ReconcilePlan): readonly Target[] =>
  plan.targets.flatMap(({ cluster, ref, sources }) =>
    [ref, ...sources.map((source) => source.ref)].map((one) => targetOf(cluster, one)),
  );

/** A source that the person may not ask; checked before anything else is said about it. */
const foreignSource = (
  cluster: Cluster,
  sources: readonly FluxObject[],
  context: Context,
): Failure | undefined => {
  const found = sources.find(({ ref }) => !context.may('reconcile', targetOf(cluster.name, ref)));
  return found === undefined
    ? undefined
    : {
        code: 'not-allowed',
        permission: 'reconcile',
        target: `reconcile on ${printRef(found.ref)} on ${cluster.name}`,
        who: actorName(context.actor),
        instead: 'Ask without --with-source, which leaves the source alone.',
      };
};

/** A pass without a health check takes seconds, whatever time it would be given. */
const longestApplyMs = 300_000;
/** An object with a day's interval has a time-out of a day; nobody follows that, and the lock is needed. */
const longestPassMs = 3_600_000;

const passLimit = (object: FluxObject): number =>
  Math.min(ownTimeoutMs(object), object.checksHealth ? longestPassMs : longestApplyMs);

const planTarget = async (
  wish: ReconcileWish,
  named: Named,
  context: Context,
): Promise<Result<ReconcileTarget, Failure>> => {
  const cluster = context.clusters.find((one) => one.name === named.cluster);
  if (cluster === undefined) {
    return fail({ code: 'unknown-cluster', name: named.cluster, known: [] });
  }
  const live = await cluster.read(named.ref);
  if (!live.ok) {
    return fail(explainCluster(live.failure, cluster.name, named.ref));
  }
  const object = live.value;
  if (!takesRequests(object)) {
    return fail({
      code: 'not-supported',
      what: `Flux answers no request for ${printRef(object.ref)} on ${cluster.name}.`,
      instead: 'Reconcile what uses it.',
    });
  }
  if (object.suspended) {
    return fail({
      code: 'suspended',
      object: object.ref,
      cluster: cluster.name,
      what: 'a request would be marked as handled without anything being done',
    });
  }
  const sources = wish.withSource ? sourceChain(cluster, object) : [];
  const blocked = foreignSource(cluster, sources, context) ?? suspendedSource(cluster, sources);
  if (blocked !== undefined) {
    return fail(blocked);
  }
  if (wish.withSource && sources.length === 0) {
    return fail({
      code: 'not-supported',
      what: `${printRef(object.ref)} on ${cluster.name} has no source that can be asked.`,
      instead: 'Ask without --with-source.',
    });
  }
  return ok({
    cluster: cluster.name,
    ref: object.ref,
    uid: object.uid,
    sources: sources.map(({ ref, uid }) => ({ ref, uid })),
    limitMs: passLimit(object),
    ...(object.lastAttemptedRevision === undefined
      ? {}
      : { attempted: object.lastAttemptedRevision }),
    checksHealth: object.checksHealth,
  });
};

const helmOnly = (wish: ReconcileWish, named: readonly Named[]): Failure | undefined => {
  const flag = wish.force ? '--force' : '--reset';
  const other = named.find(({ ref }) => ref.kind !== 'HelmRelease');
  return (wish.force || wish.reset) && other !== undefined
    ? {
        code: 'not-supported',
        what: `${flag} exists for a HelmRelease only; ${printRef(other.ref)} is a ${other.ref.kind}.`,
        instead:
          other.ref.kind === 'Kustomization'
            ? 'A Kustomization is applied anew by every reconcile; to recreate immutable objects set spec.force in Git.'
            : 'A source is fetched anew by every reconcile.',
      }
    : undefined;
};

/** Plans a reconcile: resolves names, reads the live objects, refuses what Flux would silently ignore. */
export const planReconcile = async (
  wish: ReconcileWish,
  context: Context,
): Promise<Result<ReconcilePlan, Failure>> => {
  const named = resolveObject(wish.object, wish.cluster, 'reconcile', context);
  if (!named.ok) {
    return named;
  }
  const refused = helmOnly(wish, named.value);
  if (refused !== undefined) {
    return fail(refused);
  }
  const targets: ReconcileTarget[] = [];
  for (const one of named.value) {
    const target = await planTarget(wish, one, context);
    if (!target.ok) {
      return target;
    }
    targets.push(target.value);
  }
  return ok({ targets, force: wish.force, reset: wish.reset });
};
