import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { openRecords, type Records } from '#test/spine/records.ts';
import { channels, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const patiently = { timeout: 40_000, interval: 100 };
/** Longer than a worker's lease of a journal (15 s). */
const beyondTheLeaseMs = 16_000;

const points = ['following', 'patching', 'reading'] as const;
type Point = (typeof points)[number];

const kustomization = (namespace: string) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { namespace, name: 'app', uid: `uid-of-${namespace}`, generation: 1 },
  spec: {
    interval: '10m',
    path: './app',
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
  },
  status: {
    observedGeneration: 1,
    lastAppliedRevision: 'main@sha1:0123456789012345678901234567890123456789',
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'ReconciliationSucceeded',
        message: 'Applied revision: main@sha1:0123456789012345678901234567890123456789',
        lastTransitionTime: '2026-11-24T10:00:00Z',
      },
    ],
  },
});

describe.runIf(able)('two workers on one Redis', () => {
  let spine: Spine;
  let front: BotProcess;
  let second: BotProcess;
  let records: Records;
  let asked = 0;
  /** Requests that stood on each object at any time. */
  const seen = new Map<string, Set<string>>();
  let looking: NodeJS.Timeout;

  beforeAll(async () => {
    spine = await startSpine({ redis: { appendFsync: 'always' } });
    for (const way of ['killed', 'paused']) {
      for (const point of points) {
        spine.clusters.infra.objects.put(kustomization(`${way}-${point}`));
      }
    }
    looking = setInterval(() => {
      for (const object of spine.clusters.infra.objects.list(
        'kustomize.toolkit.fluxcd.io/v1',
        'Kustomization',
      )) {
        const { namespace = '', annotations } = object.metadata;
        const token = annotations?.['reconcile.fluxcd.io/requestedAt'];
        seen.set(namespace, new Set([...(seen.get(namespace) ?? []), ...(token ? [token] : [])]));
      }
    }, 50);
    records = openRecords(spine.redis.url);
    [front, second] = await Promise.all([spine.startBot('front'), spine.startBot('worker')]);
  });
  afterAll(async () => {
    clearInterval(looking);
    await Promise.all([front.stop(), second.stop()]);
    await records.close();
    await spine.close();
  });

  const ask = async (namespace: string): Promise<number> => {
    await spine.slack.command({
      channel: channels.infra,
      user: 'U0ROBIN',
      command: '/flux',
      text: `reconcile ks/${namespace}/app`,
    });
    asked += 1;
    return asked;
  };

  const stepState = async (journal: number, at: number) =>
    (await records.journal(journal))?.steps[at]?.state;
  const patches = (namespace: string) =>
    spine.clusters.infra
      .requests()
      .filter((one) => one.verb === 'patch' && one.namespace === namespace);

  /** Brings one journal to each point on a worker that stands there until the fault is over. */
  const bringToEachPoint = async (way: string): Promise<Record<Point, number>> => {
    const { faults } = spine.clusters.infra;
    const following = await ask(`${way}-following`);
    await vi.waitUntil(async () => (await stepState(following, 1)) === 'running', patiently);

    faults.set({ slow: { verb: 'patch', namespace: `${way}-patching`, ms: 6_000 } });
    const patching = await ask(`${way}-patching`);
    await vi.waitUntil(() => patches(`${way}-patching`).length === 1, patiently);

    faults.set({ slow: { verb: 'get', namespace: `${way}-reading`, ms: 3_000 } });
    const reading = await ask(`${way}-reading`);
    await vi.waitUntil(async () => (await stepState(reading, 0)) === 'running', patiently);
    faults.clear();
    return { following, patching, reading };
  };

  const expectOneEffectOf = async (number: number, namespace: string): Promise<void> => {
    const journal = await vi.waitUntil(async () => {
      const now = await records.journal(number);
      return now?.status === 'running' ? undefined : now;
    }, patiently);
    expect(journal).toMatchObject({ status: 'succeeded' });
    // a request that died with its worker may not have been carried out, and is then made again
    const most = namespace.endsWith('patching') ? 2 : 1;
    expect(patches(namespace).length, namespace).toBeLessThanOrEqual(most);
    expect([...(seen.get(namespace) ?? [])], namespace).toEqual([journal?.token]);
    const trail = await records.audit(journal?.invocation ?? '');
    expect(trail.map((entry) => entry.fact.kind)).toEqual(['decided', 'settled']);
    for (const lock of journal?.locks ?? []) {
      expect(await records.lock(lock)).toBeUndefined();
    }
    await vi.waitFor(async () => {
      const cards = (await spine.slack.messages(channels.infra)).filter((one) =>
        one.text.includes(`ks/${namespace}/app`),
      );
      expect(cards.map(({ text }) => text)).toEqual([expect.stringMatching(/Reconciled ks/)]);
    }, patiently);
  };

  const expectOneEffectEach = async (way: string, journals: Record<Point, number>) => {
    for (const point of points) {
      await expectOneEffectOf(journals[point], `${way}-${point}`);
    }
    expect(await records.due()).toEqual([]);
  };

  it('goes on where a killed worker stood, with one effect each', { timeout: 90_000 }, async () => {
    second.freeze();
    const first = await spine.startBot('worker');
    const journals = await bringToEachPoint('killed');

    await first.kill();
    second.thaw();
    const controller = startStandInController(spine.clusters.infra);

    await expectOneEffectEach('killed', journals);
    controller.stop();
  });

  it('goes on where a paused worker stood, which then does nothing a second time', {
    timeout: 110_000,
  }, async () => {
    second.freeze();
    const first = await spine.startBot('worker');
    const journals = await bringToEachPoint('paused');

    first.freeze();
    second.thaw();
    const controller = startStandInController(spine.clusters.infra);
    await wait(beyondTheLeaseMs);
    await expectOneEffectEach('paused', journals);
    first.thaw();
    await wait(2_000);

    await expectOneEffectEach('paused', journals);
    controller.stop();
    expect(await first.stop()).toBe(0);
  });
});
