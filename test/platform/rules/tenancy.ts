import type { KubeObject } from '#src/render/objects.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const ofKind = (cluster: Cluster, ...kinds: readonly string[]): readonly KubeObject[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => kinds.includes(object.kind));

const labelsOf = (cluster: Cluster, namespace: string | undefined) =>
  ofKind(cluster, 'Namespace').find((object) => object.metadata.name === namespace)?.metadata
    .labels ?? {};

const tenantsOf = (cluster: Cluster): readonly string[] =>
  ofKind(cluster, 'Namespace')
    .filter((object) => object.metadata.labels?.['platform/tenant'] !== undefined)
    .map((object) => object.metadata.name);

const stores: Rule = {
  name: 'store-admits',
  summary: 'each namespace that reads a secret is one that the store lets in',
  scope: 'cluster',
  check: (cluster) =>
    ofKind(cluster, 'ExternalSecret').flatMap((secret): readonly Finding[] => {
      const name = textAt(secret, 'spec', 'secretStoreRef', 'name');
      const store = ofKind(cluster, 'ClusterSecretStore').find(
        (candidate) => candidate.metadata.name === name,
      );
      const conditions = listAt(store, 'spec', 'conditions');
      const labels = labelsOf(cluster, secret.metadata.namespace);
      const isIn = conditions.some(
        (condition) =>
          listAt(condition, 'namespaces').includes(secret.metadata.namespace) ||
          (at(condition, 'namespaceSelector') !== undefined &&
            selects(at(condition, 'namespaceSelector'), labels)),
      );
      return store === undefined || conditions.length === 0 || isIn
        ? []
        : [{ where: titleOf(secret), what: `${titleOf(store)} does not let its namespace in` }];
    }),
};

const subjects: Rule = {
  name: 'bindings',
  summary:
    'a binding names accounts with their namespace; cluster-admin only where a release needs it',
  scope: 'cluster',
  check: (cluster) => {
    const tenants = tenantsOf(cluster);
    const installing = new Set(
      ofKind(cluster, 'HelmRelease').map((release) => release.metadata.namespace),
    );
    return ofKind(cluster, 'RoleBinding', 'ClusterRoleBinding').flatMap((binding) =>
      listAt(binding, 'subjects')
        .filter((subject) => textAt(subject, 'kind') === 'ServiceAccount')
        .flatMap((subject): readonly Finding[] => {
          const namespace = textAt(subject, 'namespace');
          const where = titleOf(binding);
          const isIdle =
            textAt(binding, 'roleRef', 'name') === 'cluster-admin' && !installing.has(namespace);
          const isWide = binding.kind === 'ClusterRoleBinding' && tenants.includes(namespace ?? '');
          return [
            ...(namespace === undefined ? [{ where, what: 'a subject has no namespace' }] : []),
            ...(isIdle
              ? [{ where, what: `cluster-admin in ${namespace ?? '?'}, which installs nothing` }]
              : []),
            ...(isWide
              ? [{ where, what: `a tenant's account has rights in every namespace` }]
              : []),
          ];
        }),
    );
  },
};

/** What would let a tenant out of its namespace, or take its fences away. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  [
    'apiGroups',
    /^(?:\*|rbac\.authorization\.k8s\.io|external-secrets\.io|networking\.k8s\.io|cilium\.io|notification\.toolkit\.fluxcd\.io|apiextensions\.k8s\.io|admissionregistration\.k8s\.io)$/,
  ],
  [
    'resources',
    /^(?:\*|nodes|namespaces|resourcequotas|limitranges|serviceaccounts\/token|pods\/exec)$/,
  ],
  ['verbs', /^(?:\*|escalate|bind|impersonate)$/],
];

const rights: Rule = {
  name: 'tenant-rights',
  summary: 'no role that a tenant has lets it out of its namespace or take its fences away',
  scope: 'cluster',
  check: (cluster) => {
    const tenants = tenantsOf(cluster);
    const roles = new Set(
      ofKind(cluster, 'RoleBinding')
        .filter((binding) => tenants.includes(binding.metadata.namespace ?? ''))
        .map((binding) => textAt(binding, 'roleRef', 'name') ?? ''),
    );
    const bound = ofKind(cluster, 'ClusterRole', 'Role').filter((role) =>
      roles.has(role.metadata.name),
    );
    const given = ['cluster-admin', 'admin', 'edit'].filter((role) => roles.has(role));
    return [
      ...given.map((role) => ({ where: `ClusterRole/${role}`, what: 'it is given to a tenant' })),
      ...bound.flatMap((role) =>
        listAt(role, 'rules').flatMap((rule) =>
          forbidden.flatMap(([field, pattern]) =>
            listAt(rule, field)
              .filter((value) => pattern.test(String(value)))
              .map((value) => ({ where: titleOf(role), what: `${field} has ${String(value)}` })),
          ),
        ),
      ),
    ];
  },
};

const fences: Rule = {
  name: 'tenant-fences',
  summary: 'each tenant has a quota, limits and an account of its own',
  scope: 'cluster',
  check: (cluster) =>
    tenantsOf(cluster).flatMap((tenant) =>
      ['ResourceQuota', 'LimitRange', 'ServiceAccount', 'RoleBinding']
        .filter(
          (kind) => !ofKind(cluster, kind).some((object) => object.metadata.namespace === tenant),
        )
        .map((kind) => ({ where: `Namespace/${tenant}`, what: `it has no ${kind}` })),
    ),
};

const keys: Rule = {
  name: 'tenant-keys',
  summary: "a tenant signs its events with a key of its own, and never has the cluster's",
  scope: 'cluster',
  check: (cluster) =>
    tenantsOf(cluster).flatMap((tenant): readonly Finding[] => {
      const where = `Namespace/${tenant}`;
      const own = ofKind(cluster, 'ExternalSecret').find(
        (secret) =>
          secret.metadata.namespace === tenant && secret.metadata.name === 'flux-chatops-webhook',
      );
      const item = textAt(own, 'spec', 'data', 0, 'remoteRef', 'key') ?? '';
      const shared = ofKind(cluster, 'ClusterExternalSecret').filter((secret) =>
        listAt(secret, 'spec', 'namespaceSelectors').some((selector) =>
          selects(selector, labelsOf(cluster, tenant)),
        ),
      );
      return [
        ...(item === `flux-chatops-webhook.${tenant}`
          ? []
          : [{ where, what: `its key is the item "${item}", not its own` }]),
        ...shared.map((secret) => ({ where, what: `${titleOf(secret)} reaches into it` })),
      ];
    }),
};

export const tenancyRules: readonly Rule[] = [stores, subjects, rights, fences, keys];
