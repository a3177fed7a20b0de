import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

/** The definition of done, CEL, schemas and API versions. */
export const healthMutations: readonly Mutation[] = [
  {
    name: 'a Kustomization without a time-out',
    rule: 'done-fields',
    edit: (files) => files.replace(at.poolKs, / {2}timeout: \w+\n/, ''),
  },
  {
    name: 'a Kustomization without prune',
    rule: 'done-fields',
    edit: (files) => files.replace(at.poolKs, '  prune: true\n', ''),
  },
  {
    name: 'a Kustomization without retryInterval',
    rule: 'done-fields',
    edit: (files) => files.replace(at.poolKs, / {2}retryInterval: \w+\n/, ''),
  },
  {
    name: 'wait and healthChecks together, as the first attempt had it thirty times',
    rule: 'done-health-form',
    edit: (files) => files.replace(at.certManagerKs, '  wait: false\n', '  wait: true\n'),
  },
  {
    name: 'neither wait nor healthChecks',
    rule: 'done-health-form',
    edit: (files) => files.replace(at.poolKs, '  wait: true\n', '  wait: false\n'),
  },
  {
    name: 'a health check on a Deployment that the chart does not make',
    rule: 'done-health-targets',
    edit: (files) =>
      files.replace(
        at.certManagerKs,
        'name: cert-manager-cainjector',
        'name: cert-manager-injector',
      ),
  },
  {
    name: 'a kind that kstatus cannot judge, without an expression',
    rule: 'done-health-expressions',
    edit: (files) =>
      files.replace(
        at.storesKs,
        /\n {4}- apiVersion: external-secrets.io\/v1\n {6}kind: ClusterSecretStore\n.*\n/,
        '\n',
      ),
  },
  {
    name: 'an expression for a kind that is not checked',
    rule: 'done-health-expressions',
    edit: (files) =>
      files.replace(at.poolKs, 'kind: CiliumLoadBalancerIPPool', 'kind: CiliumBGPPeerConfig'),
  },
  {
    name: 'a release that does not wait for its workloads',
    rule: 'done-releases',
    edit: (files) =>
      files.replace(
        at.spegel,
        'spec:\n  chartRef:',
        'spec:\n  install:\n    disableWait: true\n  chartRef:',
      ),
  },
  {
    name: 'Jobs that can never be changed',
    rule: 'done-jobs',
    edit: (files) => files.replace(at.testsKs, '  force: true\n', ''),
  },
  {
    name: 'an expression that is true when there is no condition',
    rule: 'health-expressions-executed',
    says: /of a not ready object: .*\[\]/,
    edit: (files) =>
      files.replace(
        at.storesKs,
        "current: has(status.conditions) && status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
        "current: status.conditions.filter(c, c.type == 'Ready').all(c, c.status == 'True')",
      ),
  },
  {
    name: 'an expression that fails on an empty status',
    rule: 'health-expressions-executed',
    edit: (files) =>
      files.replace(
        at.poolKs,
        "has(status.conditions) && status.conditions.exists(c, c.type == 'cilium.io/PoolConflict' && c.status == 'True')",
        '!has(status.conditions)',
      ),
  },
  {
    name: 'an expression that trusts a stale status',
    rule: 'health-expressions-executed',
    says: /of a stale object/,
    edit: (files) =>
      files.replace(
        at.cephKs,
        ' && (!has(status.observedGeneration) || status.observedGeneration == metadata.generation)',
        '',
      ),
  },
  {
    name: 'an expression that gives Ceph up while its daemons come up',
    rule: 'health-expressions-executed',
    says: /HEALTH_ERR/,
    edit: (files) =>
      files.replace(
        at.cephKs,
        /failed: has\(status.phase\) && status.phase == 'Failure'/,
        "failed: has(status.ceph) && has(status.ceph.health) && status.ceph.health == 'HEALTH_ERR'",
      ),
  },
  {
    name: 'a kind that does not exist: CiliumAuthPolicy',
    rule: 'schema-known',
    failure: 17,
    edit: (files) =>
      files.append(
        at.pool,
        '---\napiVersion: cilium.io/v2\nkind: CiliumAuthPolicy\nmetadata:\n  name: any\n  namespace: kube-system\n',
      ),
  },
  {
    name: '`validation` in a Kustomization',
    rule: 'schema-strict',
    failure: 4,
    says: /validation is not a field/,
    edit: (files) =>
      files.replace(at.poolKs, '  wait: true\n', '  wait: true\n  validation: client\n'),
  },
  {
    name: '`wait` in a HelmRelease',
    rule: 'schema-strict',
    failure: 4,
    says: /wait is not a field/,
    edit: (files) => files.replace(at.spegel, 'spec:\n', 'spec:\n  wait: true\n'),
  },
  {
    name: '`version` beside chartRef',
    rule: 'schema-strict',
    failure: 4,
    says: /version is not a field/,
    edit: (files) => files.replace(at.spegel, 'spec:\n', 'spec:\n  version: 0.7.0\n'),
  },
  {
    name: '`topologyAware` in the values that become a CephCluster',
    rule: 'schema-strict',
    failure: 4,
    schema: 'ceph.rook.io',
    says: /topologyAware is not a field/,
    edit: (files) =>
      files.replace(
        at.ceph,
        '        useAllNodes: true\n',
        '        useAllNodes: true\n        topologyAware: true\n',
      ),
  },
  {
    name: 'a value of CloudNativePG under a name that its chart does not know',
    rule: 'chart-values',
    failure: 4,
    says: /monitoring\.podMonitor is not a value of the chart/,
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/databases/cloudnative-pg/app/helmrelease.yaml',
        'podMonitorEnabled: true',
        'podMonitor: {enabled: true}',
      ),
  },
  {
    name: 'a value of the backup plugin of another shape',
    rule: 'chart-values',
    failure: 4,
    says: /replicaCount is string, not number/,
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/databases/plugin-barman-cloud/app/helmrelease.yaml',
        'replicaCount: 1',
        'replicaCount: "1"',
      ),
  },
  {
    name: 'a Ceph pool of a failure domain spelled otherwise',
    rule: 'schema-strict',
    schema: 'ceph.rook.io',
    edit: (files) =>
      files.replace(
        at.ceph,
        /failureDomain: host\n {10}replicated/,
        'failuredomain: host\n          replicated',
      ),
  },
  {
    name: 'a numeric time-out',
    rule: 'schema-strict',
    edit: (files) => files.replace(at.cnpgKs, /timeout: \w+/, 'timeout: 600'),
  },
  {
    name: 'an unknown field in a snapshot',
    rule: 'schema-strict',
    schema: 'snapshot.storage.k8s.io',
    says: /volumeSnapshotClass is not a field/,
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/storage/storage-tests/restore/restore.yaml',
        'volumeSnapshotClassName: ceph-block',
        'volumeSnapshotClass: ceph-block',
      ),
  },
  {
    name: 'external-secrets.io/v1beta1',
    rule: 'api-versions',
    failure: 5,
    edit: (files) =>
      files.replace(at.canary, 'external-secrets.io/v1\n', 'external-secrets.io/v1beta1\n'),
  },
  {
    name: 'a notification API that the pinned Flux does not serve',
    rule: 'api-versions',
    edit: (files) =>
      files.replace(
        at.alerts,
        'notification.toolkit.fluxcd.io/v1beta3',
        'notification.toolkit.fluxcd.io/v1',
      ),
  },
];
