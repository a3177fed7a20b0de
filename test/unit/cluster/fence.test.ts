import { beforeEach, describe, expect, it } from 'vitest';
import { fenceWarning, insideFence } from '#src/cluster/fence.ts';
import { createMemoryCluster, type MemoryCluster } from '#src/cluster/memory.ts';
import { requestedAt } from '#src/flux/request.ts';
import type { Log } from '#src/log.ts';
import { fail } from '#src/result.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

const ref = { kind: 'Kustomization', namespace: 'data', name: 'api' } as const;
const lock = { uid: 'uid-1' };

describe('a cluster on which the bot acts inside its fence', () => {
  let clock: ReturnType<typeof createVirtualClock>;
  let server: MemoryCluster;
  let probes: number;
  let said: string[];
  let required: boolean;

  beforeEach(() => {
    clock = createVirtualClock();
    server = createMemoryCluster('infra', clock.now);
    server.applyWatchEvent('ADDED', {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: ref.kind,
      metadata: { namespace: ref.namespace, name: ref.name, uid: lock.uid, resourceVersion: '5' },
      spec: { interval: '1m' },
    });
    server.listAll();
    probes = 0;
    said = [];
    required = true;
  });

  const log: Log = {
    debug: () => undefined,
    info: (_, message) => said.push(message),
    warn: (_, message) => said.push(message),
    error: () => undefined,
    child: () => log,
  };
  const fenced = () =>
    insideFence(
      {
        ...server,
        probeFence: (asked) => {
          probes += 1;
          return server.probeFence(asked);
        },
      },
      { clock, log, required: () => required, freshMs: 30_000 },
    );
  const noted = () => server.cached(ref)?.annotations[requestedAt];

  it('has it probed before the first act, and once for a while', async () => {
    const cluster = fenced();

    expect((await cluster.annotate(ref, { [requestedAt]: 't1' }, lock)).ok).toBe(true);
    await clock.advance(29_000);
    expect((await cluster.annotate(ref, { [requestedAt]: 't2' }, lock)).ok).toBe(true);
    expect(probes).toBe(1);
    await clock.advance(2_000);
    await cluster.annotate(ref, { [requestedAt]: 't3' }, lock);

    expect(probes).toBe(2);
    expect(cluster.fence?.()).toEqual({ required: true, stands: true });
  });

  it('does nothing while it does not stand, and acts as soon as it does', async () => {
    const cluster = fenced();
    server.setFence(false);

    const answers = [
      await cluster.annotate(ref, { [requestedAt]: 't1' }, lock),
      await cluster.setSuspended(ref, true, {}, lock),
    ];
    expect(answers).toEqual([fail({ code: 'unfenced' }), fail({ code: 'unfenced' })]);
    expect(noted()).toBeUndefined();
    expect(server.cached(ref)?.suspended).toBe(false);
    server.setFence(true);

    expect((await cluster.annotate(ref, { [requestedAt]: 't1' }, lock)).ok).toBe(true);
    expect(said).toEqual(['the fence does not stand', 'the fence stands']);
  });

  it('finds a fence that was taken away when the last probe is old', async () => {
    const cluster = fenced();
    await cluster.annotate(ref, { [requestedAt]: 't1' }, lock);
    server.setFence(false);
    await clock.advance(30_000);

    expect(await cluster.annotate(ref, { [requestedAt]: 't2' }, lock)).toEqual(
      fail({ code: 'unfenced' }),
    );
    expect(noted()).toBe('t1');
  });

  it('does nothing when the probe has no answer', async () => {
    const cluster = fenced();
    server.cut('away', { code: 'no-reply', detail: 'no answer' });

    expect(await cluster.annotate(ref, { [requestedAt]: 't1' }, lock)).toEqual(
      fail({ code: 'unreachable', detail: 'no answer' }),
    );
    expect(cluster.fence?.().stands).toBeUndefined();
  });

  it('acts without one where an operator knowingly says so, and names it', async () => {
    const cluster = fenced();
    server.setFence(false);
    required = false;

    expect((await cluster.annotate(ref, { [requestedAt]: 't1' }, lock)).ok).toBe(true);
    expect(probes).toBe(0);
    expect(cluster.fence === undefined ? '' : fenceWarning(cluster.fence())).toContain(
      'acts without its admission fence',
    );
  });
});
