import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

// served for reviews only: nothing of them is stored
const reviews: readonly (readonly [group: string, kind: string, plural: string])[] = [
  ['authorization.k8s.io', 'SubjectAccessReview', 'subjectaccessreviews'],
  ['authorization.k8s.io', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'],
  ['authentication.k8s.io', 'SelfSubjectReview', 'selfsubjectreviews'],
];

interface Served {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

const servedFrom = (kind: ResourceKind): Served => ({
  ...kind,
  verbs,
  subresources: kind.status ? ['status'] : [],
});

const served = (kinds: Kinds): readonly Served[] => [
  ...kinds.all().map(servedFrom),
  ...kinds
    .all()
    .filter((kind) => kind.group === '' && kind.kind === 'Event')
    .map((kind) => servedFrom({ ...kind, group: 'events.k8s.io' })),
  ...reviews.map(([group, kind, plural]) => ({
    group,
    version: 'v1',
    kind,
    plural,
    shortNames: [],
    namespaced: false,
    verbs: ['create'],
    subresources: [],
  })),
];

const byVersion = (kinds: Kinds): ReadonlyMap<string, readonly Served[]> =>
  Map.groupBy(served(kinds), ({ group, version }) =>
    group === '' ? version : `${group}/${version}`,
  );

const versionsOf = (kinds: Kinds, group: string): readonly string[] => [
  ...new Set(
    served(kinds)
      .filter((one) => one.group === group)
      .map(({ version }) => version),
  ),
];

const groupsOf = (kinds: Kinds): readonly string[] =>
  [...new Set(served(kinds).map(({ group }) => group))]
    .filter((group) => group !== '')
    .toSorted((left, right) => (left < right ? -1 : 1));

const apiGroup = (kinds: Kinds, group: string) => {
  // the stable version first: v1 before v1beta3
  const versions = [...versionsOf(kinds, group)]
    .sort((left, right) => Number(left.includes('beta')) - Number(right.includes('beta')))
    .map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
};

const resourceList = (groupVersion: string, resources: readonly Served[]) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: resources.flatMap((one) => [
    {
      name: one.plural,
      singularName: one.kind.toLowerCase(),
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: one.verbs,
      ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
    },
    ...one.subresources.map((subresource) => ({
      name: `${one.plural}/${subresource}`,
      singularName: '',
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: ['get', 'patch', 'update'],
    })),
  ]),
});

const aggregated = (kinds: Kinds, groups: readonly string[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map((group) => ({
    metadata: { name: group },
    versions: versionsOf(kinds, group).map((version) => ({
      version,
      freshness: 'Current',
      resources: served(kinds)
        .filter((one) => one.group === group && one.version === version)
        .map((one) => ({
          resource: one.plural,
          responseKind: { group, version, kind: one.kind },
          scope: one.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: one.kind.toLowerCase(),
          verbs: one.verbs,
          shortNames: one.shortNames,
          subresources: one.subresources.map((subresource) => ({
            subresource,
            responseKind: { group, version, kind: one.kind },
            verbs: ['get', 'patch', 'update'],
          })),
        })),
    })),
  })),
});

/** Answers the paths by which clients find out what is served; undefined for any other path. */
export const discover = (kinds: Kinds, path: string, accept: string): unknown => {
  const wantsAll = accept.includes('as=APIGroupDiscoveryList');
  if (path === '/api') {
    return wantsAll ? aggregated(kinds, ['']) : { kind: 'APIVersions', versions: ['v1'] };
  }
  if (path === '/apis') {
    const groups = groupsOf(kinds);
    return wantsAll
      ? aggregated(kinds, groups)
      : {
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups: groups.map((group) => apiGroup(kinds, group)),
        };
  }
  if (path === '/version') {
    return { major: '1', minor: '36', gitVersion: 'v1.36.3', platform: 'sandbox' };
  }
  const [, root, group = '', version] = path.split('/');
  const groupVersion = root === 'api' ? group : `${group}/${version}`;
  const parts = path.split('/').length;
  const resources = byVersion(kinds).get(groupVersion);
  if (root === 'apis' && parts === 3 && versionsOf(kinds, group).length > 0) {
    return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(kinds, group) };
  }
  const listed = parts === (root === 'api' ? 3 : 4) && (root === 'api' || root === 'apis');
  return listed && resources !== undefined ? resourceList(groupVersion, resources) : undefined;
};
