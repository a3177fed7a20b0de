import {
  at,
  isRecord,
  type JsonRecord,
  type KubeObject,
  listAt,
  textAt,
} from '#test/sandbox/api/json.ts';

/** One kind of object that the API serves, in its one version. */
export interface ResourceKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Defined by a CustomResourceDefinition: no strategic merge, lists are atomic. */
  readonly custom: boolean;
  readonly status: boolean;
  /** Whether `metadata.generation` counts changes of the desired state. */
  readonly generation: boolean;
  /** OpenAPI, of custom kinds that came with one. */
  readonly schema?: unknown;
}

type Row = readonly [group: string, version: string, kind: string, plural: string, short?: string];

const kindFrom = (
  [group, version, kind, plural, short]: Row,
  more: Partial<ResourceKind>,
): ResourceKind => ({
  group,
  version,
  kind,
  plural,
  shortNames: short === undefined ? [] : [short],
  namespaced: true,
  custom: false,
  status: false,
  generation: false,
  ...more,
});

const plain: readonly Row[] = [
  ['', 'v1', 'ConfigMap', 'configmaps', 'cm'],
  ['', 'v1', 'Secret', 'secrets'],
  ['', 'v1', 'ServiceAccount', 'serviceaccounts', 'sa'],
  ['', 'v1', 'Endpoints', 'endpoints', 'ep'],
  ['', 'v1', 'LimitRange', 'limitranges', 'limits'],
  ['', 'v1', 'Event', 'events', 'ev'],
  ['rbac.authorization.k8s.io', 'v1', 'Role', 'roles'],
  ['rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings'],
  ['coordination.k8s.io', 'v1', 'Lease', 'leases'],
  ['discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'],
];

const withStatus: readonly Row[] = [
  ['', 'v1', 'Pod', 'pods', 'po'],
  ['', 'v1', 'Service', 'services', 'svc'],
  ['', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', 'pvc'],
  ['', 'v1', 'ResourceQuota', 'resourcequotas', 'quota'],
  ['apps', 'v1', 'Deployment', 'deployments', 'deploy'],
  ['apps', 'v1', 'StatefulSet', 'statefulsets', 'sts'],
  ['apps', 'v1', 'DaemonSet', 'daemonsets', 'ds'],
  ['apps', 'v1', 'ReplicaSet', 'replicasets', 'rs'],
  ['batch', 'v1', 'Job', 'jobs'],
  ['batch', 'v1', 'CronJob', 'cronjobs', 'cj'],
  ['autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'hpa'],
  ['policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets', 'pdb'],
  ['networking.k8s.io', 'v1', 'Ingress', 'ingresses', 'ing'],
  ['networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies', 'netpol'],
];

const clusterWide: readonly Row[] = [
  ['', 'v1', 'Namespace', 'namespaces', 'ns'],
  ['', 'v1', 'Node', 'nodes', 'no'],
  ['', 'v1', 'PersistentVolume', 'persistentvolumes', 'pv'],
  ['rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles'],
  ['rbac.authorization.k8s.io', 'v1', 'ClusterRoleBinding', 'clusterrolebindings'],
  ['storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', 'sc'],
  ['storage.k8s.io', 'v1', 'CSIDriver', 'csidrivers'],
  ['scheduling.k8s.io', 'v1', 'PriorityClass', 'priorityclasses', 'pc'],
  ['networking.k8s.io', 'v1', 'IngressClass', 'ingressclasses'],
  ['apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', 'crd'],
  ['apiregistration.k8s.io', 'v1', 'APIService', 'apiservices'],
  [
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
  ],
  [
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
  ],
  [
    'admissionregistration.k8s.io',
    'v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
  ],
];

const clusterWideWithStatus: readonly Row[] = [
  [
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
  ],
];

const flux: readonly Row[] = [
  ['kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations', 'ks'],
  ['helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', 'helmreleases', 'hr'],
  ['source.toolkit.fluxcd.io', 'v1', 'GitRepository', 'gitrepositories', 'gitrepo'],
  ['source.toolkit.fluxcd.io', 'v1', 'OCIRepository', 'ocirepositories', 'ocirepo'],
  ['source.toolkit.fluxcd.io', 'v1', 'Bucket', 'buckets'],
  ['source.toolkit.fluxcd.io', 'v1', 'HelmRepository', 'helmrepositories', 'helmrepo'],
  ['source.toolkit.fluxcd.io', 'v1', 'HelmChart', 'helmcharts', 'hc'],
  ['source.toolkit.fluxcd.io', 'v1', 'ExternalArtifact', 'externalartifacts'],
  ['notification.toolkit.fluxcd.io', 'v1beta3', 'Alert', 'alerts'],
  ['notification.toolkit.fluxcd.io', 'v1beta3', 'Provider', 'providers'],
  ['notification.toolkit.fluxcd.io', 'v1', 'Receiver', 'receivers'],
  ['image.toolkit.fluxcd.io', 'v1', 'ImageRepository', 'imagerepositories', 'imgrepo'],
  ['image.toolkit.fluxcd.io', 'v1', 'ImagePolicy', 'imagepolicies', 'imgpol'],
  ['image.toolkit.fluxcd.io', 'v1', 'ImageUpdateAutomation', 'imageupdateautomations', 'imgauto'],
];

export const builtInKinds: readonly ResourceKind[] = [
  ...plain.map((row) => kindFrom(row, {})),
  ...withStatus.map((row) => kindFrom(row, { status: true, generation: row[0] !== '' })),
  ...clusterWide.map((row) => kindFrom(row, { namespaced: false, status: row[0] === '' })),
  ...clusterWideWithStatus.map((row) =>
    kindFrom(row, { namespaced: false, status: true, generation: true }),
  ),
];

/** The Flux kinds of Flux 2.9, each in the one version that its CRD serves. */
export const fluxCustomKinds: readonly ResourceKind[] = flux.map((row) =>
  kindFrom(row, { custom: true, status: true, generation: true }),
);

/** A kind of our own making, for tests and operators; namespaced unless told otherwise. */
export const customKind = (
  group: string,
  version: string,
  kind: string,
  plural: string,
  more: Partial<ResourceKind> = {},
): ResourceKind =>
  kindFrom([group, version, kind, plural], {
    custom: true,
    status: true,
    generation: true,
    ...more,
  });

/** What a CustomResourceDefinition defines: its storage version, or else the first one served. */
export const kindFromDefinition = (definition: KubeObject): ResourceKind | undefined => {
  const versions = listAt(definition, 'spec', 'versions').filter(isRecord);
  const version = versions.find((one) => one['storage'] === true) ?? versions[0];
  const group = textAt(definition, 'spec', 'group');
  const name = textAt(version, 'name');
  const kind = textAt(definition, 'spec', 'names', 'kind');
  const plural = textAt(definition, 'spec', 'names', 'plural');
  return group === undefined || name === undefined || kind === undefined || plural === undefined
    ? undefined
    : customKind(group, name, kind, plural, {
        namespaced: textAt(definition, 'spec', 'scope') !== 'Cluster',
        schema: at(version, 'schema', 'openAPIV3Schema'),
        shortNames: listAt(definition, 'spec', 'names', 'shortNames').filter(
          (short): short is string => typeof short === 'string',
        ),
      });
};

/** The CustomResourceDefinition that a kind would come from, established. */
export const definitionOf = (kind: ResourceKind): JsonRecord & KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.plural}.${kind.group}` },
  spec: {
    group: kind.group,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    names: {
      kind: kind.kind,
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      listKind: `${kind.kind}List`,
      ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    },
    versions: [
      {
        name: kind.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object' } },
      },
    ],
  },
  status: {
    acceptedNames: { kind: kind.kind, plural: kind.plural },
    storedVersions: [kind.version],
    conditions: ['NamesAccepted', 'Established'].map((type) => ({
      type,
      status: 'True',
      reason: type === 'Established' ? 'InitialNamesAccepted' : 'NoConflicts',
      message: '',
    })),
  },
});

export const apiVersionOf = (kind: ResourceKind): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** The kinds that are served, found by resource or by kind; grows and shrinks with definitions. */
export const createKinds = (initial: readonly ResourceKind[]) => {
  const byResource = new Map<string, ResourceKind>();
  const add = (kind: ResourceKind): void => {
    byResource.set(`${kind.group}/${kind.plural}`, kind);
  };
  for (const kind of initial) {
    add(kind);
  }
  return {
    add,
    remove: (kind: ResourceKind): void => {
      byResource.delete(`${kind.group}/${kind.plural}`);
    },
    all: (): readonly ResourceKind[] => [...byResource.values()],
    byPlural: (group: string, plural: string): ResourceKind | undefined =>
      byResource.get(`${group}/${plural}`),
    /** By what an object says of itself; the version must be the one served, except for Events. */
    byObject: (apiVersion: string, kind: string): ResourceKind | undefined => {
      const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
      for (const known of byResource.values()) {
        if (known.kind === kind && known.group === group && apiVersionOf(known) === apiVersion) {
          return known;
        }
      }
      return kind === 'Event' && apiVersion === 'events.k8s.io/v1'
        ? byResource.get('/events')
        : undefined;
    },
  };
};

export type Kinds = ReturnType<typeof createKinds>;
