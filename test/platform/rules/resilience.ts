import { cephObjects, isHelmRelease } from '#test/platform/world/charts.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

interface Count {
  readonly release: string;
  readonly path: readonly string[];
  readonly least: number;
}

/** What one lost node must not take away; charts are not rendered here, so the values are asked. */
const counts: readonly Count[] = [
  { release: 'onepassword-connect', path: ['connect', 'replicas'], least: 2 },
  { release: 'external-secrets', path: ['replicaCount'], least: 2 },
  { release: 'external-secrets', path: ['webhook', 'replicaCount'], least: 2 },
  { release: 'cert-manager', path: ['replicaCount'], least: 2 },
  { release: 'cert-manager', path: ['webhook', 'replicaCount'], least: 2 },
  { release: 'coredns', path: ['replicaCount'], least: 2 },
  { release: 'cilium', path: ['operator', 'replicas'], least: 2 },
  { release: 'k8s-gateway', path: ['replicaCount'], least: 2 },
  { release: 'snapshot-controller', path: ['replicaCount'], least: 2 },
  { release: 'cloudnative-pg', path: ['replicaCount'], least: 2 },
  { release: 'rook-ceph-cluster', path: ['cephClusterSpec', 'mon', 'count'], least: 3 },
  { release: 'rook-ceph-cluster', path: ['cephClusterSpec', 'mgr', 'count'], least: 2 },
];

const sizesOf = (spec: unknown): readonly unknown[] => [
  at(spec, 'replicated', 'size'),
  at(spec, 'metadataPool', 'replicated', 'size'),
  ...listAt(spec, 'dataPools').map((pool) => at(pool, 'replicated', 'size')),
];

const several: Rule = {
  name: 'several-of-each',
  summary:
    'one lost node takes away nothing that others stand on: replicas, monitors, copies of data',
  scope: 'cluster',
  check: (cluster) => {
    const releases = objectsOf(cluster).filter(isHelmRelease);
    const few = counts.flatMap(({ release, path, least }): readonly Finding[] => {
      const found = releases.find(({ metadata }) => metadata.name === release);
      const value = Number(at(found, 'spec', 'values', ...path));
      return found === undefined || value >= least
        ? []
        : [
            {
              where: `HelmRelease/${release}`,
              what: `${path.join('.')} is ${value}, not ${least} or more`,
            },
          ];
    });
    const thin = releases
      .flatMap(cephObjects)
      .filter(({ kind }) => kind !== 'CephCluster')
      .filter((object) =>
        sizesOf(at(object, 'spec')).some((size) => typeof size === 'number' && size < 3),
      )
      .map((object) => ({
        where: `${object.kind}/${object.metadata.name}`,
        what: 'fewer than three copies of its data',
      }));
    return [...few, ...thin];
  },
};

/** What nobody would see fail, by the metric that shows it. */
const silent: Readonly<Record<string, RegExp>> = {
  'a secret that is not synced': /externalsecret_status_condition\{[^}]*status="False"/,
  'errors while secrets are synced': /externalsecret_sync_calls_error/,
  'a secret store that is away': /clustersecretstore_status_condition/,
  '1Password Connect being away': /absent\([^)]*onepassword-connect/,
  'a canary that is not read': /externalsecret_status_condition\{[^}]*name="canary"/,
  'a certificate that is not renewed': /certmanager_certificate_/,
  'a BGP session that is down': /cilium_bgp_control_plane_session_state/,
  'the other cluster out of the mesh': /cilium_clustermesh_remote_cluster_readiness_status/,
  'Ceph that is not healthy': /max\(ceph_health_status\)/,
  'Ceph that nobody can ask': /absent\(ceph_health_status\)/,
};

const watched: Rule = {
  name: 'alerts-exist',
  summary:
    'what fails in silence has an alert: secrets, their store, certificates, BGP, mesh, Ceph',
  scope: 'cluster',
  check: (cluster) => {
    const expressions = objectsOf(cluster)
      .filter((object) => object.kind === 'PrometheusRule')
      .flatMap((object) => listAt(object, 'spec', 'groups'))
      .flatMap((group) => listAt(group, 'rules'))
      .map((rule) => textAt(rule, 'expr') ?? '');
    return Object.entries(silent)
      .filter(([, metric]) => !expressions.some((expression) => metric.test(expression)))
      .map(([what]) => ({ where: 'PrometheusRule', what: `no alert tells of ${what}` }));
  },
};

export const resilienceRules: readonly Rule[] = [several, watched];
