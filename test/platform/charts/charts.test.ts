import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { KubeObject } from '#src/render/objects.ts';
import {
  type OpenChart,
  openChart,
  unknownValues,
  upstreamCharts,
} from '#test/platform/charts/charts.ts';
import { openPlatform } from '#test/platform/platform.ts';
import { findTool } from '#test/platform/tools/tools.ts';
import { cephClasses, cephObjects, isHelmRelease } from '#test/platform/world/charts.ts';
import { isBuiltIn } from '#test/platform/world/needs.ts';
import { at, type Data, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Cluster, groupOf } from '#test/platform/world/world.ts';

const helm = findTool('helm') ?? '';
const platform = await openPlatform();
const clusters = platform.ok ? platform.value.world.clusters : [];

const opened = await Promise.all(
  upstreamCharts.map(async (chart) => {
    try {
      return { chart, open: await openChart(chart, helm), problem: '' };
    } catch (error) {
      return { chart, open: undefined, problem: String(error).split('\n')[0] ?? '' };
    }
  }),
);

const reasonFor = (problem: string): string =>
  [
    helm === '' ? 'helm is missing, npm run tools builds it' : '',
    platform.ok ? '' : platform.failure,
    problem,
  ]
    .filter((reason) => reason !== '')
    .join('; ');

const releaseOf = (cluster: Cluster, name: string): KubeObject | undefined =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .find((object) => isHelmRelease(object) && object.metadata.name === name);

/** The values of a release, then those that it takes from ConfigMaps of the tree. */
const valuesOf = (cluster: Cluster, release: KubeObject): readonly Data[] => [
  dataAt(release, 'spec', 'values'),
  ...listAt(release, 'spec', 'valuesFrom').flatMap((from) => {
    const map = appliedObjects(cluster).find(
      ({ object }) => object.kind === 'ConfigMap' && object.metadata.name === textAt(from, 'name'),
    )?.object;
    const text = textAt(map, 'data', textAt(from, 'valuesKey') ?? '');
    return text === undefined ? [] : [dataAt({ values: parseYaml(text) as unknown }, 'values')];
  }),
];

/** Everything in versions.yaml that is said of the pieces that make up a release, switches included. */
const saidOf = (cluster: Cluster, release: string) => {
  const said = Object.entries(cluster.versions.components)
    .filter(
      ([name, { kustomization }]) => name === release || kustomization.startsWith(`${release}-`),
    )
    .filter(([name, { source }]) => name === release || source === undefined)
    .map(([, component]) => component);
  return {
    objects: said.flatMap(({ provides }) => provides.objects),
    groups: said.flatMap(({ provides }) => provides.groups),
    needs: said.flatMap(({ needs }) => needs),
  };
};

const keyOf = (object: { kind: string; namespace?: string | undefined; name: string }): string =>
  `${object.kind}/${object.namespace ?? ''}/${object.name}`;

describe.each(opened)("$chart.component, upstream's own chart", ({ chart, open, problem }) => {
  const reason = reasonFor(problem);

  afterAll(() => open?.close());

  describe.skipIf(reason !== '')(
    `with the values of the tree${reason === '' ? '' : ` (not run: ${reason})`}`,
    () => {
      let made: ReadonlyMap<string, readonly KubeObject[]>;

      const upstream = (): OpenChart => {
        if (open === undefined) {
          throw new Error(problem);
        }
        return open;
      };

      const eachCluster = (look: (cluster: Cluster, release: KubeObject) => void): void => {
        for (const cluster of clusters) {
          const release = releaseOf(cluster, chart.component);
          if (release === undefined) {
            throw new Error(`${cluster.name} has no HelmRelease ${chart.component}`);
          }
          look(cluster, release);
        }
      };

      beforeAll(() => {
        const all = new Map<string, readonly KubeObject[]>();
        eachCluster((cluster, release) => {
          const { namespace = '' } = release.metadata;
          all.set(cluster.name, upstream().render(namespace, valuesOf(cluster, release)));
        });
        made = all;
      });

      it('is of the minor release that is pinned', () => {
        eachCluster((cluster) => {
          const pinned = cluster.versions.components[chart.component]?.version ?? '';
          const minor = (version: string) => version.replace(/^v/, '').split('.').slice(0, 2);

          expect(minor(chart.version)).toEqual(minor(pinned));
        });
      });

      it('has every value that is given', () => {
        eachCluster((cluster, release) => {
          const unknown = valuesOf(cluster, release).flatMap((values) =>
            unknownValues(upstream(), values, chart.copied ?? []),
          );

          expect(unknown).toEqual([]);
        });
      });

      it('makes what versions.yaml says that it makes', () => {
        eachCluster((cluster, release) => {
          const found = new Set(
            (made.get(cluster.name) ?? []).map(({ kind, metadata }) =>
              keyOf({
                kind,
                // a chart leaves the namespace to Helm where it is the release's own
                namespace: metadata.namespace ?? release.metadata.namespace,
                name: metadata.name,
              }),
            ),
          );
          const missing = saidOf(cluster, chart.component).objects.filter(
            (object) =>
              !found.has(
                keyOf({ ...object, namespace: object.namespace ?? release.metadata.namespace }),
              ),
          );

          expect(missing).toEqual([]);
        });
      });

      it('needs the kinds that versions.yaml says that it needs, and no others', () => {
        eachCluster((cluster) => {
          const said = saidOf(cluster, chart.component);
          const used = new Set(
            (made.get(cluster.name) ?? [])
              .map(({ apiVersion }) => groupOf(apiVersion))
              .filter((group) => !isBuiltIn(group)),
          );
          const own = new Set(said.groups);

          expect(
            new Set([...used, ...(chart.asks ?? [])].filter((group) => !own.has(group))),
          ).toEqual(new Set(said.needs));
        });
      });

      if (chart.component === 'rook-ceph-cluster') {
        it('copies the specs of the values, and makes the classes that the rules count on', () => {
          eachCluster((cluster, release) => {
            const objects = made.get(cluster.name) ?? [];
            const specs = cephObjects(release).map(({ kind, metadata: { name }, spec }) => ({
              kind,
              name,
              spec,
            }));
            const copied = specs.map(({ kind, name }) => ({
              kind,
              name,
              spec: at(
                objects.find((object) => object.kind === kind && object.metadata.name === name),
                'spec',
              ),
            }));
            const classes = objects
              .filter(({ kind }) => /^(?:StorageClass|VolumeSnapshotClass)$/.test(kind))
              .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
            const defaults = objects.filter(
              ({ metadata }) =>
                metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
            );

            expect(copied.slice(1)).toEqual(specs.slice(1));
            // the chart adds its own defaults to the spec of the cluster
            expect(copied[0]?.spec).toMatchObject({ storage: at(specs[0]?.spec, 'storage') });
            expect(classes.toSorted()).toEqual(
              cephClasses(release)
                .map(({ kind, name }) => `${kind} ${name}`)
                .toSorted(),
            );
            expect(defaults.map(({ metadata }) => metadata.name)).toEqual(['ceph-block']);
          });
        });
      }

      if (chart.component === 'cilium') {
        it('waits for no load balancer at bootstrap, and reads the password of BGP where it is laid', () => {
          eachCluster((cluster, release) => {
            const [values = {}] = valuesOf(cluster, release);
            const first = upstream().render('kube-system', [values]);
            const reads = (made.get(cluster.name) ?? []).find(
              ({ kind, metadata }) =>
                kind === 'Role' && metadata.name === 'cilium-bgp-control-plane-secrets',
            );

            expect(
              first.filter((object) => textAt(object, 'spec', 'type') === 'LoadBalancer'),
            ).toEqual([]);
            expect(first.some(({ metadata }) => metadata.name.includes('clustermesh'))).toBe(false);
            expect(reads?.metadata.namespace).toBe('kube-system');
          });
        });
      }
    },
  );
});
