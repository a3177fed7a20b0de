import { z } from 'zod';
import { readYaml, splitDocuments } from '#src/render/yaml.ts';
import { canaries, scanForSecrets } from '#test/platform/rules/secret-scan.ts';
import { dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
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
      readers: z.array(z.looseObject({ by: z.string(), fields: z.array(z.string()) })),
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
  readonly item: string;
  readonly field: string;
}

const externalUses = (world: World): readonly Use[] =>
  world.clusters.flatMap((cluster) =>
    appliedObjects(cluster).flatMap(({ object }) => {
      const specs = [dataAt(object, 'spec'), dataAt(object, 'spec', 'externalSecretSpec')];
      const isExternal = /^(?:Cluster)?ExternalSecret$/.test(object.kind);
      return (isExternal ? specs : []).flatMap((spec) =>
        listAt(spec, 'data').map((entry) => ({
          where: titleOf(object),
          by: 'external-secret',
          item: textAt(entry, 'remoteRef', 'key') ?? '',
          field: textAt(entry, 'remoteRef', 'property') ?? '',
        })),
      );
    }),
  );

const inlineUses = (world: World): readonly Use[] =>
  [...world.files]
    .filter(([path]) => /^(?:bootstrap|talos)\/.*\.ya?ml$/.test(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(/["'\s]op:\/\/[^/\s"']+\/([^/\s"']+)\/([^\s"']+)/g)].map((found) => ({
        where: path,
        by: path.startsWith('talos/') ? 'talos' : 'bootstrap',
        item: found[1] ?? '',
        field: found[2] ?? '',
      })),
    );

const inventory: Rule = {
  name: 'secrets-inventory',
  summary:
    'every secret that is read stands in the inventory with its reader, and nothing else does',
  scope: 'both',
  check: (_, world) => {
    const known = readInventory(world);
    if (known === undefined) {
      return [{ where: 'kubernetes/secrets-inventory.yaml', what: 'it cannot be read' }];
    }
    const uses = [...externalUses(world), ...inlineUses(world)];
    const unlisted = uses.flatMap((use): readonly Finding[] => {
      const item = known.items.find((candidate) => candidate.item === use.item);
      const isListed = item?.readers.some(
        (reader) => reader.by === use.by && reader.fields.includes(use.field),
      );
      return isListed === true && item?.fields.includes(use.field) === true
        ? []
        : [
            {
              where: use.where,
              what: `${use.item}/${use.field} by ${use.by} is not in the inventory`,
            },
          ];
    });
    // what bootstrap lays down is checked once its manifest is there
    const kinds = new Set(['external-secret', ...inlineUses(world).map((use) => use.by)]);
    const unused = known.items.flatMap((item) =>
      item.readers
        .filter((reader) => kinds.has(reader.by))
        .flatMap((reader) =>
          reader.fields
            .filter(
              (field) =>
                !uses.some(
                  (use) => use.by === reader.by && use.item === item.item && use.field === field,
                ),
            )
            .map((field) => ({
              where: 'kubernetes/secrets-inventory.yaml',
              what: `${item.item}/${field} is read by no ${reader.by}`,
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
