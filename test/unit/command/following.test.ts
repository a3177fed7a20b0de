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
