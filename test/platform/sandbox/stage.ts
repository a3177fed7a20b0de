import { treeOf } from '#src/render/tree.ts';
import { fail } from '#src/result.ts';
import type { Platform } from '#test/platform/platform.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type VirtualClock, virtualClock } from '#test/sandbox/clock.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';
import { createMemoryGit, type GitHost, withStandIns } from '#test/sandbox/controllers/git.ts';
import { type Build, buildWith } from '#test/sandbox/controllers/kustomize/build.ts';
import { seededRandom } from '#test/sandbox/controllers/world.ts';
import { type SandboxCluster, startSandbox } from '#test/sandbox/sandbox.ts';

const url = 'https://git.example.com/platform.git';
const startMs = Date.parse('2026-11-24T12:00:00Z');

/** What goes wrong on the stage before the curtain rises. */
export type Broken =
  /** the files of a layer cannot be built */
  | { readonly type: 'build'; readonly layer: string }
  /** an operator's object never becomes ready */
  | {
      readonly type: 'object';
      readonly kind: string;
      readonly namespace?: string;
      readonly name: string;
    }
  /** a registry does not give out a chart */
  | { readonly type: 'chart'; readonly urlPart: string };

/** One cluster of this repository's tree on the sandbox, in virtual time. */
export interface Stage {
  readonly cluster: SandboxCluster;
  readonly clock: VirtualClock;
  /** ms since the start at which each Kustomization of flux-system was Ready first */
  readonly readyAt: ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

const withoutCharts = (git: GitHost, broken: readonly Broken[]): GitHost => {
  const away = broken.flatMap((one) => (one.type === 'chart' ? [one.urlPart] : []));
  return {
    resolve: async (asked, ref) =>
      away.some((part) => asked.includes(part))
        ? fail('MANIFEST_UNKNOWN: manifest unknown')
        : git.resolve(asked, ref),
  };
};

const refusing =
  (build: Build, broken: readonly Broken[]): Build =>
  async (tree, kustomization, variables) =>
    broken.some((one) => one.type === 'build' && one.layer === kustomization.metadata.name)
      ? fail({ reason: 'BuildFailed', message: 'kustomize build failed: told to fail' })
      : build(tree, kustomization, variables);

const firstReady = (cluster: SandboxCluster, clock: VirtualClock): ReadonlyMap<string, number> => {
  const readyAt = new Map<string, number>();
  const kind = cluster.flux.world.kindNamed('kustomize.toolkit.fluxcd.io', 'Kustomization');
  cluster.server.storage.subscribe(kind, {
    changed: ({ object }) => {
      const { name } = object.metadata;
      if (!readyAt.has(name) && conditionOf(object, 'Ready')?.status === 'True') {
        readyAt.set(name, clock.now() - startMs);
      }
    },
    ended: () => undefined,
  });
  return readyAt;
};

/**
 * Raises a cluster on the tree as it is, with some things broken from the start.
 * @returns at virtual time zero: nothing has happened yet
 */
export const raiseStage = async (
  { content, renderer }: Pick<Platform, 'content' | 'renderer'>,
  name: string,
  broken: readonly Broken[] = [],
): Promise<Stage> => {
  const random = seededRandom(1);
  const clock = virtualClock(startMs);
  const git = createMemoryGit();
  git.commitTree(url, treeOf(content), 'the tree as it is', 'a'.repeat(40));
  const sandbox = await startSandbox({
    clusters: [{ name, path: `./kubernetes/clusters/${name}` }],
    git: withoutCharts(withStandIns(git, git.has), broken),
    repositoryUrl: url,
    build: refusing(buildWith(renderer, random), broken),
    clock,
    settings: { random, jitter: (ms) => ms },
  });
  const cluster = sandbox.cluster(name);
  for (const one of broken) {
    if (one.type === 'object') {
      const trouble = { reason: 'ToldToFail', message: 'told to fail' };
      cluster.operators.setTrouble(one.kind, one.namespace, one.name, trouble);
    }
  }
  return { cluster, clock, readyAt: firstReady(cluster, clock), close: sandbox.close };
};

/** `Kustomization/flux-system/cilium` and what Ready says of it, for every object of Flux that says it. */
export const readiness = (
  { cluster: { server } }: Stage,
  kinds: readonly string[],
): ReadonlyMap<string, string> =>
  new Map(
    server.kinds
      .all()
      .filter(({ group, kind }) => group.endsWith('.toolkit.fluxcd.io') && kinds.includes(kind))
      .flatMap((kind) => server.storage.list(kind))
      .map((object: KubeObject) => {
        const ready = conditionOf(object, 'Ready');
        const { namespace, name } = object.metadata;
        const isReady = ready?.status === 'True';
        return [
          `${object.kind}/${namespace}/${name}`,
          isReady ? 'Ready' : `${ready?.reason ?? 'no word'}`,
        ] as const;
      }),
  );
