import { type KubeObject, listAt, textAt } from '#test/sandbox/api/json.ts';

export interface InventoryEntry {
  readonly id: string;
  readonly v: string;
}

const escapeName = (name: string): string => name.replaceAll(':', '__');

/** The entry by which Flux remembers an object that it applied. */
export const entryOf = (object: KubeObject): InventoryEntry => {
  const [group = '', version] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const { namespace = '', name } = object.metadata;
  return { id: `${namespace}_${escapeName(name)}_${group}_${object.kind}`, v: version ?? 'v1' };
};

export const inventoryOf = (object: KubeObject): readonly InventoryEntry[] =>
  listAt(object, 'status', 'inventory', 'entries').flatMap((entry) => {
    const id = textAt(entry, 'id');
    return id === undefined ? [] : [{ id, v: textAt(entry, 'v') ?? 'v1' }];
  });

export interface InventoryRef {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

/** Reads an entry: the namespace ends at the first `_`, kind and group start at the last two. */
export const refOfEntry = ({ id, v }: InventoryEntry): InventoryRef => {
  const first = id.indexOf('_');
  const last = id.lastIndexOf('_');
  const second = id.lastIndexOf('_', last - 1);
  const namespace = id.slice(0, first);
  return {
    namespace: namespace === '' ? undefined : namespace,
    name: id.slice(first + 1, second).replaceAll('__', ':'),
    group: id.slice(second + 1, last),
    kind: id.slice(last + 1),
    version: v,
  };
};

/** `Deployment/harbor/harbor-core`, as Flux writes an object in a message. */
export const shownName = (kind: string, namespace: string | undefined, name: string): string =>
  namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;

export const shown = (object: KubeObject): string =>
  shownName(object.kind, object.metadata.namespace, object.metadata.name);

const firstKinds = [
  'CustomResourceDefinition',
  'Namespace',
  'ClusterClass',
  'RuntimeClass',
  'PriorityClass',
  'StorageClass',
  'VolumeSnapshotClass',
  'IngressClass',
  'GatewayClass',
  'ResourceQuota',
  'ServiceAccount',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ConfigMap',
  'Secret',
  'Service',
  'LimitRange',
  'Deployment',
  'StatefulSet',
  'CronJob',
  'PodDisruptionBudget',
];

const lastKinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

const rankOf = (kind: string): number => {
  const first = firstKinds.indexOf(kind);
  const last = lastKinds.indexOf(kind);
  const late = last < 0 ? 0 : 1 + last;
  return first < 0 ? firstKinds.length + late : first;
};

export interface Sortable {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

const placeOf = ({ group, kind, namespace = '', name }: Sortable): string =>
  `${group}/${kind}/${namespace}/${name}`;

/** The order in which Flux applies; it prunes in the opposite one. */
export const byApplyOrder = (left: Sortable, right: Sortable): number => {
  const rank = rankOf(left.kind) - rankOf(right.kind);
  const one = placeOf(left);
  const other = placeOf(right);
  if (rank !== 0 || one === other) {
    return rank;
  }
  return one < other ? -1 : 1;
};

export const sortableOf = (object: KubeObject): Sortable => ({
  group: object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '',
  kind: object.kind,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
});

/** Staged first, because others need them: definitions and namespaces. */
export const isDefinition = ({ kind }: KubeObject): boolean =>
  kind === 'CustomResourceDefinition' || kind === 'Namespace';
