import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

interface Exporter {
  readonly release: string;
  /** the value that has it scraped */
  readonly scraped: readonly string[];
  /** the value that keeps a metric's own `namespace`, where the chart does not by itself */
  readonly honors?: readonly string[];
  readonly metrics: readonly string[];
}

/** Metrics that alerts may be built on, as upstream's source names them, and who exports them. */
const exporters: readonly Exporter[] = [
  {
    release: 'external-secrets',
    scraped: ['serviceMonitor', 'enabled'],
    honors: ['serviceMonitor', 'honorLabels'],
    metrics: [
      'externalsecret_status_condition',
      'externalsecret_sync_calls_error',
      'externalsecret_sync_calls_total',
      'clustersecretstore_status_condition',
    ],
  },
  {
    release: 'cert-manager',
    scraped: ['prometheus', 'servicemonitor', 'enabled'],
    honors: ['prometheus', 'servicemonitor', 'honorLabels'],
    metrics: [
      'certmanager_certificate_ready_status',
      'certmanager_certificate_expiration_timestamp_seconds',
    ],
  },
  {
    release: 'cilium',
    scraped: ['prometheus', 'serviceMonitor', 'enabled'],
    metrics: [
      'cilium_bgp_control_plane_session_state',
      'cilium_clustermesh_remote_cluster_readiness_status',
    ],
  },
  {
    release: 'cilium',
    scraped: ['operator', 'prometheus', 'serviceMonitor', 'enabled'],
    metrics: ['cilium_operator_lbipam_ips_available'],
  },
  {
    release: 'rook-ceph-cluster',
    scraped: ['monitoring', 'enabled'],
    metrics: ['ceph_health_status', 'ceph_cluster_total_used_bytes', 'ceph_cluster_total_bytes'],
  },
];

/** What comes with observability, and what every scrape brings. */
const general: ReadonlySet<string> = new Set([
  'up',
  'kube_deployment_status_replicas_available',
  'kube_job_status_failed',
  'kubelet_volume_stats_available_bytes',
  'kubelet_volume_stats_capacity_bytes',
]);

const keywords: ReadonlySet<string> = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
]);

interface Asked {
  readonly metrics: readonly string[];
  /** patterns of `__name__`, for a metric that has had several names */
  readonly patterns: readonly RegExp[];
  readonly byNamespace: boolean;
}

/** The metrics that a PromQL expression reads. */
export const metricsIn = (expression: string): Asked => {
  const patterns = [...expression.matchAll(/__name__=~"([^"]+)"/g)].map(
    (found) => new RegExp(`^(?:${found[1] ?? ''})$`),
  );
  const bare = expression
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const words = [...bare.matchAll(/[A-Za-z_:][\w:]*(?!\w)(\s*\()?/g)]
    .filter((found) => found[1] === undefined)
    .map(([word]) => word);
  return {
    metrics: words.filter((word) => !keywords.has(word)),
    patterns,
    byNamespace: /\bby\s*\([^)]*\bnamespace\b/.test(expression) || /\bnamespace=/.test(expression),
  };
};

const problemsOf = (cluster: Cluster, expression: string): readonly string[] => {
  const { metrics, patterns, byNamespace } = metricsIn(expression);
  const means = (metric: string): boolean =>
    metrics.includes(metric) || patterns.some((pattern) => pattern.test(metric));
  const known = exporters.flatMap((exporter) => exporter.metrics);
  const unknown = [
    ...metrics.filter((metric) => !(known.includes(metric) || general.has(metric))),
    ...patterns
      .filter((pattern) => !known.some((metric) => pattern.test(metric)))
      .map((pattern) => pattern.source),
  ];
  const asked = exporters.filter((exporter) => exporter.metrics.some(means));
  const given = (exporter: Exporter, path: readonly string[]): unknown =>
    at(
      appliedObjects(cluster).find(
        ({ object }) => isHelmRelease(object) && object.metadata.name === exporter.release,
      )?.object,
      'spec',
      'values',
      ...path,
    );
  return [
    ...unknown.map((metric) => `nobody is known to export ${metric}`),
    ...asked
      .filter((exporter) => given(exporter, exporter.scraped) !== true)
      .map(({ release, scraped }) => `${release} is not scraped: ${scraped.join('.')}`),
    ...asked
      .filter(({ honors }) => byNamespace && honors !== undefined)
      .filter((exporter) => given(exporter, exporter.honors ?? []) !== true)
      .map(
        ({ release, honors }) =>
          `its namespace is that of ${release} itself, not of the object: ${(honors ?? []).join('.')}`,
      ),
  ];
};

const exported: Rule = {
  name: 'alert-metrics',
  summary: 'each alert reads metrics that exist and are scraped, with the namespace that they mean',
  scope: 'cluster',
  check: (cluster): readonly Finding[] =>
    appliedObjects(cluster)
      .map(({ object }) => object)
      .filter((object) => object.kind === 'PrometheusRule')
      .flatMap((object) =>
        listAt(object, 'spec', 'groups')
          .flatMap((group) => listAt(group, 'rules'))
          .flatMap((rule) =>
            problemsOf(cluster, textAt(rule, 'expr') ?? '').map((what) => ({
              where: `${titleOf(object)} ${textAt(rule, 'alert') ?? ''}`,
              what,
            })),
          ),
      ),
};

export const metricRules: readonly Rule[] = [exported];
