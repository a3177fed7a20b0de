import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTree } from '#src/render/disk.ts';
import { findKustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';
import { type VirtualClock, virtualClock } from '#test/sandbox/clock.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';
import { createMemoryGit, withStandIns } from '#test/sandbox/controllers/git.ts';
import { buildWith } from '#test/sandbox/controllers/kustomize/build.ts';
import { seededRandom } from '#test/sandbox/controllers/world.ts';
import { type Sandbox, startSandbox } from '#test/sandbox/sandbox.ts';

const url = 'https://git.example.com/platform.git';
const names = ['infra', 'apps'];

let sandbox: Sandbox;
let clock: VirtualClock;

beforeAll(async () => {
  const found = await findKustomize(searchPath, { cacheDirectory: toolCache, env: environment });
  const tree = await readTree(process.cwd(), ['kubernetes', 'deploy']);
  if (!found.ok || !tree.ok) {
    throw new Error(JSON.stringify({ found, tree }));
  }
  const random = seededRandom(1);
  const git = createMemoryGit();
  git.commitTree(url, tree.value, 'the tree as it is', 'a'.repeat(40));
  clock = virtualClock(Date.parse('2026-11-24T12:00:00Z'));
  sandbox = await startSandbox({
    clusters: names.map((name) => ({ name, path: `./kubernetes/clusters/${name}` })),
    git: withStandIns(git, git.has),
    repositoryUrl: url,
    build: buildWith(createRenderer(found.value), random),
    clock,
    settings: { random, jitter: (ms) => ms },
  });
  await clock.advance(15 * 60_000);
}, 300_000);

afterAll(() => sandbox.close());

describe("this repository's own tree", () => {
  it.each(names)(
    'comes up on %s: every Flux object is ready within a quarter of an hour',
    (name) => {
      const { server } = sandbox.cluster(name);
      const objects = server.kinds
        .all()
        .filter(
          ({ group }) => group.endsWith('.toolkit.fluxcd.io') && !group.startsWith('notification'),
        )
        .flatMap((kind) => server.storage.list(kind));
      const waiting = objects.flatMap((object) => {
        const ready = conditionOf(object, 'Ready');
        const { namespace, name: objectName } = object.metadata;
        return ready?.status === 'True' || object.kind === 'HelmRepository'
          ? []
          : [`${object.kind}/${namespace}/${objectName}: ${ready?.reason} ${ready?.message}`];
      });

      expect(sandbox.cluster(name).flux.world.failures()).toEqual([]);
      expect(objects.length).toBeGreaterThan(20);
      expect(waiting).toEqual([]);
    },
  );

  it('makes the signing key wherever there is an Alert', () => {
    const { server } = sandbox.cluster('infra');
    const alerts = server.objects.list('notification.toolkit.fluxcd.io/v1beta3', 'Alert');
    const unsigned = alerts.filter(
      ({ metadata: { namespace } }) =>
        server.objects.get({
          apiVersion: 'v1',
          kind: 'Secret',
          namespace,
          name: 'flux-chatops-webhook',
        }) === undefined,
    );

    expect(alerts.length).toBeGreaterThan(0);
    expect(unsigned.map(({ metadata }) => metadata.namespace)).toEqual([]);
  });
});
