import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

/** Secrets, alerts, storage, certificates and services. */
export const operationMutations: readonly Mutation[] = [
  {
    name: 'a secret in a namespace that the store does not let in',
    rule: 'store-admits',
    edit: (files) =>
      files.replace(
        'kubernetes/components/tenant/webhook-key.yaml',
        'onepassword-tenants',
        'onepassword',
      ),
  },
  {
    name: "a tenant's account bound in every namespace",
    rule: 'bindings',
    edit: (files) =>
      files.append(
        at.tenantAccount,
        '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: wide\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\nsubjects:\n  - kind: ServiceAccount\n    name: flux\n',
      ),
  },
  {
    name: 'a tenant that may give itself rights',
    rule: 'tenant-rights',
    edit: (files) =>
      files.append(
        at.tenantRole,
        '  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [roles]\n    verbs: [bind]\n',
      ),
  },
  {
    name: 'a tenant with the rights of an administrator',
    rule: 'tenant-rights',
    edit: (files) =>
      files.replace(at.tenantAccount, 'name: platform-tenant', 'name: cluster-admin'),
  },
  {
    name: 'a role that does not exist',
    rule: 'references-resolve',
    says: /ClusterRole\/\/tenant/,
    edit: (files) => files.replace(at.tenantAccount, 'name: platform-tenant', 'name: tenant'),
  },
  {
    name: 'a tenant without a quota',
    rule: 'tenant-fences',
    edit: (files) => files.replace(at.tenantLimits, 'kind: ResourceQuota', 'kind: ConfigMap'),
  },
  {
    name: 'tenants that sign with one key',
    rule: 'tenant-keys',
    edit: (files) =>
      files.replace(
        'kubernetes/components/tenant/kustomization.yaml',
        /\nreplacements:[\s\S]*$/,
        '\n',
      ),
  },
  {
    name: 'a token in the settings of a cluster',
    rule: 'no-plaintext',
    says: /cluster-settings.yaml/,
    edit: (files) =>
      files.append(at.infraSettings, `  DNS_TOKEN: ${['k3Jd92mXq7', 'Lp0aZtR5vB'].join('')}\n`),
  },
  {
    name: 'a private key in a document',
    rule: 'no-plaintext',
    says: /private key/,
    edit: (files) =>
      files.append('docs/secrets.md', `\n${['-----BEGIN RSA PRIV', 'ATE KEY-----'].join('')}\n`),
  },
  {
    name: 'a scanner that is given nothing to read',
    rule: 'secret-scanner',
    edit: (files) => files.removeAll(),
  },
  {
    name: 'a Secret written out',
    rule: 'no-secret-objects',
    edit: (files) =>
      files.append(
        at.canary,
        '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: plain\n  namespace: external-secrets\nstringData:\n  value: hello\n',
      ),
  },
  {
    name: 'a generator of Secrets',
    rule: 'no-secret-objects',
    edit: (files) =>
      files.append(at.storesApp, 'secretGenerator:\n  - name: a\n    literals: [a=b]\n'),
  },
  {
    name: 'a secret that the inventory does not know',
    rule: 'secrets-inventory',
    edit: (files) => files.replace(at.canary, 'property: value', 'property: other'),
  },
  {
    name: 'an item of the inventory that nobody reads',
    rule: 'secrets-inventory',
    edit: (files) =>
      files.append(
        at.inventory,
        '\n  - item: old\n    vault: cluster\n    fields: [a]\n    readers:\n      - {by: external-secret, fields: [a]}\n    rotation: {every: 90d, how: worthless}\n',
      ),
  },
  {
    name: 'a secret without a way to rotate it',
    rule: 'secrets-rotation',
    edit: (files) => files.replace(at.inventory, 'how: webhook-keys', 'how: by-hand'),
  },
  {
    name: 'an Alert that does not hear releases',
    rule: 'alerts-cover',
    edit: (files) => files.replace(at.alerts, /\n {4}- kind: HelmRelease\n {6}name: "\*"/, ''),
  },
  {
    name: 'a namespace without an Alert',
    rule: 'alerts-cover',
    edit: (files) => {
      const folder = at.cnpgNamespace.replace('namespace.yaml', '');
      files.replace(`${folder}kustomization.yaml`, /\ncomponents:\n.*namespace/, '');
    },
  },
  {
    name: 'events without a signature',
    rule: 'alerts-provider',
    edit: (files) => files.replace(at.alerts, 'type: generic-hmac', 'type: generic'),
  },
  {
    name: 'fifteen seconds to deliver an event',
    rule: 'alerts-provider',
    edit: (files) => files.replace(at.alerts, '  timeout: 60s\n', ''),
  },
  {
    name: 'errors only, so no recovery is told',
    rule: 'alerts-complete',
    edit: (files) => files.replace(at.alerts, 'eventSeverity: info', 'eventSeverity: error'),
  },
  {
    name: 'an alert with a runbook that does not exist',
    rule: 'alert-rules',
    edit: (files) => files.replace(at.storeRules, '#connect-is-down', '#connect-is-away'),
  },
  {
    name: 'one 1Password Connect',
    rule: 'several-of-each',
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/security/onepassword-connect/app/helmrelease.yaml',
        '      replicas: 2',
        '      replicas: 1',
      ),
  },
  {
    name: 'a pool with two copies of its data',
    rule: 'several-of-each',
    edit: (files) => files.replace(at.ceph, /(replicated:\n {12}size:) 3/, '$1 2'),
  },
  {
    name: 'no alert for a secret that is not synced',
    rule: 'alerts-exist',
    edit: (files) => files.replace(at.storesApp, '  - prometheus-rule.yaml\n', ''),
  },
  {
    name: 'no alert when Ceph is not healthy',
    rule: 'alerts-exist',
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/storage/rook-ceph-cluster/app/prometheus-rule.yaml',
        'max(ceph_health_status) == 2',
        'max(ceph_osd_up) == 0',
      ),
  },
  {
    name: 'two default storage classes',
    rule: 'storage-classes',
    edit: (files) =>
      files.replace(
        at.ceph,
        /name: ceph-filesystem\n {10}isDefault: false/,
        'name: ceph-filesystem\n          isDefault: true',
      ),
  },
  {
    name: 'a storage class that no test claims',
    rule: 'storage-classes',
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/storage/storage-tests/app/filesystem.yaml',
        'storageClassName: ceph-filesystem',
        'storageClassName: ceph-block',
      ),
  },
  {
    name: 'a cron schedule with six fields',
    rule: 'schedules',
    failure: 19,
    edit: (files) =>
      files.append(
        at.block,
        '---\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a\n  namespace: storage-tests\nspec:\n  schedule: "0 0 3 * * *"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: a\n              image: docker.io/library/busybox:1.37.0\n',
      ),
  },
  {
    name: 'DNS-01 without outside resolvers',
    rule: 'acme-dns',
    failure: 19,
    says: /DNS-01 asks/,
    edit: (files) => files.replace(at.certManager, '    dns01RecursiveNameserversOnly: true\n', ''),
  },
  {
    name: 'an ACME certificate among the issuers',
    rule: 'acme-dns',
    failure: 19,
    says: /beside the issuers/,
    edit: (files) =>
      files.append(
        at.issuers,
        '---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata:\n  name: early\n  namespace: cert-manager\nspec:\n  secretName: early\n  dnsNames: [a.example.com]\n  issuerRef:\n    kind: ClusterIssuer\n    name: letsencrypt-production\n',
      ),
  },
  {
    name: 'CRDs switched off in the release, so that they freeze',
    rule: 'crds-upgraded',
    edit: (files) =>
      files.replace(
        at.certManager,
        '      enabled: true\n      keep: true',
        '      enabled: false\n      keep: true',
      ),
  },
  {
    name: 'the annotation for global services of old',
    rule: 'global-services',
    failure: 16,
    edit: (files) =>
      files.replace(
        'kubernetes/workloads/platform/echo/base/service.yaml',
        '  name: echo\nspec',
        '  name: echo\n  annotations:\n    io.cilium/global-service: "true"\nspec',
      ),
  },
  {
    name: 'a Service of infra, named from apps',
    rule: 'service-hosts',
    failure: 22,
    says: /no Service vmsingle.observability/,
    edit: (files) =>
      files.replace(
        at.echoDeployment,
        '            - --udp-port=-1\n',
        '            - --udp-port=-1\n            - --remote=http://vmsingle.observability.svc.cluster.local:8428\n',
      ),
  },
  {
    name: 'a namespace without a pod security level',
    rule: 'pod-security',
    edit: (files) =>
      files.replace(at.cnpgNamespace, /\n {4}pod-security.kubernetes.io\/enforce: \w+/, ''),
  },
  {
    name: 'a root pod in a restricted namespace',
    rule: 'pod-security',
    edit: (files) => files.replace(at.echoDeployment, 'runAsNonRoot: true', 'runAsNonRoot: false'),
  },
];
