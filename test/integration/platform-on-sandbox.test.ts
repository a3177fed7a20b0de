import { beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, type Platform } from '#test/platform/platform.ts';
import { type Broken, raiseStage, readiness, type Stage } from '#test/platform/sandbox/stage.ts';
import { type Edges, edgesOf, reachable } from '#test/platform/world/graph.ts';

const minute = 60_000;

let platform: Platform;

beforeAll(async () => {
  const opened = await openPlatform();
  if (!opened.ok) {
    throw new Error(opened.failure);
  }
  platform = opened.value;
}, 120_000);

const edgesFor = (name: string): Edges => {
  const cluster = platform.world.clusters.find((one) => one.name === name);
  if (cluster === undefined) {
    throw new Error(`no cluster ${name}`);
  }
  return edgesOf(cluster);
};

const play = async <Seen>(
  name: string,
  broken: readonly Broken[],
  look: (stage: Stage) => Seen,
): Promise<Seen> => {
  const stage = await raiseStage(platform, name, broken);
  try {
    await stage.clock.advance(3 * minute);
    return look(stage);
  } finally {
    await stage.close();
  }
};

const sorted = (names: Iterable<string>): readonly string[] =>
  [...names].toSorted((left, right) => (left < right ? -1 : 1));

/** Everything that says, over any number of steps, that it depends on a layer. */
const dependantsOf = (edges: Edges, layer: string): readonly string[] =>
  sorted([...edges.keys()].filter((name) => reachable(edges, name).has(layer)));

const layersIn = (states: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map(
    [...states].flatMap(([title, state]) => {
      const [kind, , name = ''] = title.split('/');
      return kind === 'Kustomization' ? [[name, state] as const] : [];
    }),
  );

const namesWith = (states: ReadonlyMap<string, string>, wanted: (state: string) => boolean) =>
  sorted([...states].flatMap(([name, state]) => (wanted(state) ? [name] : [])));

const objects: readonly {
  readonly layer: string;
  readonly what: string;
  readonly broken: Broken;
}[] = [
  {
    layer: 'cilium',
    what: 'its chart cannot be had',
    broken: { type: 'chart', urlPart: 'cilium' },
  },
  {
    layer: 'monitoring-crds',
    what: 'one of its two charts cannot be had',
    broken: { type: 'chart', urlPart: 'prometheus-operator-crds' },
  },
  {
    layer: 'secret-stores',
    what: 'the vault refuses the login',
    broken: { type: 'object', kind: 'ClusterSecretStore', name: 'onepassword' },
  },
  {
    layer: 'certificates',
    what: 'its certificate is not issued',
    broken: {
      type: 'object',
      kind: 'Certificate',
      namespace: 'networking',
      name: 'cluster-wildcard',
    },
  },
  {
    layer: 'rook-ceph-cluster',
    what: 'Ceph does not become healthy',
    broken: { type: 'object', kind: 'CephCluster', namespace: 'rook-ceph', name: 'rook-ceph' },
  },
];

describe.each(['infra', 'apps'])('this tree on %s', (name) => {
  it('becomes ready as a whole, each layer after all that it depends on', async () => {
    const edges = edgesFor(name);
    const { states, readyAt } = await play(name, [], (stage) => ({
      states: readiness(stage, ['Kustomization', 'HelmRelease']),
      readyAt: stage.readyAt,
    }));
    const early = [...edges].flatMap(([layer, before]) =>
      [...before]
        .filter((one) => (readyAt.get(one) ?? Infinity) >= (readyAt.get(layer) ?? -1))
        .map((one) => `${layer} was ready before ${one}`),
    );

    expect(sorted(layersIn(states).keys())).toEqual(sorted(edges.keys()));
    expect(namesWith(states, (state) => state !== 'Ready')).toEqual([]);
    expect(states.size - edges.size).toBeGreaterThan(15);
    expect(early).toEqual([]);
  });

  it('blocks exactly the dependants of a layer that cannot be built, whichever it is', async () => {
    const edges = edgesFor(name);
    const layers = [...edges.keys()].filter((layer) => layer !== 'flux-system');
    const seen: Record<string, unknown> = {};
    const wanted: Record<string, unknown> = {};
    for (const layer of layers) {
      const states = await play(name, [{ type: 'build', layer }], (stage) =>
        layersIn(readiness(stage, ['Kustomization'])),
      );
      seen[layer] = {
        failed: namesWith(states, (state) => state === 'BuildFailed'),
        waiting: namesWith(states, (state) => state === 'DependencyNotReady'),
        ready: namesWith(states, (state) => state === 'Ready').length,
      };
      const waiting = dependantsOf(edges, layer);
      wanted[layer] = { failed: [layer], waiting, ready: edges.size - waiting.length - 1 };
    }

    expect(seen).toEqual(wanted);
    // thirty-odd clusters, one after another
  }, 180_000);

  it.each(objects)('blocks exactly the dependants of $layer when $what', async (given) => {
    const edges = edgesFor(name);
    const states = await play(name, [given.broken], (stage) =>
      layersIn(readiness(stage, ['Kustomization'])),
    );
    const waiting = dependantsOf(edges, given.layer);

    expect(waiting).not.toEqual([]);
    expect(namesWith(states, (state) => state === 'DependencyNotReady')).toEqual(waiting);
    expect(namesWith(states, (state) => state !== 'Ready')).toEqual(
      sorted([given.layer, ...waiting]),
    );
  });
});

it('holds back nothing on infra but the bot and its door until apps has let the bot in', async () => {
  const states = await play(
    'infra',
    [
      {
        type: 'object',
        kind: 'ExternalSecret',
        namespace: 'flux-chatops',
        name: 'flux-chatops-worker-kubeconfigs',
      },
    ],
    (stage) => layersIn(readiness(stage, ['Kustomization'])),
  );

  expect(namesWith(states, (state) => state === 'DependencyNotReady')).toEqual(['chatops-ingress']);
  expect(namesWith(states, (state) => state !== 'Ready')).toEqual(['chatops', 'chatops-ingress']);
});
