import { cephClasses, isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const ofKind = (cluster: Cluster, kind: string) =>
  objectsOf(cluster).filter((object) => object.kind === kind);

const storage: Rule = {
  name: 'storage-classes',
  summary: 'one default StorageClass, the classes that versions.yaml names, each proven by a claim',
  scope: 'cluster',
  check: (cluster) => {
    const made = objectsOf(cluster).filter(isHelmRelease).flatMap(cephClasses);
    const classes = made.filter(({ kind }) => kind === 'StorageClass');
    const defaults = classes.filter(({ isDefault }) => isDefault);
    const named = Object.values(cluster.versions.components).flatMap(({ provides }) => [
      ...provides.storageClasses.map((name) => `StorageClass ${name}`),
      ...provides.volumeSnapshotClasses.map((name) => `VolumeSnapshotClass ${name}`),
    ]);
    const names = made.map(({ kind, name }) => `${kind} ${name}`);
    const claimed = new Set(
      ofKind(cluster, 'PersistentVolumeClaim').map((claim) =>
        textAt(claim, 'spec', 'storageClassName'),
      ),
    );
    const where = 'StorageClass';
    return [
      ...(defaults.length === 1
        ? []
        : [{ where, what: `${defaults.length} classes are the default` }]),
      ...named
        .filter((name) => !names.includes(name))
        .map((name) => ({ where, what: `${name} is not made` })),
      ...names
        .filter((name) => !named.includes(name))
        .map((name) => ({ where, what: `${name} is not in versions.yaml` })),
      ...classes
        .filter(({ name }) => !claimed.has(name))
        .map(({ name }) => ({ where, what: `no test claims ${name}` })),
    ];
  },
};

const cron: Rule = {
  name: 'schedules',
  summary: 'Kubernetes schedules have five fields, those of CloudNativePG six',
  failures: [19],
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster).flatMap((object): readonly Finding[] => {
      const schedule = textAt(object, 'spec', 'schedule');
      const wanted = object.kind === 'ScheduledBackup' ? 6 : 5;
      return schedule === undefined ||
        schedule.startsWith('@') ||
        schedule.trim().split(/\s+/).length === wanted
        ? []
        : [{ where: titleOf(object), what: `"${schedule}" does not have ${wanted} fields` }];
    }),
};

const acme: Rule = {
  name: 'acme-dns',
  summary: 'DNS-01 asks outside resolvers, and no ACME certificate holds back the issuers',
  failures: [19],
  scope: 'cluster',
  check: (cluster) => {
    const values = dataAt(
      objectsOf(cluster).find(
        (object) => isHelmRelease(object) && object.metadata.name === 'cert-manager',
      ),
      'spec',
      'values',
    );
    const issuers = ofKind(cluster, 'ClusterIssuer');
    const isAcme = (name: string | undefined): boolean =>
      issuers.some(
        (issuer) => issuer.metadata.name === name && at(issuer, 'spec', 'acme') !== undefined,
      );
    const mixed = cluster.layers.filter(
      (layer) =>
        layer.objects.some((object) => object.kind === 'ClusterIssuer') &&
        layer.objects.some(
          (object) =>
            object.kind === 'Certificate' && isAcme(textAt(object, 'spec', 'issuerRef', 'name')),
        ),
    );
    return [
      ...(at(values, 'dns01RecursiveNameserversOnly') === true &&
      (textAt(values, 'dns01RecursiveNameservers') ?? '') !== ''
        ? []
        : [
            {
              where: 'HelmRelease/cert-manager/cert-manager',
              what: 'DNS-01 asks the resolver of the cluster, which answers its own zones',
            },
          ]),
      ...mixed.map((layer) => ({
        where: `ks/${layer.name}`,
        what: 'an ACME certificate beside the issuers: one name that cannot be proven stops all',
      })),
    ];
  },
};

const crds: Rule = {
  name: 'crds-upgraded',
  summary: 'charts keep upgrading their CRDs and never take them away',
  scope: 'cluster',
  check: (cluster) => {
    const off: Readonly<Record<string, readonly (readonly string[])[]>> = {
      'cert-manager': [
        ['crds', 'enabled'],
        ['crds', 'keep'],
      ],
      'external-secrets': [['installCRDs']],
      'rook-ceph': [['crds', 'enabled']],
      'cloudnative-pg': [['crds', 'create']],
      'plugin-barman-cloud': [['crds', 'create']],
    };
    // charts whose CRDs are templates like any other: Helm deletes them with the release
    const templated = new Set([
      'prometheus-operator-crds',
      'victoria-metrics-operator-crds',
      'external-secrets',
    ]);
    return objectsOf(cluster)
      .filter(isHelmRelease)
      .flatMap((object): readonly Finding[] => {
        const where = titleOf(object);
        const annotations = dataAt(object, 'spec', 'values', 'crds', 'annotations');
        const isLost =
          templated.has(object.metadata.name) && annotations['helm.sh/resource-policy'] !== 'keep';
        const policies = ['install', 'upgrade'].filter(
          (act) => textAt(object, 'spec', act, 'crds') !== 'CreateReplace',
        );
        const switches = (off[object.metadata.name] ?? []).filter(
          (path) => at(object, 'spec', 'values', ...path) !== true,
        );
        return [
          ...policies.map((act) => ({
            where,
            what: `${act}.crds is not CreateReplace: CRDs freeze`,
          })),
          ...switches.map((path) => ({
            where,
            what: `${path.join('.')} is not true: CRDs freeze or go`,
          })),
          ...(isLost
            ? [{ where, what: 'its CRDs, and every object of theirs, go with the release' }]
            : []),
        ];
      });
  },
};

const globalServices: Rule = {
  name: 'global-services',
  summary: 'global services use the annotation of today',
  failures: [16],
  scope: 'both',
  check: (_, world) => [
    ...world.clusters.flatMap((cluster) =>
      objectsOf(cluster)
        .filter((object) => JSON.stringify(object).includes('io.cilium/global-service'))
        .map((object) => ({
          where: titleOf(object),
          what: 'io.cilium/global-service is not read any more; service.cilium.io/global is',
        })),
    ),
  ],
};

/** `name.namespace.svc` in an object. */
const serviceName = /\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b/g;

const serviceHosts: Rule = {
  name: 'service-hosts',
  summary: 'a name of a Service is that of one in the same cluster',
  failures: [22],
  scope: 'cluster',
  check: (cluster) => {
    const services = new Set([
      ...ofKind(cluster, 'Service').map(
        (object) => `${object.metadata.name}.${object.metadata.namespace ?? ''}`,
      ),
      ...Object.values(cluster.versions.components).flatMap(({ provides }) =>
        provides.objects
          .filter(({ kind }) => kind === 'Service')
          .map(({ name, namespace }) => `${name}.${namespace ?? ''}`),
      ),
      'kubernetes.default',
      'notification-controller.flux-system',
      'source-controller.flux-system',
    ]);
    return objectsOf(cluster).flatMap((object) =>
      [...places(object)].flatMap(({ value }) =>
        typeof value === 'string'
          ? [...value.matchAll(serviceName)]
              .map((found) => `${found[1] ?? ''}.${found[2] ?? ''}`)
              .filter((name) => !services.has(name))
              .map((name) => ({
                where: titleOf(object),
                what: `no Service ${name} is in this cluster`,
              }))
          : [],
      ),
    );
  },
};

export const operationRules: readonly Rule[] = [
  storage,
  cron,
  acme,
  crds,
  globalServices,
  serviceHosts,
];
