import { isSubstitutionOff } from '#src/render/objects.ts';
import { places, printPath } from '#test/platform/world/value.ts';
import { type Rule, titleOf } from '#test/platform/world/world.ts';

const renders: Rule = {
  name: 'renders',
  summary: 'every Flux Kustomization renders, strictly and from inside the tree only',
  scope: 'cluster',
  check: (cluster) =>
    cluster.layers.flatMap((layer) =>
      layer.problem === undefined ? [] : [{ where: `ks/${layer.name}`, what: layer.problem }],
    ),
};

const token = /(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_]*[:}=^,#%/-]/;

const substituted: Rule = {
  name: 'no-token-left',
  summary: 'no variable is left in an object that does not opt out of substitution',
  scope: 'cluster',
  check: (cluster) =>
    cluster.layers.flatMap((layer) =>
      layer.objects
        .filter((object) => !isSubstitutionOff(object))
        .flatMap((object) =>
          [...places(object)].flatMap(({ path, value }) =>
            typeof value === 'string' && token.test(value)
              ? [
                  {
                    where: titleOf(object),
                    what: `${printPath(path)} still holds ${token.exec(value)?.[0] ?? ''}`,
                  },
                ]
              : [],
          ),
        ),
    ),
};

/** Read by tests and by people, applied by nobody. */
const tables: ReadonlySet<string> = new Set(['kubernetes/secrets-inventory.yaml']);

/** What an installation elsewhere uses as well; here, each of its manifests must be applied. */
const shared = /^deploy\/(?:bot|cluster|rbac)\//;

const reaches: Rule = {
  name: 'reaches-everything',
  summary: 'every manifest of the platform and of the bot is part of a cluster',
  scope: 'both',
  check: (_, world) => {
    const reached = new Set(
      world.clusters.flatMap((cluster) => cluster.layers.flatMap((layer) => layer.files)),
    );
    return [...world.files.keys()]
      .filter((path) => path.startsWith('kubernetes/') || shared.test(path))
      .filter((path) => /\.ya?ml$/.test(path))
      .filter((path) => !(reached.has(path) || tables.has(path)))
      .map((path) => ({ where: path, what: 'no cluster applies it' }));
  },
};

const entries: Rule = {
  name: 'entries',
  summary: 'each cluster has an entry of its own name, and its Kustomizations live in flux-system',
  scope: 'cluster',
  check: (cluster) => {
    const named = cluster.settings['CLUSTER_NAME'] ?? '';
    const where = `clusters/${cluster.name}`;
    return [
      ...(named === cluster.name ? [] : [{ where, what: `cluster-settings names it "${named}"` }]),
      ...(cluster.layers.length > 1 ? [] : [{ where, what: 'it has no Kustomization' }]),
      ...cluster.layers
        .filter((layer) => layer.kustomization.metadata.namespace !== 'flux-system')
        .map((layer) => ({ where: `ks/${layer.name}`, what: 'it is not in flux-system' })),
    ];
  },
};

export const renderRules: readonly Rule[] = [renders, substituted, reaches, entries];
