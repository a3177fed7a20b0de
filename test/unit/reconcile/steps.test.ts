import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterFailure, ObjectLock } from '#src/cluster/cluster.ts';
import type { CommandStep, StepContext, StepRecord } from '#src/command/define.ts';
import type { FluxObject } from '#src/flux/object.ts';
import type { FluxRef } from '#src/flux/ref.ts';
import { forceAt, ownRequest, requestedAt, resetAt } from '#src/flux/request.ts';
import type { ReconcilePlan } from '#src/reconcile/plan.ts';
import { reconcileSteps } from '#src/reconcile/steps.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';
import { fluxObject } from '#test/fakes/flux-objects.ts';

const ref = { kind: 'HelmRelease', namespace: 'data', name: 'api' } as const;
const source: FluxRef = { kind: 'GitRepository', namespace: 'flux-system', name: 'platform' };
const token = 'ours';
const start = 1_795_000_000_000;

const planOf = (change: Partial<ReconcilePlan> = {}, sources: boolean = false): ReconcilePlan => ({
  targets: [
    {
      cluster: 'apps',
      ref,
      uid: 'uid-1',
      sources: sources ? [{ ref: source, uid: 'uid-2' }] : [],
      limitMs: 60_000,
      checksHealth: true,
    },
  ],
  force: false,
  reset: false,
  ...change,
});

type Read = Result<FluxObject, ClusterFailure>;

interface Stage {
  readonly read?: readonly Read[];
  readonly annotate?: Read;
  readonly mine?: boolean;
  readonly records?: readonly StepRecord[];
  readonly now?: number;
}

/** Takes one step on a cluster that answers as it is told, and gives what was asked of the cluster. */
const act = async (step: CommandStep | undefined, stage: Stage = {}) => {
  const answers = [...(stage.read ?? [ok(fluxObject('healthy', { ref }))])];
  const patches: (readonly [Readonly<Record<string, string | null>>, ObjectLock])[] = [];
  const bench = createCommandBench();
  const cluster: Cluster = {
    ...bench.cluster,
    read: async () => (answers.length > 1 ? answers.shift() : answers[0]) as Read,
    annotate: async (_, annotations, lock) => {
      patches.push([annotations, lock]);
      return stage.annotate ?? ok(fluxObject('healthy', { ref }));
    },
  };
  const context = {
    clusters: [cluster],
    token,
    records: stage.records ?? [],
    startedAt: start,
    now: stage.now ?? start,
    stillMine: async () => stage.mine ?? true,
  } as unknown as StepContext;
  return { outcome: await step?.act(context), done: await step?.done(context), patches };
};

const asking = (change: Partial<ReconcilePlan> = {}) => reconcileSteps(planOf(change))[0];
const following = () => reconcileSteps(planOf())[1];
const fails = (code: 'unreachable' | 'no-reply'): Read => fail({ code, detail: 'no route' });
const begun = (name: string): StepRecord => ({ name, state: 'running', startedAt: start });
const asked = { annotations: { [requestedAt]: token } };
const handled = { ...asked, lastHandledReconcileAt: token };

describe('the steps of a reconcile', () => {
  it('ask and follow the sources first, each held for its own steps only', () => {
    const steps = reconcileSteps(planOf({}, true));
    const held = [{ cluster: 'apps', object: 'gitrepo/flux-system/platform' }];

    expect(steps.map(({ name, holds }) => [name, holds])).toEqual([
      ['ask gitrepo/flux-system/platform apps', held],
      ['follow gitrepo/flux-system/platform apps', held],
      ['ask hr/data/api apps', []],
      ['follow hr/data/api apps', []],
    ]);
    expect(steps.map(({ onlyLooks }) => onlyLooks === true)).toEqual([false, true, false, true]);
  });
});

describe('asking', () => {
  it('sets our token and says that it is ours, on the very object as it was planned', async () => {
    const before = fluxObject('healthy', { ref, annotations: { [ownRequest]: 'older' } });
    const { outcome, patches } = await act(asking(), { read: [ok(before)] });

    expect(outcome).toEqual({ kind: 'done' });
    expect(patches).toEqual([
      [
        { [requestedAt]: token, [ownRequest]: `older ${token}` },
        { uid: 'uid-1', suspended: false, annotation: { key: ownRequest, value: 'older' } },
      ],
    ]);
  });

  it('forces and resets a release, and its source never', async () => {
    const [annotations] = (await act(asking({ force: true, reset: true }))).patches[0] ?? [];
    expect(annotations).toMatchObject({ [forceAt]: token, [resetAt]: token });

    const [first] = reconcileSteps(planOf({ force: true, reset: true }, true));
    const [ofSource] = (await act(first)).patches[0] ?? [];
    expect(Object.keys(ofSource ?? {})).toEqual([requestedAt, ownRequest]);
  });

  it('asks nothing where it was asked by now, or somebody else has the command', async () => {
    const already = fluxObject('healthy', { ref, annotations: { [ownRequest]: token } });
    for (const stage of [{ read: [ok(already)] }, { mine: false }]) {
      const { outcome, patches } = await act(asking(), stage);
      expect(outcome).toEqual({ kind: 'wait', afterMs: 0 });
      expect(patches).toEqual([]);
    }
  });

  it('looks again where another request of ours came between', async () => {
    const now = fluxObject('healthy', { ref, annotations: { [ownRequest]: 'another' } });
    const annotate: Read = fail({ code: 'changed', what: 'its annotation was changed' });
    const changed = { annotate };
    const before = ok(fluxObject('healthy', { ref }));

    expect((await act(asking(), { ...changed, read: [before, ok(now)] })).outcome).toEqual({
      kind: 'wait',
      afterMs: 0,
    });
    expect((await act(asking(), { ...changed, read: [before] })).outcome).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'changed',
        object: ref,
        cluster: 'apps',
        what: 'its annotation was changed',
      },
    });
  });

  it.each(['unreachable', 'no-reply'] as const)(
    'is patient with a cluster that is %s',
    async (code) => {
      const stage = { annotate: fails(code), records: [begun('ask hr/data/api apps')] };

      expect((await act(asking(), { ...stage, now: start + 299_999 })).outcome).toEqual({
        kind: 'wait',
        afterMs: 2_000,
        detail: ['apps does not answer: no route'],
      });
      expect((await act(asking(), { ...stage, now: start + 300_000 })).outcome).toMatchObject({
        kind: 'failed',
      });
    },
  );

  it('does not claim that nothing was done where a patch was never answered', async () => {
    const stage = { annotate: fails('no-reply'), records: [begun('ask hr/data/api apps')] };
    const { outcome } = await act(asking(), { ...stage, now: start + 300_000 });

    expect(outcome).toMatchObject({
      failure: {
        code: 'flux',
        what: 'apps does not say whether it took the request: no route.',
        next: 'It may still arrive. See how it stands with status.',
      },
    });
  });
});

describe('following', () => {
  const follow = (object: Partial<FluxObject>, stage: Stage = {}) =>
    act(following(), { read: [ok(fluxObject('healthy', { ref, ...object }))], ...stage });
  const records = [begun('follow hr/data/api apps')];

  it('is never done before, and ends with the revision of its own result', async () => {
    const { outcome, done } = await follow({
      ...handled,
      lastAppliedRevision: 'main@sha1:0123456789',
    });

    expect(done).toEqual(ok(false));
    expect(outcome).toEqual({
      kind: 'done',
      detail: [{ kind: 'code', text: '0123456' }],
      data: { revision: 'main@sha1:0123456789' },
    });
    expect((await follow(handled)).outcome).toEqual({ kind: 'done' });
  });

  it('goes on looking while there is no result', async () => {
    expect((await follow(asked)).outcome).toEqual({
      kind: 'wait',
      afterMs: 500,
      detail: ['waiting for its turn'],
    });
  });

  it('says so when it was suspended meanwhile', async () => {
    expect((await follow({ ...handled, suspended: true })).outcome).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'suspended',
        object: ref,
        cluster: 'apps',
        what: 'it was suspended meanwhile',
      },
    });
  });

  it('gives up half a minute after the time-out of the object', async () => {
    const late = { records, now: start + 90_001 };

    expect((await follow(asked, { records, now: start + 90_000 })).outcome).toMatchObject({
      kind: 'wait',
    });
    expect((await follow(asked, late)).outcome).toEqual({
      kind: 'failed',
      failure: { code: 'timed-out', what: 'hr/data/api on apps', afterMs: 90_001 },
    });
  });

  it('is patient with a cluster that does not answer, as long', async () => {
    const away = { read: [fails('unreachable')], records };

    expect((await act(following(), { ...away, now: start + 90_000 })).outcome).toEqual({
      kind: 'wait',
      afterMs: 2_000,
      detail: ['apps does not answer'],
    });
    expect((await act(following(), { ...away, now: start + 90_001 })).outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'cluster-unreachable', cluster: 'apps' },
    });
    expect((await act(following(), { read: [fail({ code: 'not-found' })] })).outcome).toMatchObject(
      { kind: 'failed', failure: { code: 'not-found', object: ref } },
    );
  });
});
