import { chartOf, isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, isData, listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  groupOf,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const isFluxObject = (apiVersion: string): boolean =>
  groupOf(apiVersion).endsWith('.toolkit.fluxcd.io');

const crossNamespace: Rule = {
  name: 'no-cross-namespace',
  summary: 'no Flux object refers to a source, provider or secret in another namespace',
  failures: [1],
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter((object) => isFluxObject(object.apiVersion))
      .flatMap((object) =>
        [...places(at(object, 'spec'))].flatMap(({ path, value }): readonly Finding[] => {
          const field = String(path.at(-1) ?? '');
          const isReference = /^(?:sourceRef|chartRef|providerRef|secretRef)$/.test(field);
          const namespace = isData(value) ? value['namespace'] : undefined;
          return isReference && namespace !== undefined && namespace !== object.metadata.namespace
            ? [{ where: titleOf(object), what: `${field} reaches into ${String(namespace)}` }]
            : [];
        }),
      ),
};

const accounts: Rule = {
  name: 'service-accounts',
  summary:
    'every Kustomization and HelmRelease says as whom it acts: the default account may do nothing',
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster).flatMap((object): readonly Finding[] => {
      const account = textAt(object, 'spec', 'serviceAccountName');
      if (
        object.kind === 'Kustomization' &&
        isFluxObject(object.apiVersion) &&
        account !== 'kustomize-controller'
      ) {
        return [
          {
            where: titleOf(object),
            what: `it acts as "${account ?? ''}", not kustomize-controller`,
          },
        ];
      }
      return isHelmRelease(object) && account !== 'flux'
        ? [{ where: titleOf(object), what: `it acts as "${account ?? ''}", not flux` }]
        : [];
    }),
};

const controllers = ['kustomize-controller', 'helm-controller', 'notification-controller'];

const instanceOf = (cluster: Cluster) => {
  const releases = objectsOf(cluster).filter(
    (object) =>
      isHelmRelease(object) && (chartOf(cluster, object)?.address ?? '').endsWith('/flux-instance'),
  );
  return { releases, values: dataAt(releases[0], 'spec', 'values', 'instance') };
};

const flagsFor = (values: unknown, controller: string): string =>
  listAt(values, 'kustomize', 'patches')
    .filter((patch) =>
      new RegExp(`^(?:${textAt(patch, 'target', 'name') ?? ''})$`).test(controller),
    )
    .map((patch) => textAt(patch, 'patch') ?? '')
    .join('\n');

const locked: Rule = {
  name: 'flux-locked',
  summary:
    'the FluxInstance locks Flux: multi-tenant, no cross-namespace references, no remote bases',
  scope: 'cluster',
  check: (cluster) => {
    const { values } = instanceOf(cluster);
    const where = 'FluxInstance';
    const open = controllers.filter(
      (controller) => !flagsFor(values, controller).includes('--no-cross-namespace-refs=true'),
    );
    return [
      ...(at(values, 'cluster', 'multitenant') === true
        ? []
        : [{ where, what: 'cluster.multitenant is not true' }]),
      ...(at(values, 'cluster', 'networkPolicy') === true
        ? []
        : [{ where, what: 'cluster.networkPolicy is not true' }]),
      ...open.map((controller) => ({
        where,
        what: `${controller} lacks --no-cross-namespace-refs=true`,
      })),
      ...(flagsFor(values, 'kustomize-controller').includes('--no-remote-bases=true')
        ? []
        : [{ where, what: 'kustomize-controller lacks --no-remote-bases=true' }]),
    ];
  },
};

const sync: Rule = {
  name: 'flux-sync',
  summary: 'one FluxInstance with one owner, synced from a full ref and the cluster’s own path',
  failures: [8],
  scope: 'cluster',
  check: (cluster) => {
    const { releases, values } = instanceOf(cluster);
    const where = 'FluxInstance';
    const reference = textAt(values, 'sync', 'ref') ?? '';
    const path = textAt(values, 'sync', 'path') ?? '';
    const others = objectsOf(cluster).filter((object) => object.kind === 'FluxInstance');
    return [
      ...(releases.length === 1 && others.length === 0
        ? []
        : [{ where, what: `${releases.length + others.length} owners would fight over it` }]),
      ...(/^refs\/(?:heads|tags)\/./.test(reference)
        ? []
        : [
            {
              where,
              what: `sync.ref "${reference}" is not a full reference such as refs/heads/main`,
            },
          ]),
      ...(path === `kubernetes/clusters/${cluster.name}`
        ? []
        : [{ where, what: `sync.path "${path}" is not this cluster's entry` }]),
    ];
  },
};

const remote = /^\s*-\s+(?:https?:\/\/|git@|ssh:\/\/|github\.com)/m;

const noRemote: Rule = {
  name: 'no-remote-bases',
  summary: 'no kustomization.yaml names a URL, reached or not',
  scope: 'both',
  check: (_, world) =>
    [...world.files]
      .filter(([path, text]) => path.endsWith('kustomization.yaml') && remote.test(text))
      .map(([path]) => ({ where: path, what: 'it names a remote base' })),
};

const noSops: Rule = {
  name: 'no-sops',
  summary: 'secrets come from External Secrets only: no SOPS file, no decryption',
  scope: 'both',
  check: (_, world) => [
    ...[...world.files.keys()]
      .filter((path) => /(?:^|\/)\.sops\.ya?ml$|\.sops\.ya?ml$/.test(path))
      .map((path) => ({ where: path, what: 'it is for SOPS' })),
    ...world.clusters.flatMap((cluster) =>
      cluster.layers
        .filter((layer) => at(layer.kustomization, 'spec', 'decryption') !== undefined)
        .map((layer) => ({ where: `ks/${layer.name}`, what: 'it decrypts' })),
    ),
  ],
};

const kept: Rule = {
  name: 'data-is-kept',
  summary:
    'removing a line never removes data: namespaces are not pruned, and what holds data is left behind',
  scope: 'cluster',
  check: (cluster) => {
    const namespaces = objectsOf(cluster)
      .filter((object) => object.kind === 'Namespace')
      .filter(
        (object) =>
          object.metadata.annotations?.['kustomize.toolkit.fluxcd.io/prune'] !== 'disabled',
      )
      .map((object) => ({
        where: titleOf(object),
        what: 'pruning it would remove all that is in it',
      }));
    const holders = cluster.layers
      .filter((layer) => holdsData(layer.name, cluster))
      .filter((layer) => textAt(layer.kustomization, 'spec', 'deletionPolicy') !== 'Orphan')
      .map((layer) => ({ where: `ks/${layer.name}`, what: 'deletionPolicy is not Orphan' }));
    return [...namespaces, ...holders];
  },
};

/** Layers whose removal would take CRDs, and with them everything of their kinds. */
const holdsData = (layer: string, cluster: Cluster): boolean =>
  Object.values(cluster.versions.components).some(
    (component) =>
      component.kustomization === layer &&
      (component.provides.storageClasses.length > 0 ||
        component.provides.groups.some((group) =>
          /^(?:ceph\.rook\.io|postgresql\.cnpg\.io|gateway\.networking\.k8s\.io|cert-manager\.io|monitoring\.coreos\.com|external-secrets\.io|snapshot\.storage\.k8s\.io)$/.test(
            group,
          ),
        )),
  );

export const lockdownRules: readonly Rule[] = [
  crossNamespace,
  accounts,
  locked,
  sync,
  noRemote,
  noSops,
  kept,
];
