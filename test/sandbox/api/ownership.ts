import {
  changedFields,
  type FieldContext,
  type Fields,
  fieldsOf,
  intersect,
  isEmpty,
  leafPaths,
  mergeConfig,
  removeFields,
  subtract,
  union,
} from '#test/sandbox/api/fields.ts';
import {
  isRecord,
  type JsonRecord,
  type KubeObject,
  listAt,
  textAt,
  without,
} from '#test/sandbox/api/json.ts';
import { apiVersionOf, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import { refusal, status } from '#test/sandbox/api/status.ts';

/** Who owns which fields: one entry of `metadata.managedFields`. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly apiVersion: string;
  readonly time: string;
  readonly fields: Fields;
}

export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string | undefined;
  readonly time: string;
}

const readEntry = (value: unknown): readonly ManagedEntry[] => {
  const manager = textAt(value, 'manager');
  const fields = isRecord(value) ? value['fieldsV1'] : undefined;
  if (manager === undefined || !isRecord(fields)) {
    return [];
  }
  const subresource = textAt(value, 'subresource');
  return [
    {
      manager,
      operation: textAt(value, 'operation') === 'Apply' ? 'Apply' : 'Update',
      ...(subresource === undefined ? {} : { subresource }),
      apiVersion: textAt(value, 'apiVersion') ?? '',
      time: textAt(value, 'time') ?? '',
      fields: fields as Fields,
    },
  ];
};

export const managedEntries = (object: KubeObject | undefined): readonly ManagedEntry[] =>
  listAt(object, 'metadata', 'managedFields').flatMap(readEntry);

/** Writes the entries into the object, empty ones left out. */
export const withEntries = (object: KubeObject, entries: readonly ManagedEntry[]): KubeObject => {
  const managedFields = entries
    .filter(({ fields }) => !isEmpty(fields))
    .map(({ fields, ...entry }) => ({ ...entry, fieldsType: 'FieldsV1', fieldsV1: fields }));
  const metadata = without(object.metadata, 'managedFields') as KubeObject['metadata'];
  return {
    ...object,
    metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields },
  };
};

// what nobody owns: identity, and what the server itself writes
const unowned = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
];

const ownable = (object: KubeObject): JsonRecord => {
  const metadata = without(object.metadata, ...unowned);
  return {
    ...without(object, 'apiVersion', 'kind', 'metadata'),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
};

const isWriter = (entry: ManagedEntry, writer: Writer): boolean =>
  entry.manager === writer.manager &&
  entry.operation === writer.operation &&
  entry.subresource === writer.subresource;

const entryOf = (writer: Writer, kind: ResourceKind, fields: Fields): ManagedEntry => ({
  manager: writer.manager,
  operation: writer.operation,
  ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
  apiVersion: apiVersionOf(kind),
  time: writer.time,
  fields,
});

/** Notes an update: its manager owns what it changed, the others lose what was changed or removed. */
export const ownUpdate = (
  kind: ResourceKind,
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
): KubeObject => {
  const context: FieldContext = { custom: kind.custom, marks: true };
  const was = before === undefined ? {} : ownable(before);
  const changes = changedFields(was, ownable(after), [], context);
  const entries =
    managedEntries(after).length === 0 ? managedEntries(before) : managedEntries(after);
  if (changes === undefined) {
    return withEntries(after, entries);
  }
  const gone = union(withoutMarks(changes.set), changes.removed);
  const own = entries.find((entry) => isWriter(entry, writer));
  const mine = entryOf(
    writer,
    kind,
    union(subtract(own?.fields ?? {}, changes.removed), withoutMetadataItself(changes.set)),
  );
  const kept = entries.map((entry) =>
    entry === own ? mine : { ...entry, fields: subtract(entry.fields, gone) },
  );
  return withEntries(after, own === undefined ? [...kept, mine] : kept);
};

// an owner of a key in a map is not robbed because another made the map
const withoutMarks = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key !== '.')
      .map(([key, inner]) => [key, withoutMarks(inner)]),
  );

// every object has its metadata: nobody owns the map, whoever was the first to write something in it
const withoutMetadataItself = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, inner]) => {
      const { '.': _, ...rest } = inner;
      return [key, key === 'f:metadata' ? rest : inner];
    }),
  );

const conflictAnswer = (
  found: readonly { readonly entry: ManagedEntry; readonly fields: Fields }[],
): Error => {
  const paths = found.flatMap(({ entry, fields }) =>
    leafPaths(fields).map((path) => ({
      text: `conflict with "${entry.manager}" using ${entry.apiVersion}: ${path}`,
      manager: entry.manager,
      path,
    })),
  );
  const count = `${paths.length} conflict${paths.length === 1 ? '' : 's'}`;
  return refusal(
    status(
      409,
      'Conflict',
      `Apply failed with ${count}: ${paths.map((one) => one.text).join('; ')}`,
      {
        causes: paths.map(({ manager, path }) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with "${manager}"`,
          field: path,
        })),
      },
    ),
  );
};

/**
 * Server-side apply: what the manager applied before and leaves out now is removed unless another owns it;
 * a different value owned by another is a conflict (409 naming manager and field), or taken by force.
 */
export const ownApply = (
  kind: ResourceKind,
  live: KubeObject | undefined,
  config: KubeObject,
  writer: Writer,
  force: boolean,
): KubeObject => {
  const context: FieldContext = { custom: kind.custom, marks: false };
  const applied = fieldsOf(ownable(config), [], context);
  const entries = managedEntries(live);
  const own = entries.find((entry) => isWriter(entry, writer));
  const others = entries.filter((entry) => entry !== own);

  const dropped = others.reduce(
    (rest, entry) => subtract(rest, entry.fields),
    subtract(own?.fields ?? {}, applied),
  );
  const base = live === undefined ? {} : ownable(live);
  const merged = mergeConfig(base, ownable(config), [], kind.custom);
  const rest = removeFields(merged, dropped, [], kind.custom);
  const changes = changedFields(base, rest, [], context);
  const changed = intersect(applied, withoutMarks(changes?.set ?? {}));

  const robbed = others
    .map((entry) => ({ entry, fields: intersect(entry.fields, changed) }))
    .filter(({ fields }) => !isEmpty(fields));
  if (robbed.length > 0 && !force) {
    throw conflictAnswer(robbed);
  }
  const after = withLive(live, config, isRecord(rest) ? rest : {});
  const same = changes === undefined && own !== undefined && isEmpty(subtract(applied, own.fields));
  const mine =
    same && isEmpty(subtract(own.fields, applied)) ? own : entryOf(writer, kind, applied);
  const kept = entries.map((entry) =>
    entry === own ? mine : { ...entry, fields: subtract(entry.fields, changed) },
  );
  return withEntries(after, own === undefined ? [mine, ...kept] : kept);
};

const withLive = (
  live: KubeObject | undefined,
  config: KubeObject,
  owned: JsonRecord,
): KubeObject => {
  const identity = live?.metadata ?? config.metadata;
  const kept = Object.fromEntries(
    Object.entries(identity).filter(([key]) => unowned.includes(key)),
  ) as KubeObject['metadata'];
  const metadata = isRecord(owned['metadata']) ? owned['metadata'] : {};
  return {
    apiVersion: config.apiVersion,
    kind: config.kind,
    ...owned,
    metadata: { ...kept, ...metadata },
  };
};
