import { isGiven, layerNeeds } from '#test/platform/world/graph.ts';
import { dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Finding, type Rule, titleOf } from '#test/platform/world/world.ts';

const isNamespace = (id: string): boolean => id.startsWith('object /Namespace/');

const resolve: Rule = {
  name: 'references-resolve',
  summary: 'every object that is named exists in the cluster, or is declared as given',
  failures: [1, 6],
  scope: 'cluster',
  check: (cluster) =>
    layerNeeds(cluster)
      .filter(({ need, providers }) => providers.length === 0 && !isGiven(need))
      .filter(({ need }) => !isNamespace(need.id) && (need.first || need.by !== 'spec.valuesFrom'))
      .map(({ need, asker }) => ({
        where: asker,
        what: `${need.by} needs ${need.id}, which nothing provides`,
      })),
};

const namespacesExist: Rule = {
  name: 'namespaces-exist',
  summary: 'every namespace that is used is made',
  scope: 'cluster',
  check: (cluster) =>
    layerNeeds(cluster)
      .filter(({ need, providers }) => isNamespace(need.id) && providers.length === 0)
      .map(({ need, asker }) => ({ where: asker, what: `${need.id} is made by nobody` })),
};

const advertised: Rule = {
  name: 'bgp-advertisements',
  summary: 'each family of a BGP peer selects an advertisement, which selects per entry',
  failures: [4],
  scope: 'cluster',
  check: (cluster) => {
    const objects = appliedObjects(cluster).map(({ object }) => object);
    const advertisements = objects.filter((object) => object.kind === 'CiliumBGPAdvertisement');
    const selects = (family: unknown): boolean => {
      const wanted = Object.entries(dataAt(family, 'advertisements', 'matchLabels'));
      return (
        wanted.length > 0 &&
        advertisements.some((advertisement) =>
          wanted.every(([label, value]) => advertisement.metadata.labels?.[label] === value),
        )
      );
    };
    const families = objects
      .filter((object) => object.kind === 'CiliumBGPPeerConfig')
      .flatMap((peer) => listAt(peer, 'spec', 'families').map((family) => ({ peer, family })));
    const entries = advertisements.flatMap((advertisement) =>
      listAt(advertisement, 'spec', 'advertisements').map((entry) => ({ advertisement, entry })),
    );
    return [
      ...families
        .filter(({ family }) => !selects(family))
        .map(({ peer, family }) => ({
          where: titleOf(peer),
          what: `family ${textAt(family, 'afi') ?? ''} selects no advertisement`,
        })),
      ...entries
        .filter(({ entry }) => textAt(entry, 'advertisementType') === 'Service')
        .filter(({ entry }) => Object.keys(dataAt(entry, 'selector')).length === 0)
        .map(({ advertisement }) => ({
          where: titleOf(advertisement),
          what: 'an entry for Services has no selector, so it advertises nothing',
        })),
    ];
  },
};

const lets = (
  listener: unknown,
  isSame: boolean,
  labels: Readonly<Record<string, string>>,
): boolean => {
  const namespaces = dataAt(listener, 'allowedRoutes', 'namespaces');
  const from = textAt(namespaces, 'from') ?? 'Same';
  if (from !== 'Selector') {
    return from === 'All' || isSame;
  }
  const wanted = Object.entries(dataAt(namespaces, 'selector', 'matchLabels'));
  return wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value);
};

const listeners: Rule = {
  name: 'route-listeners',
  summary: 'each route names a listener that its Gateway has and that lets its namespace in',
  scope: 'cluster',
  check: (cluster) => {
    const objects = appliedObjects(cluster).map(({ object }) => object);
    const find = (kind: string, namespace: string | undefined, name: string | undefined) =>
      objects.find(
        (object) =>
          object.kind === kind &&
          object.metadata.name === name &&
          object.metadata.namespace === namespace,
      );
    const routes = objects.filter((object) => object.kind === 'HTTPRoute');
    const pairs = routes.flatMap((route) =>
      listAt(route, 'spec', 'parentRefs').map((parent) => ({ route, parent })),
    );
    return pairs.flatMap(({ route, parent }): readonly Finding[] => {
      const namespace = textAt(parent, 'namespace') ?? route.metadata.namespace;
      const gateway = find('Gateway', namespace, textAt(parent, 'name'));
      const section = textAt(parent, 'sectionName') ?? '';
      const listener = listAt(gateway, 'spec', 'listeners').find(
        (candidate) => textAt(candidate, 'name') === section,
      );
      const own = find('Namespace', undefined, route.metadata.namespace);
      const isSame = route.metadata.namespace === namespace;
      if (gateway === undefined || lets(listener, isSame, own?.metadata.labels ?? {})) {
        return [];
      }
      const problem = listener === undefined ? 'does not exist' : 'does not let it in';
      return [
        { where: titleOf(route), what: `listener "${section}" of ${titleOf(gateway)} ${problem}` },
      ];
    });
  },
};

export const referenceRules: readonly Rule[] = [resolve, namespacesExist, advertised, listeners];
