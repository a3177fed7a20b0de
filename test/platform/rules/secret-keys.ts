import type { KubeObject } from '#src/render/objects.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { selects } from '#test/platform/world/selector.ts';
import { at, dataAt, isData, listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster): readonly KubeObject[] =>
  appliedObjects(cluster).map(({ object }) => object);

/** The keys that an ExternalSecret writes; a template replaces what was read unless it says Merge. */
const writtenKeys = (spec: unknown): readonly string[] => {
  const template = Object.keys(dataAt(spec, 'target', 'template', 'data'));
  const read = listAt(spec, 'data').map((entry) => textAt(entry, 'secretKey') ?? '');
  const isReplaced =
    template.length > 0 && textAt(spec, 'target', 'template', 'mergePolicy') !== 'Merge';
  return isReplaced ? template : [...read, ...template];
};

const spread = (cluster: Cluster, item: KubeObject): readonly string[] =>
  objectsOf(cluster)
    .filter((object) => object.kind === 'Namespace')
    .filter(({ metadata }) =>
      listAt(item, 'spec', 'namespaceSelectors').some((selector) =>
        selects(selector, metadata.labels ?? {}),
      ),
    )
    .map(({ metadata }) => metadata.name);

/** The keys of every Secret that is known to come to be, by namespace/name. */
const secretsOf = (cluster: Cluster): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    objectsOf(cluster).flatMap((object): readonly (readonly [string, ReadonlySet<string>])[] => {
      const namespace = object.metadata.namespace ?? '';
      if (object.kind === 'ExternalSecret') {
        const name = textAt(object, 'spec', 'target', 'name') ?? object.metadata.name;
        return [[`${namespace}/${name}`, new Set(writtenKeys(at(object, 'spec')))]];
      }
      if (object.kind === 'ClusterExternalSecret') {
        const spec = at(object, 'spec', 'externalSecretSpec');
        const name = textAt(spec, 'target', 'name') ?? object.metadata.name;
        return spread(cluster, object).map((each) => [
          `${each}/${name}`,
          new Set(writtenKeys(spec)),
        ]);
      }
      return object.kind === 'Certificate'
        ? [
            [
              `${namespace}/${textAt(object, 'spec', 'secretName') ?? ''}`,
              new Set(['ca.crt', 'tls.crt', 'tls.key']),
            ],
          ]
        : [];
    }),
  );

interface Read {
  readonly secret: string;
  readonly keys: readonly string[];
}

const pair = ['tls.crt', 'tls.key'] as const;

/** What each kind reads by keys that its controller fixes. */
const fixedReads = (object: KubeObject): readonly Read[] => {
  const namespace = object.metadata.namespace ?? '';
  const of = (
    where: string,
    name: string | undefined,
    ...keys: readonly string[]
  ): readonly Read[] => (name === undefined ? [] : [{ secret: `${where}/${name}`, keys }]);
  switch (object.kind) {
    case 'Provider':
      return of(namespace, textAt(object, 'spec', 'secretRef', 'name'), 'token');
    case 'CiliumBGPPeerConfig':
      return of('kube-system', textAt(object, 'spec', 'authSecretRef'), 'password');
    case 'ClusterIssuer':
      return of('cert-manager', textAt(object, 'spec', 'ca', 'secretName'), ...pair);
    case 'Gateway':
      return listAt(object, 'spec', 'listeners')
        .flatMap((listener) => listAt(listener, 'tls', 'certificateRefs'))
        .flatMap((reference) => of(namespace, textAt(reference, 'name'), ...pair));
    default:
      return [];
  }
};

const valueReads = (object: KubeObject): readonly Read[] => {
  const namespace = object.metadata.namespace ?? '';
  const values = at(object, 'spec', 'values');
  const pulled = textAt(values, 'instance', 'sync', 'pullSecret');
  const isApp = textAt(values, 'instance', 'sync', 'provider') === 'github';
  const credentials = textAt(values, 'connect', 'credentialsName');
  return [
    ...(pulled === undefined || !isApp
      ? []
      : [
          {
            secret: `${namespace}/${pulled}`,
            keys: ['githubAppID', 'githubAppInstallationID', 'githubAppPrivateKey'],
          },
        ]),
    ...(credentials === undefined
      ? []
      : [
          {
            secret: `${namespace}/${credentials}`,
            keys: [textAt(values, 'connect', 'credentialsKey') ?? '1password-credentials.json'],
          },
        ]),
  ];
};

/** Every reference that says its key: `secretKeyRef`, `apiTokenSecretRef` and their like. */
const keyedReads = (object: KubeObject): readonly Read[] => {
  // cert-manager looks for the Secrets of a ClusterIssuer in its own namespace
  const home = object.kind === 'ClusterIssuer' ? 'cert-manager' : (object.metadata.namespace ?? '');
  return [...places(at(object, 'spec'))].flatMap(({ path, value }) => {
    const isKeyed = /secret(?:Key)?Ref$/i.test(String(path.at(-1))) && isData(value);
    const [name, key] = [textAt(value, 'name'), textAt(value, 'key')];
    return isKeyed && name !== undefined && key !== undefined
      ? [{ secret: `${textAt(value, 'namespace') ?? home}/${name}`, keys: [key] }]
      : [];
  });
};

const keys: Rule = {
  name: 'secret-keys',
  summary: 'whoever reads a Secret asks for keys that it has',
  scope: 'cluster',
  check: (cluster) => {
    const secrets = secretsOf(cluster);
    return objectsOf(cluster).flatMap((object): readonly Finding[] =>
      [
        ...fixedReads(object),
        ...(isHelmRelease(object) ? valueReads(object) : []),
        ...keyedReads(object),
      ].flatMap(({ secret, keys: asked }) =>
        asked
          // one that nobody makes is found by references-resolve
          .filter((key) => secrets.get(secret)?.has(key) === false)
          .map((key) => ({ where: titleOf(object), what: `Secret ${secret} has no key ${key}` })),
      ),
    );
  },
};

export const secretKeyRules: readonly Rule[] = [keys];
