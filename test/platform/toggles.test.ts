import { describe, expect, it } from 'vitest';
import { mutate } from '#test/platform/mutations/mutation.ts';
import { openPlatform, type Platform } from '#test/platform/platform.ts';
import { judge, rules } from '#test/platform/rules.ts';
import { edgesOf, reachable } from '#test/platform/world/graph.ts';
import { loadWorld } from '#test/platform/world/load.ts';
import type { World } from '#test/platform/world/world.ts';

const opened = await openPlatform();
const reason = opened.ok ? '' : ` (not run: ${opened.failure})`;

/** Pieces that a person may want off: their line in the cluster's list is the switch. */
const switches = [
  'networking/cilium-ipam',
  'networking/cilium-bgp',
  'networking/cilium-gateway',
  'networking/cilium-clustermesh',
  'networking/certificates',
  'networking/gateways',
  'networking/k8s-gateway',
  'networking/external-dns',
  'networking/spegel',
  'storage/storage-tests',
  'storage/rook-ceph-cluster',
  'databases/cloudnative-pg',
  'databases/plugin-barman-cloud',
  'gitops/chatops',
  'gitops/chatops-ingress',
] as const;

// what is left must still be whole; that a table or a network plan names more is no harm
const wholeness = rules.filter(({ name }) =>
  [
    'renders',
    'no-token-left',
    'references-resolve',
    'namespaces-exist',
    'no-missing-depends-on',
    'no-cycles',
    'done-health-targets',
  ].includes(name),
);

/** The piece and everything that names it in dependsOn, over all steps. */
const withDependants = (world: World, piece: string): ReadonlySet<string> =>
  new Set(
    world.clusters.flatMap((cluster) => {
      const edges = edgesOf(cluster);
      return [...edges.keys()].filter(
        (name) => name === piece || reachable(edges, name).has(piece),
      );
    }),
  );

const without = async ({ content, world, renderer }: Platform, pieces: ReadonlySet<string>) => {
  const { content: changed, changed: paths } = mutate(content, {
    name: `without ${[...pieces].join(', ')}`,
    rule: '',
    edit: (files) => {
      for (const cluster of world.clusters) {
        for (const path of listsOf(world, pieces)) {
          const list = `kubernetes/clusters/${cluster.name}/kustomization.yaml`;
          if (world.files.get(list)?.includes(`${path}\n`) === true) {
            files.replace(list, `  - ../../${path}\n`, '');
          }
        }
      }
    },
  });
  return loadWorld(renderer, world.schemas, changed, { world, changed: paths });
};

/** The lines of the lists that bring these Kustomizations; one line may bring several. */
const listsOf = (world: World, pieces: ReadonlySet<string>): readonly string[] =>
  [...world.files]
    .filter(
      ([path, text]) =>
        path.endsWith('/ks.yaml') &&
        [...text.matchAll(/^ {2}name: (\S+)$/gm)].some(([, name = '']) => pieces.has(name)),
    )
    .map(([path]) => path.replace('kubernetes/', '').replace('/ks.yaml', ''));

describe.skipIf(!opened.ok)(`each line of a cluster's list is a switch${reason}`, () => {
  it.each(switches)(
    '%s and what stands on it can be taken out, and the rest is whole',
    async (path) => {
      if (!opened.ok) {
        return;
      }
      const { world } = opened.value;
      const piece = path.split('/').at(-1) ?? '';
      const pieces = withDependants(world, piece);

      const rest = await without(opened.value, pieces);

      const left = rest.clusters.flatMap(({ layers }) => layers.map(({ name }) => name));
      const findings = wholeness
        .flatMap((rule) => judge(rule, rest))
        .flatMap(({ rule, on, findings: found }) =>
          found.map(({ where, what }) => `${rule.name} ${on}: ${where}: ${what}`),
        );
      expect(left.filter((name) => pieces.has(name))).toEqual([]);
      expect(left.length).toBeGreaterThan(20);
      expect(findings).toEqual([]);
    },
  );
});
