import { z } from 'zod';
import { readYaml, splitDocuments } from '#src/render/yaml.ts';
import { canaries, scanForSecrets } from '#test/platform/rules/secret-scan.ts';
import { at, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
  type World,
} from '#test/platform/world/world.ts';

const plain: Rule = {
  name: 'no-plaintext',
  summary: 'no secret stands in the repository, in any shape that the scanner knows',
  scope: 'both',
  check: (_, world) =>
    [...world.files].flatMap(([path, text]) =>
      scanForSecrets(text).map(({ line, shape }) => ({ where: `${path}:${line}`, what: shape })),
    ),
};

const scannerWorks: Rule = {
  name: 'secret-scanner',
  summary: 'the scanner finds one planted secret of each shape in a file of this repository',
  scope: 'both',
  check: (_, world) => {
    const [path = '', text = ''] = [...world.files][0] ?? [];
    const missed = canaries.filter(
      (canary) => scanForSecrets(`${text}\n${canary}\n`).length !== scanForSecrets(text).length + 1,
    );
    return world.files.size === 0
      ? [{ where: 'the repository', what: 'the scanner was given nothing to read' }]
      : missed.map((canary) => ({
          where: path,
          what: `a planted ${canary.slice(0, 6)}… is not found`,
        }));
  },
};

const isReference = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:op:\/\/\S+|\$\{[A-Z_]+\})$/.test(value.trim());

/** Objects of plain manifests: what Flux applies, and what bootstrap lays down. */
const manifestObjects = (
  world: World,
): readonly { readonly where: string; readonly value: unknown }[] => [
  ...world.clusters.flatMap((cluster) =>
    appliedObjects(cluster).map(({ object }) => ({
      where: titleOf(object),
      value: object as unknown,
    })),
  ),
  ...[...world.files]
    .filter(([path]) => path.startsWith('bootstrap/') && /\.ya?ml$/.test(path))
    .flatMap(([path, text]) =>
      splitDocuments(text).flatMap((document) => {
        const read = readYaml(document);
        return read.ok ? [{ where: path, value: read.value }] : [];
      }),
    ),
];

const noSecrets: Rule = {
  name: 'no-secret-objects',
  summary: 'a Secret holds references only, and no kustomization makes one from literals',
  scope: 'both',
  check: (_, world) => {
    const secrets = manifestObjects(world)
      .filter(
        ({ value }) => textAt(value, 'kind') === 'Secret' && textAt(value, 'apiVersion') === 'v1',
      )
      .flatMap(({ where, value }) =>
        [...Object.entries(dataAt(value, 'data')), ...Object.entries(dataAt(value, 'stringData'))]
          .filter(([, content]) => !isReference(content))
          .map(([name]) => ({ where, what: `${name} is written out in a Secret` })),
      );
    const generators = [...world.files]
      .filter(
        ([path, text]) => path.endsWith('kustomization.yaml') && /^secretGenerator:/m.test(text),
      )
      .map(([path]) => ({ where: path, what: 'it makes a Secret from what lies in Git' }));
    return [...secrets, ...generators];
  },
};

const Inventory = z.looseObject({
  items: z.array(
    z.looseObject({
      item: z.string(),
      vault: z.string(),
      fields: z.array(z.string()),
      readers: z.array(
        z.looseObject({
          by: z.string(),
          namespace: z.string().optional(),
          secret: z.string().optional(),
          fields: z.array(z.string()),
        }),
      ),
      rotation: z.object({ every: z.string(), how: z.string() }),
    }),
  ),
});
type Inventory = z.infer<typeof Inventory>;

const readInventory = (world: World): Inventory | undefined => {
  const read = readYaml(world.files.get('kubernetes/secrets-inventory.yaml') ?? '');
  const parsed = Inventory.safeParse(read.ok ? read.value : undefined);
  return parsed.success ? parsed.data : undefined;
};

interface Use {
  readonly where: string;
  readonly by: string;
  /** the Secret that it becomes, as namespace/name; undefined where it becomes none */
  readonly secret?: string;
  /** the vaults that the reader sees; undefined where the reference names its vault itself */
  readonly vaults?: readonly string[];
  readonly item: string;
  readonly field: string;
}

/** The vaults behind a store, in the order in which it looks for an item. */
const vaultsOf = (cluster: Cluster, reference: unknown): readonly string[] =>
  Object.keys(
    dataAt(
      appliedObjects(cluster).find(
        ({ object }) =>
          object.kind === textAt(reference, 'kind') &&
          object.metadata.name === textAt(reference, 'name'),
      )?.object,
      'spec',
      'provider',
      'onepassword',
      'vaults',
    ),
  );

const externalUses = (world: World): readonly Use[] =>
  world.clusters.flatMap((cluster) =>
    appliedObjects(cluster).flatMap(({ object }) => {
      const isSpread = object.kind === 'ClusterExternalSecret';
      const spec = isSpread ? dataAt(object, 'spec', 'externalSecretSpec') : dataAt(object, 'spec');
      const isExternal = isSpread || object.kind === 'ExternalSecret';
      const name = textAt(spec, 'target', 'name') ?? object.metadata.name;
      return (isExternal ? listAt(spec, 'data') : []).map((entry) => ({
        where: `${titleOf(object)} (${cluster.name})`,
        by: 'external-secret',
        secret: `${object.metadata.namespace ?? '*'}/${name}`,
        vaults: vaultsOf(cluster, at(spec, 'secretStoreRef')),
        item: textAt(entry, 'remoteRef', 'key') ?? '',
        field: textAt(entry, 'remoteRef', 'property') ?? '',
      }));
    }),
  );

const inlineReference = /op:\/\/[^/\s"']+\/([^/\s"']+)\/([^\s"']+)/g;

const referencesIn = (text: string) =>
  [...text.matchAll(inlineReference)].map((found) => ({
    item: found[1] ?? '',
    field: found[2] ?? '',
  }));

const bootstrapUses = (world: World): readonly Use[] =>
  splitDocuments(world.files.get('bootstrap/resources.yaml') ?? '').flatMap((document) => {
    const read = readYaml(document);
    const value = read.ok ? read.value : undefined;
    const secret = `${textAt(value, 'metadata', 'namespace') ?? ''}/${textAt(value, 'metadata', 'name') ?? ''}`;
    return Object.values(dataAt(value, 'stringData')).flatMap((text) =>
      referencesIn(String(text)).map((reference) => ({
        where: 'bootstrap/resources.yaml',
        by: 'bootstrap',
        secret,
        ...reference,
      })),
    );
  });

const talosUses = (world: World): readonly Use[] =>
  [...world.files]
    .filter(([path]) => /^talos\/.*\.ya?ml$/.test(path))
    .flatMap(([path, text]) =>
      // a comment explains what a reference looks like
      referencesIn(text.replace(/^\s*#.*$/gm, '')).map((reference) => ({
        where: path,
        by: 'talos',
        ...reference,
      })),
    );

type Item = Inventory['items'][number];

const isRead = (reader: Item['readers'][number], use: Use): boolean =>
  reader.by === use.by &&
  reader.fields.includes(use.field) &&
  (use.secret === undefined || use.secret === `${reader.namespace ?? ''}/${reader.secret ?? ''}`);

/** Whether the reader sees the item's vault; `cluster` is the one that each cluster has of its own. */
const isSeen = (item: Item, use: Use): boolean =>
  use.vaults === undefined || item.vault === 'cluster' || use.vaults.includes(item.vault);

const inventory: Rule = {
  name: 'secrets-inventory',
  summary:
    'every secret that is read stands in the inventory with reader and vault, and nothing else does',
  scope: 'both',
  check: (_, world) => {
    const known = readInventory(world);
    if (known === undefined) {
      return [{ where: 'kubernetes/secrets-inventory.yaml', what: 'it cannot be read' }];
    }
    const uses = [...externalUses(world), ...bootstrapUses(world), ...talosUses(world)];
    const unlisted = uses.flatMap((use): readonly Finding[] => {
      const what = `${use.item}/${use.field} by ${use.by}${use.secret === undefined ? '' : ` for ${use.secret}`}`;
      const item = known.items.find((candidate) => candidate.item === use.item);
      const isListed = item?.readers.some((reader) => isRead(reader, use)) === true;
      return [
        ...(isListed && item.fields.includes(use.field)
          ? []
          : [{ where: use.where, what: `${what} is not in the inventory` }]),
        ...(item === undefined || isSeen(item, use)
          ? []
          : [{ where: use.where, what: `${what} lies in ${item.vault}, which it cannot see` }]),
      ];
    });
    const unused = known.items.flatMap((item) =>
      item.readers.flatMap((reader) =>
        reader.fields
          .filter(
            (field) =>
              !uses.some(
                (use) => use.item === item.item && use.field === field && isRead(reader, use),
              ),
          )
          .map((field) => ({
            where: 'kubernetes/secrets-inventory.yaml',
            what: `${item.item}/${field} is read by no ${reader.by} for ${reader.namespace ?? 'no namespace'}`,
          })),
      ),
    );
    return [...unlisted, ...unused];
  },
};

const rotation: Rule = {
  name: 'secrets-rotation',
  summary: 'every secret has a rotation that docs/secrets.md describes',
  scope: 'both',
  check: (_, world) => {
    const text = world.files.get('docs/secrets.md') ?? '';
    return (readInventory(world)?.items ?? [])
      .filter(({ rotation: { how } }) => !new RegExp(`^### ${how}$`, 'm').test(text))
      .map(({ item, rotation: { how } }) => ({
        where: `inventory ${item}`,
        what: `docs/secrets.md has no heading ${how}`,
      }));
  },
};

export const secretRules: readonly Rule[] = [plain, scannerWorks, noSecrets, inventory, rotation];
