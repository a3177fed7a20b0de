import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Journal } from '#src/command/journal.ts';
import { ownRequest, requestedAt } from '#src/flux/request.ts';
import { startStandInController } from '#test/demo/controller.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { openRecords, type Records } from '#test/spine/records.ts';
import { channels, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const patiently = { timeout: 60_000, interval: 100 };
/** Longer than a worker's lease of a journal (15 s). */
const beyondTheLeaseMs = 16_000;
/** How long a worker stands before or in its patch: shorter than the deadline of a request (10 s). */
const standsMs = 9_000;

const revision = 'main@sha1:0123456789012345678901234567890123456789';

const readyStatus = {
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Succeeded',
      message: `Applied revision: ${revision}`,
      lastTransitionTime: '2026-11-24T10:00:00Z',
    },
  ],
};
const fetched = { artifact: { revision, digest: 'sha256:0', url: 'http://source/x.tar.gz' } };

/** What a command asks one after the other, and what it is called by a person. */
const chains = {
  'GitRepository → Kustomization': {
    word: 'ks',
    links: [
      ['source.toolkit.fluxcd.io/v1', 'GitRepository', 'gitrepositories'],
      ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'kustomizations'],
    ],
  },
  'HelmRepository → HelmChart → HelmRelease': {
    word: 'hr',
    links: [
      ['source.toolkit.fluxcd.io/v1', 'HelmRepository', 'helmrepositories'],
      ['source.toolkit.fluxcd.io/v1', 'HelmChart', 'helmcharts'],
      ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'helmreleases'],
    ],
  },
} as const;
type ChainName = keyof typeof chains;
const chainNames = Object.keys(chains) as ChainName[];

const specs: Readonly<Record<string, { readonly spec: object; readonly status: object }>> = {
  GitRepository: { spec: { url: 'https://git.example/app' }, status: fetched },
  Kustomization: {
    spec: { path: './app', prune: true, sourceRef: { kind: 'GitRepository', name: 'app' } },
    status: { lastAppliedRevision: revision },
  },
  HelmRepository: { spec: { url: 'https://charts.example' }, status: fetched },
  HelmChart: {
    spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'app' } },
    status: fetched,
  },
  HelmRelease: {
    spec: {
      chart: { spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'app' } } },
    },
    status: {},
  },
};

const points = ['reading', 'patching', 'following'] as const;
type Point = (typeof points)[number];

/** One command that is to stand at one point of one link of its chain when the worker falters. */
interface Case {
  readonly chain: ChainName;
  readonly at: number;
  readonly point: Point;
  readonly namespace: string;
}

const casesOf = (way: string, chain: ChainName): readonly Case[] =>
  chains[chain].links.flatMap((_, at) =>
    points.map((point) => ({
      chain,
      at,
      point,
      namespace: `${way}-${chains[chain].word}-${at}-${point}`,
    })),
  );

describe.runIf(able)('two workers on one Redis', () => {
  let spine: Spine;
  let front: BotProcess;
  let second: BotProcess;
  let records: Records;
  /** Requests that stood on each object at any time. */
  const seen = new Map<string, Set<string>>();
  let looking: NodeJS.Timeout;

  const objects = () => spine.clusters.infra.objects;

  const furnish = ({ chain, namespace }: Case): void => {
    for (const [apiVersion, kind] of chains[chain].links) {
      const { spec, status } = specs[kind] ?? { spec: {}, status: {} };
      objects().put({
        apiVersion,
        kind,
        metadata: { namespace, name: 'app', uid: `uid-of-${kind}-${namespace}`, generation: 1 },
        spec: { interval: '10m', ...spec },
        status: {
          ...readyStatus,
          ...status,
          ...(kind === 'HelmRelease' ? { helmChart: `${namespace}/app` } : {}),
        },
      });
    }
  };

  const look = (): void => {
    for (const [apiVersion, kind] of chainNames.flatMap((name) => [...chains[name].links])) {
      for (const { metadata } of objects().list(apiVersion, kind)) {
        const token = metadata.annotations?.[requestedAt];
        const key = `${kind}/${metadata.namespace}`;
        if (token !== undefined) {
          seen.set(key, (seen.get(key) ?? new Set()).add(token));
        }
      }
    }
  };

  beforeAll(async () => {
    spine = await startSpine({ redis: { appendFsync: 'always' } });
    for (const way of ['killed', 'paused']) {
      for (const one of chainNames.flatMap((chain) => casesOf(way, chain))) {
        furnish(one);
      }
    }
    looking = setInterval(look, 50);
    records = openRecords(spine.redis.url);
    [front, second] = await Promise.all([spine.startBot('front'), spine.startBot('worker')]);
    // a worker listens to nothing of Slack's, and is well all the same
    for (const { internalUrl } of [front, second]) {
      await vi.waitFor(async () => {
        const answer = await fetch(`${internalUrl}/readyz`);
        expect(await answer.text()).not.toContain('"up":false');
      }, patiently);
    }
  });
  afterAll(async () => {
    clearInterval(looking);
    await Promise.all([front.stop(), second.stop()]);
    await records.close();
    await spine.close();
  });

  const nameOf = ({ chain, namespace }: Case): string => `${chains[chain].word}/${namespace}/app`;

  const journalOf = async (one: Case): Promise<Journal | undefined> => {
    for (let number = 1; ; number++) {
      const journal = await records.journal(number);
      if (journal === undefined || journal.targets[0]?.object === nameOf(one)) {
        return journal;
      }
    }
  };

  const ask = (one: Case) =>
    spine.slack.command({
      channel: channels.infra,
      user: 'U0ROBIN',
      command: '/flux',
      text: `reconcile ${nameOf(one)} --with-source`,
    });

  const requests = (verb: string, resource: string, namespace: string) =>
    spine.clusters.infra.requests().filter(
      (each) =>
        each.verb === verb &&
        each.resource === resource &&
        each.namespace === namespace &&
        // a look at the fence changes nothing
        !each.path.includes('dryRun'),
    );

  /** The controller has done what was asked of a link. */
  const handle = ({ chain, namespace }: Case, at: number): void => {
    const [apiVersion, kind] = chains[chain].links[at] ?? ['', ''];
    const now = objects().get({ apiVersion, kind, namespace, name: 'app' }) as KubeObject;
    const status = z.looseObject({}).parse(now['status']);
    const lastHandledReconcileAt = now.metadata.annotations?.[requestedAt];
    objects().put({ ...now, status: { ...status, lastHandledReconcileAt } });
  };

  /** Waits until a link is followed, having all before it handled. */
  const bringToFollowing = async (one: Case, link: number): Promise<void> => {
    for (let at = 0; at <= link; at++) {
      await vi.waitUntil(
        async () => (await journalOf(one))?.steps[2 * at + 1]?.state === 'running',
        patiently,
      );
      if (at < link) {
        handle(one, at);
      }
    }
  };

  /** Brings a command to where it stands in a request that takes its time. */
  const bringToStanding = async (one: Case): Promise<void> => {
    const [, , resource] = chains[one.chain].links[one.at] ?? ['', '', ''];
    const verb = one.point === 'reading' ? 'get' : 'patch';
    const { namespace } = one;
    const before = requests(verb, resource, namespace).length;
    spine.clusters.infra.faults.set({ slow: { verb, resource, namespace, ms: standsMs } });
    if (one.at === 0) {
      await ask(one);
    } else {
      handle(one, one.at - 1);
    }
    await vi.waitUntil(() => requests(verb, resource, namespace).length > before, {
      ...patiently,
      interval: 20,
    });
  };

  const bringToPoints = async (cases: readonly Case[]): Promise<void> => {
    const followed = cases.filter(({ point }) => point === 'following');
    const standing = cases.filter(({ point }) => point !== 'following');
    const begun = [...followed, ...standing.filter(({ at }) => at > 0)];
    for (const one of begun) {
      await ask(one);
    }
    await Promise.all(
      begun.map((one) => bringToFollowing(one, one.point === 'following' ? one.at : one.at - 1)),
    );
    for (const one of standing) {
      await bringToStanding(one);
    }
    spine.clusters.infra.faults.clear();
  };

  const expectOneEffectEach = async (one: Case): Promise<void> => {
    const { chain, namespace, at: where, point } = one;
    const journal = await vi.waitUntil(async () => {
      const now = await journalOf(one);
      return now?.status === 'running' ? undefined : now;
    }, patiently);
    expect(journal, namespace).toMatchObject({ status: 'succeeded' });
    chains[chain].links.forEach(([apiVersion, kind, resource], at) => {
      // a request that died with its worker may not have been carried out, and is then made again
      const most = at === where && point === 'patching' ? 2 : 1;
      const count = requests('patch', resource, namespace).length;
      expect(count, `${kind} in ${namespace}`).toBeLessThanOrEqual(most);
      expect([...(seen.get(`${kind}/${namespace}`) ?? [])], `${kind} in ${namespace}`).toEqual([
        journal.token,
      ]);
      // of two patches by two workers only one was let through
      const { annotations } =
        objects().get({ apiVersion, kind, namespace, name: 'app' })?.metadata ?? {};
      expect(annotations?.[ownRequest], `${kind} in ${namespace}`).toBe(journal.token);
    });
    const trail = await records.audit(journal.invocation);
    expect(trail.map(({ fact }) => fact.kind)).toEqual(['decided', 'settled']);
    const locks = [...journal.locks, ...journal.steps.flatMap((step) => step.locks ?? [])];
    expect(locks.length).toBeGreaterThan(1);
    for (const lock of locks) {
      expect(await records.lock(lock), lock).toBeUndefined();
    }
    await vi.waitFor(async () => {
      const cards = (await spine.slack.messages(channels.infra)).filter((each) =>
        each.text.includes(nameOf(one)),
      );
      expect(cards.map(({ text }) => text)).toEqual([expect.stringMatching(/Reconciled /)]);
    }, patiently);
  };

  const expectAllSettled = async (cases: readonly Case[]): Promise<void> => {
    for (const one of cases) {
      await expectOneEffectEach(one);
    }
    expect(await records.due()).toEqual([]);
  };

  it.each(chainNames)(
    'go on where a killed one stood, with one effect each: %s',
    {
      timeout: 150_000,
    },
    async (chain) => {
      const cases = casesOf('killed', chain);
      second.freeze();
      const first = await spine.startBot('worker');
      await bringToPoints(cases);

      await first.kill();
      second.thaw();
      const controller = startStandInController(spine.clusters.infra);

      await expectAllSettled(cases);
      controller.stop();
    },
  );

  it.each(chainNames)(
    'go on where a paused one stood, which then does nothing more: %s',
    {
      timeout: 180_000,
    },
    async (chain) => {
      const cases = casesOf('paused', chain);
      second.freeze();
      const first = await spine.startBot('worker');
      await bringToPoints(cases);

      first.freeze();
      second.thaw();
      const controller = startStandInController(spine.clusters.infra);
      await wait(beyondTheLeaseMs);
      await expectAllSettled(cases);
      first.thaw();
      await wait(2_000);

      await expectAllSettled(cases);
      controller.stop();
      expect(await first.stop()).toBe(0);
    },
  );
});
