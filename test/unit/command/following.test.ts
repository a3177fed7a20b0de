import { describe, expect, it } from 'vitest';
import type { ClusterFailure } from '#src/cluster/cluster.ts';
import { requestedAt } from '#src/flux/request.ts';
import { fail } from '#src/result.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';

const ask = 'reconcile ks/data/api apps';

const condition = (type: string, status: string, reason: string, message = '') => ({
  type,
  status,
  reason,
  message,
  observedGeneration: 1,
  lastTransitionTime: '2026-11-24T10:00:00Z',
});

interface Pass {
  readonly conditions: readonly object[];
  readonly handled?: boolean;
}

/** A command that was asked, with its object then as its controller leaves it. */
const follow = async ({ conditions, handled = false }: Pass, afterMs = 4_000) => {
  const bench = createCommandBench();
  await bench.dispatcher()(ask);
  const runner = bench.runner('one');
  await runner.advance('CMD-1');
  const annotations = bench.cluster.cached(bench.api)?.annotations ?? {};
  const { namespace, name } = bench.api;
  bench.tell('ADDED', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, resourceVersion: '900', generation: 1 },
    spec: { replicas: 1, selector: { matchLabels: { app: name } } },
    status: { observedGeneration: 1, replicas: 1, readyReplicas: 0, unavailableReplicas: 1 },
  });
  bench.tell('ADDED', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'api-1', labels: { app: name }, resourceVersion: '901' },
    status: {
      phase: 'Pending',
      containerStatuses: [
        {
          name: 'api',
          ready: false,
          state: { waiting: { reason: 'ImagePullBackOff', message: 'tag not found' } },
        },
      ],
    },
  });
  bench.tell('MODIFIED', {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: {
      namespace,
      name,
      uid: 'uid-of-api',
      generation: 1,
      annotations,
      resourceVersion: '902',
    },
    spec: { interval: '1m', timeout: '5m', wait: true },
    status: {
      observedGeneration: 1,
      conditions,
      inventory: { entries: [{ id: `${namespace}_${name}_apps_Deployment`, v: 'v1' }] },
      ...(handled ? { lastHandledReconcileAt: annotations[requestedAt] } : {}),
    },
  });
  await bench.clock.advance(afterMs);
  await runner.advance('CMD-1');
  return bench.journal('CMD-1');
};

describe('a reconcile that is followed', () => {
  it('names the child that fails while the health check still runs', async () => {
    const journal = await follow({
      conditions: [
        condition('Ready', 'Unknown', 'Progressing', 'Running health checks'),
        condition('Healthy', 'Unknown', 'Progressing', 'Running health checks'),
        condition('Reconciling', 'True', 'Progressing'),
      ],
    });

    expect(journal.status).toBe('running');
    expect(journal.steps[1]?.state).toBe('running');
    expect(JSON.stringify(journal.steps[1]?.detail)).toMatch(/Deployment.*api.*ImagePullBackOff/);
  });

  it('is reported as failed with the attempt, though Flux goes on trying', async () => {
    const journal = await follow(
      {
        handled: true,
        conditions: [
          condition('Ready', 'False', 'BuildFailed', 'kustomize build failed'),
          condition('Reconciling', 'True', 'ProgressingWithRetry'),
        ],
      },
      500,
    );

    expect(journal).toMatchObject({
      status: 'failed',
      failure: expect.stringContaining('kustomize build failed'),
      advice: 'Flux will try again by itself.',
    });
  });

  it('says that Flux gave up, where it did', async () => {
    const journal = await follow(
      {
        handled: true,
        conditions: [
          condition('Ready', 'False', 'InvalidPath', 'no such path'),
          condition('Stalled', 'True', 'InvalidPath', 'no such path'),
        ],
      },
      500,
    );

    expect(journal).toMatchObject({
      status: 'failed',
      advice: 'Flux will not try again by itself.',
    });
  });

  it('says what holds it back', async () => {
    const journal = await follow(
      {
        handled: true,
        conditions: [
          condition('Ready', 'False', 'DependencyNotReady', "dependency 'data/db' is not ready"),
        ],
      },
      500,
    );

    expect(journal.failure).toContain("dependency 'data/db' is not ready");
    expect(journal.advice).toContain('as soon as what it waits for is ready');
  });

  it('comes to an end when Flux does not', async () => {
    const progressing = [condition('Ready', 'Unknown', 'Progressing', 'still at it')];

    const journal = await follow({ conditions: progressing }, 6 * 60_000);

    expect(journal).toMatchObject({ status: 'failed' });
    expect(journal.failure).toContain('did not end within');
  });
});

describe('the time that a reconcile is followed for', () => {
  /** How long (min) until it is given up, with a controller that never comes to an end. */
  const minutesOf = async (spec: object): Promise<number> => {
    const bench = createCommandBench();
    bench.tell('MODIFIED', {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: {
        ...{ namespace: bench.api.namespace, name: bench.api.name, uid: 'uid-of-api' },
        ...{ generation: 1, resourceVersion: '900' },
      },
      spec,
      status: { observedGeneration: 1, conditions: [condition('Ready', 'True', 'Succeeded')] },
    });
    await bench.dispatcher()(ask);
    const runner = bench.runner('one');
    for (let minutes = 0; ; minutes += 0.5) {
      await runner.advance('CMD-1');
      if ((await bench.journal('CMD-1')).status === 'failed') {
        return minutes;
      }
      await bench.clock.advance(30_000);
    }
  };

  it.each([
    ['its own time-out', { interval: '1h', timeout: '3m', wait: true }, 3],
    ['as its controller has it without one', { interval: '10m', wait: true }, 9.5],
    ['minutes where no health is checked', { interval: '1h' }, 5],
    ['an hour at most', { interval: '24h', wait: true }, 60],
  ])('is %s, and some slack', async (_, spec, minutes) => {
    const followed = await minutesOf(spec);

    expect(followed).toBeGreaterThan(minutes);
    expect(followed).toBeLessThanOrEqual(minutes + 1.5);
  });
});

describe('a reconcile with its source', () => {
  const revision = 'main@sha1:0123456789abcdef0123456789abcdef01234567';
  const newer = 'main@sha1:fedcba9876543210fedcba9876543210fedcba98';

  /** The object failing at a revision before it is asked, and its source then at another or the same. */
  const ended = async (fetched: string, attempted: string) => {
    const bench = createCommandBench();
    let version = 900;
    const tell = (at: string, handled?: string) => {
      version = Math.max(version, Number(bench.cluster.cached(bench.api)?.resourceVersion)) + 1;
      const annotations = bench.cluster.cached(bench.api)?.annotations ?? {};
      bench.tell('MODIFIED', {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: {
          ...{ namespace: bench.api.namespace, name: bench.api.name, uid: 'uid-of-api' },
          ...{ generation: 1, annotations, resourceVersion: String(version) },
        },
        spec: { interval: '1m', timeout: '20s', sourceRef: bench.source },
        status: {
          observedGeneration: 1,
          lastAttemptedRevision: at,
          conditions: [
            condition('Ready', 'False', 'ReconciliationFailed', `failed at ${at}`),
            condition('Reconciling', 'True', 'ProgressingWithRetry'),
          ],
          ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
        },
      });
    };
    tell(revision);
    await bench.dispatcher()(`${ask} --with-source`);
    const runner = bench.runner('one');
    await runner.advance('CMD-1');
    const token = bench.cluster.cached(bench.source)?.annotations[requestedAt];
    const { namespace, name } = bench.source;
    bench.tell('MODIFIED', {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: {
        ...{ namespace, name, uid: 'uid-of-platform', generation: 1, resourceVersion: '990' },
        annotations: bench.cluster.cached(bench.source)?.annotations ?? {},
      },
      spec: { interval: '1m' },
      status: {
        observedGeneration: 1,
        artifact: { revision: fetched },
        conditions: [condition('Ready', 'True', 'Succeeded')],
        lastHandledReconcileAt: token,
      },
    });
    tell(attempted);
    for (let turn = 0; turn < 3; turn += 1) {
      await bench.clock.advance(500);
      await runner.advance('CMD-1');
    }
    return { status: (await bench.journal('CMD-1')).status, tell, bench, runner };
  };

  it('takes the failure of what its source brought as the answer, before the token is there', async () => {
    expect((await ended(newer, newer)).status).toBe('failed');
  });

  it('does not take a failure from before it was asked for the answer', async () => {
    const { status, tell, bench, runner } = await ended(revision, revision);
    expect(status).toBe('running');

    tell(revision, bench.cluster.cached(bench.api)?.annotations[requestedAt]);
    await bench.clock.advance(500);
    await runner.advance('CMD-1');
    expect((await bench.journal('CMD-1')).status).toBe('failed');
  });
});

describe('a request that the API server does not take', () => {
  const patient = async (failure: ClusterFailure, forMs: number) => {
    const bench = createCommandBench();
    await bench.dispatcher()(ask);
    const runner = bench.runner('one', { ...bench.cluster, annotate: async () => fail(failure) });
    await runner.advance('CMD-1');
    await bench.clock.advance(forMs);
    await runner.advance('CMD-1');
    return bench.journal('CMD-1');
  };

  it('is made again for minutes', async () => {
    const failure = { code: 'unreachable', detail: 'HTTP 500' } as const;

    expect(await patient(failure, 4 * 60_000)).toMatchObject({ status: 'running' });
  });

  it('is given up in the end, so that nobody waits for the object for ever', async () => {
    const failure = { code: 'unreachable', detail: 'HTTP 500' } as const;

    expect(await patient(failure, 6 * 60_000)).toMatchObject({
      status: 'failed',
      failure: 'apps does not answer: HTTP 500.',
      advice: 'Nothing was changed there. Ask again when it is back.',
    });
  });

  it('does not claim that nothing was done where the answer was lost', async () => {
    const failure = { code: 'no-reply', detail: 'no answer within 10 s' } as const;

    expect(await patient(failure, 6 * 60_000)).toMatchObject({
      status: 'failed',
      failure: 'apps does not say whether it took the request: no answer within 10 s.',
      advice: 'It may still arrive. See how it stands with status.',
    });
  });
});
