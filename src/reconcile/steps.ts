import { z } from 'zod';
import type { Cluster, ClusterFailure } from '#src/cluster/cluster.ts';
import type {
  CommandStep,
  HeldObject,
  StepContext,
  StepOutcome,
  StepRecord,
} from '#src/command/define.ts';
import { clusterPatienceMs } from '#src/command/take-step.ts';
import type { FluxObject } from '#src/flux/object.ts';
import { type FluxRef, printRef } from '#src/flux/ref.ts';
import {
  forceAt,
  outcomeOf,
  ownRequest,
  type RequestOutcome,
  requestedAt,
  resetAt,
  wasRequested,
  withRequest,
} from '#src/flux/request.ts';
import { sameRevision, shortRevision } from '#src/flux/revision.ts';
import { sayReason } from '#src/incident/wording.ts';
import { explainCluster, type ReconcilePlan, type ReconcileTarget } from '#src/reconcile/plan.ts';
import { fail, ok } from '#src/result.ts';
import { redact } from '#src/text/redact.ts';

const Found = z.object({ revision: z.string().optional() });

const pollMs = 500;
const sourceLimitMs = 90_000;
const slackMs = 30_000;
/** How long a pass may wait for health before we look for who holds it back; ms. */
const curiousAfterMs = 3_000;

const stepName = (verb: string, cluster: string, ref: FluxRef): string =>
  `${verb} ${printRef(ref)} ${cluster}`;

const clusterOf = (context: StepContext, name: string): Cluster => {
  const cluster = context.clusters.find((one) => one.name === name);
  if (cluster === undefined) {
    throw new Error(`cluster ${name} is not configured any more`);
  }
  return cluster;
};

interface Request {
  /** A source is held for its own steps only: many objects share one. */
  readonly holds?: readonly HeldObject[];
  readonly cluster: string;
  readonly ref: FluxRef;
  readonly uid: string;
  readonly flags: readonly string[];
}

const ask = ({ cluster, ref, uid, flags, holds = [] }: Request): CommandStep => ({
  name: stepName('ask', cluster, ref),
  title: `Ask ${printRef(ref)}`,
  holds,
  done: async (context) => {
    const live = await clusterOf(context, cluster).read(ref);
    return live.ok
      ? ok(wasRequested(live.value, context.token))
      : fail(explainCluster(live.failure, cluster, ref));
  },
  act: async (context) => {
    const { token } = context;
    const where = clusterOf(context, cluster);
    const waitedMs = context.now - startedAt(context, stepName('ask', cluster, ref));
    const before = await where.read(ref);
    if (!before.ok) {
      return notAsked(before.failure, { cluster, ref }, waitedMs);
    }
    // whoever took over from us may have asked by now: then the lock on our annotation refuses this patch,
    // also where it reaches the API server only after we were paused
    if (wasRequested(before.value, token) || !(await context.stillMine())) {
      return { kind: 'wait', afterMs: 0 };
    }
    const annotations = {
      ...Object.fromEntries([requestedAt, ...flags].map((key) => [key, token])),
      [ownRequest]: withRequest(before.value, token),
    };
    const patched = await where.annotate(ref, annotations, {
      uid,
      suspended: false,
      annotation: { key: ownRequest, value: before.value.annotations[ownRequest] },
    });
    if (patched.ok) {
      return { kind: 'done' };
    }
    const after = patched.failure.code === 'changed' ? await where.read(ref) : before;
    const another =
      after.ok && after.value.annotations[ownRequest] !== before.value.annotations[ownRequest];
    // a request of ours came between, perhaps this very one
    return another
      ? { kind: 'wait', afterMs: 0 }
      : notAsked(patched.failure, { cluster, ref }, waitedMs);
  },
});

const fluxSays = (what: string, next: string): StepOutcome => ({
  kind: 'failed',
  failure: { code: 'flux', what, next },
});

const notAsked = (
  failure: ClusterFailure,
  { cluster, ref }: Pick<Request, 'cluster' | 'ref'>,
  waitedMs: number,
): StepOutcome => {
  const silent = failure.code === 'no-reply' || failure.code === 'unreachable';
  if (silent && waitedMs < clusterPatienceMs) {
    // asked again: `done` looks whether it got through
    const detail = [`${cluster} does not answer: ${failure.detail}`];
    return { kind: 'wait', afterMs: 2_000, detail };
  }
  return failure.code === 'no-reply'
    ? fluxSays(
        `${cluster} does not say whether it took the request: ${failure.detail}.`,
        'It may still arrive. See how it stands with status.',
      )
    : { kind: 'failed', failure: explainCluster(failure, cluster, ref) };
};

const failingChild = async (cluster: Cluster, object: FluxObject): Promise<string | undefined> => {
  const workloads = await cluster.workloads(object.inventory);
  const sick = workloads.ok ? workloads.value.find((workload) => !workload.healthy) : undefined;
  return sick === undefined ? undefined : `${sick.name}: ${redact(sick.detail)}`;
};

const whileRunning = async (
  cluster: Cluster,
  object: FluxObject,
  doing: string,
  waitedMs: number,
): Promise<StepOutcome> => {
  const child =
    doing === 'waiting for health' && waitedMs > curiousAfterMs
      ? await failingChild(cluster, object)
      : undefined;
  return { kind: 'wait', afterMs: pollMs, detail: [child ?? redact(doing)] };
};

const startedAt = (context: StepContext, name: string): number =>
  context.records.find((record) => record.name === name)?.startedAt ?? context.now;

const wantedRevision = (records: readonly StepRecord[], source: string | undefined) => {
  const record = records.find((one) => one.name === source);
  return record?.data === undefined ? undefined : Found.parse(record.data).revision;
};

interface Following {
  readonly cluster: string;
  readonly ref: FluxRef;
  readonly limitMs: number;
  readonly holds?: readonly HeldObject[];
  /** Name of the step that brought the wanted revision. */
  readonly after?: string | undefined;
  /** What was tried before we asked; a failure with it may be as old as that. */
  readonly attempted?: string | undefined;
}

// following has no effect, so there is nothing that could have been done before
const neverDone: CommandStep['done'] = async () => ok(false);

const ended = (
  outcome: Exclude<RequestOutcome, { state: 'running' }>,
  { cluster, ref }: Following,
): StepOutcome => {
  switch (outcome.state) {
    case 'succeeded': {
      const { revision } = outcome;
      return revision === undefined
        ? { kind: 'done' }
        : {
            kind: 'done',
            detail: [{ kind: 'code', text: shortRevision(revision) }],
            data: { revision },
          };
    }
    case 'failed':
      return fluxSays(
        sayReason(redact(outcome.message)),
        outcome.final ? 'Flux will not try again by itself.' : 'Flux will try again by itself.',
      );
    case 'waiting':
      return fluxSays(redact(outcome.message), 'It goes on as soon as what it waits for is ready.');
    case 'overtaken':
      return fluxSays(
        `Another request for ${printRef(ref)} on ${cluster} came after this one, so its result says nothing about ours.`,
        'See how it stands with status.',
      );
    case 'suspended':
      return {
        kind: 'failed',
        failure: { code: 'suspended', object: ref, cluster, what: 'it was suspended meanwhile' },
      };
    default:
      return outcome satisfies never;
  }
};

const follow = (following: Following): CommandStep => {
  const { cluster, ref, limitMs, after, attempted, holds = [] } = following;
  const name = stepName('follow', cluster, ref);
  const what = `${printRef(ref)} on ${cluster}`;
  return {
    name,
    title: `Follow ${printRef(ref)}`,
    onlyLooks: true,
    holds,
    done: neverDone,
    act: async (context): Promise<StepOutcome> => {
      const where = clusterOf(context, cluster);
      const waitedMs = context.now - startedAt(context, name);
      const late = waitedMs > limitMs + slackMs;
      const live = await where.read(ref);
      if (!live.ok) {
        return live.failure.code === 'unreachable' && !late
          ? { kind: 'wait', afterMs: 2_000, detail: [`${cluster} does not answer`] }
          : { kind: 'failed', failure: explainCluster(live.failure, cluster, ref) };
      }
      const wanted = wantedRevision(context.records, after);
      const isNew = !sameRevision(wanted, attempted);
      const outcome = outcomeOf(live.value, context.token, isNew ? wanted : undefined);
      if (outcome.state !== 'running') {
        return ended(outcome, following);
      }
      return late
        ? { kind: 'failed', failure: { code: 'timed-out', what, afterMs: waitedMs } }
        : whileRunning(where, live.value, outcome.doing, waitedMs);
    },
  };
};

const targetSteps = (target: ReconcileTarget, flags: readonly string[]): readonly CommandStep[] => {
  const { cluster, ref, uid, sources, limitMs, attempted } = target;
  const last = sources.at(-1);
  return [
    ...sources.flatMap((source) => {
      const holds = [{ cluster, object: printRef(source.ref) }];
      return [
        ask({ cluster, ref: source.ref, uid: source.uid, flags: [], holds }),
        follow({ cluster, ref: source.ref, limitMs: sourceLimitMs, holds }),
      ];
    }),
    ask({ cluster, ref, uid, flags }),
    follow({
      cluster,
      ref,
      limitMs,
      attempted,
      after: last === undefined ? undefined : stepName('follow', cluster, last.ref),
    }),
  ];
};

/** The steps of a reconcile, cluster by cluster: a failure on one stops before the next. */
export const reconcileSteps = (plan: ReconcilePlan): readonly CommandStep[] => {
  const flags = [...(plan.force ? [forceAt] : []), ...(plan.reset ? [resetAt] : [])];
  return plan.targets.flatMap((target) => targetSteps(target, flags));
};
