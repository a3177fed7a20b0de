import { equal, isList, isRecord } from '#test/sandbox/api/json.ts';

/** Fields as `managedFields` writes them: `{"f:spec": {"f:suspend": {}}}`; an empty record is a leaf. */
export interface Fields {
  readonly [key: string]: Fields;
}

const leaf: Fields = {};

export const isEmpty = (fields: Fields): boolean => Object.keys(fields).length === 0;

type ListKind = 'atomic' | 'set' | readonly string[];

const keyedLists: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  ports: ['containerPort', 'protocol'],
  conditions: ['type'],
};

/** How the items of a list are owned: as a whole, one by one, or by key. */
const listKind = (path: readonly string[], custom: boolean): ListKind => {
  const last = path.at(-1) ?? '';
  if (path[0] === 'metadata') {
    return last === 'ownerReferences' ? ['uid'] : 'set';
  }
  return custom ? 'atomic' : (keyedLists[last] ?? 'atomic');
};

const itemKey = (item: unknown, kind: ListKind): string => {
  if (kind === 'set' || kind === 'atomic') {
    return `v:${JSON.stringify(item)}`;
  }
  const record = isRecord(item) ? item : {};
  const keys = kind.filter((key) => key in record).map((key) => [key, record[key]]);
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
};

export interface FieldContext {
  /** A custom resource: its lists are atomic, but for those in metadata. */
  readonly custom: boolean;
  /** Whether a map or item made as a whole is owned itself (`.`), as an update notes it. */
  readonly marks: boolean;
}

const mark = (context: FieldContext): Fields => (context.marks ? { '.': leaf } : {});

/** All fields of a value, as one owner would have them. */
export const fieldsOf = (
  value: unknown,
  path: readonly string[],
  context: FieldContext,
): Fields => {
  if (isRecord(value)) {
    const keys = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return keys.length === 0
      ? leaf
      : {
          ...(path.length === 0 ? {} : mark(context)),
          ...Object.fromEntries(
            keys.map(([key, inner]) => [`f:${key}`, fieldsOf(inner, [...path, key], context)]),
          ),
        };
  }
  const kind = isList(value) ? listKind(path, context.custom) : 'atomic';
  if (!isList(value) || kind === 'atomic' || value.length === 0) {
    return leaf;
  }
  const items = value.map((item) => [
    itemKey(item, kind),
    kind === 'set' ? leaf : { '.': leaf, ...fieldsOf(item, [...path, '*'], context) },
  ]);
  return { ...mark(context), ...Object.fromEntries(items) };
};

const entries = (
  value: unknown,
  path: readonly string[],
  custom: boolean,
): ReadonlyMap<string, readonly [key: string, value: unknown]> | undefined => {
  if (isRecord(value)) {
    return new Map(Object.entries(value).map(([key, inner]) => [`f:${key}`, [key, inner]]));
  }
  const kind = isList(value) ? listKind(path, custom) : 'atomic';
  return isList(value) && kind !== 'atomic'
    ? new Map(value.map((item) => [itemKey(item, kind), ['*', item]]))
    : undefined;
};

export interface FieldChanges {
  readonly set: Fields;
  readonly removed: Fields;
}

/** Which fields differ: those that are new or have another value, and those that are gone. */
export const changedFields = (
  before: unknown,
  after: unknown,
  path: readonly string[],
  context: FieldContext,
): FieldChanges | undefined => {
  if (equal(before, after)) {
    return undefined;
  }
  const old = entries(before, path, context.custom);
  const now = entries(after, path, context.custom);
  if (old === undefined || now === undefined) {
    return { set: fieldsOf(after, path, context), removed: leaf };
  }
  const set: Record<string, Fields> = {};
  const removed: Record<string, Fields> = {};
  for (const [name, [key, value]] of now) {
    const changes = changeOfOne(old.get(name), value, [...path, key], context);
    if (changes !== undefined && !(isEmpty(changes.set) && !isEmpty(changes.removed))) {
      set[name] = changes.set;
    }
    if (changes !== undefined && !isEmpty(changes.removed)) {
      removed[name] = changes.removed;
    }
  }
  for (const [name, [key, value]] of old) {
    if (!now.has(name)) {
      removed[name] = fieldsOf(value, [...path, key], context);
    }
  }
  return { set, removed };
};

const changeOfOne = (
  was: readonly [string, unknown] | undefined,
  value: unknown,
  path: readonly string[],
  context: FieldContext,
): FieldChanges | undefined =>
  was === undefined
    ? { set: fieldsOf(value, path, context), removed: leaf }
    : changedFields(was[1], value, path, context);

export const union = (left: Fields, right: Fields): Fields => {
  const joined: Record<string, Fields> = { ...left };
  for (const [key, fields] of Object.entries(right)) {
    joined[key] = union(joined[key] ?? leaf, fields);
  }
  return joined;
};

/** What `left` has and `right` has not; a leaf in `right` takes all that lies below it. */
export const subtract = (left: Fields, right: Fields): Fields => {
  const kept: [string, Fields][] = [];
  for (const [key, fields] of Object.entries(left)) {
    const taken = right[key];
    if (taken === undefined) {
      kept.push([key, fields]);
    } else if (!isEmpty(taken)) {
      const rest = subtract(fields, taken);
      if (!isEmpty(rest) && !(Object.keys(rest).length === 1 && '.' in rest && !('.' in fields))) {
        kept.push([key, rest]);
      }
    }
  }
  return Object.fromEntries(kept);
};

/** What both have. */
export const intersect = (left: Fields, right: Fields): Fields => {
  const common: [string, Fields][] = [];
  for (const [key, fields] of Object.entries(left)) {
    const other = right[key];
    if (other === undefined) {
      continue;
    }
    if (isEmpty(fields) || isEmpty(other)) {
      common.push([key, leaf]);
    } else {
      const inner = intersect(fields, other);
      if (!isEmpty(inner)) {
        common.push([key, inner]);
      }
    }
  }
  return Object.fromEntries(common);
};

/** The paths of all leaves, as the server writes them in a conflict: `.spec.suspend`. */
export const leafPaths = (fields: Fields, prefix = ''): readonly string[] =>
  Object.entries(fields).flatMap(([key, inner]) => {
    const name = key.startsWith('f:') ? `.${key.slice(2)}` : `[${key.slice(2)}]`;
    const path = key === '.' ? prefix : prefix + name;
    return isEmpty(inner) ? [path] : leafPaths(inner, path);
  });

const removeFromList = (
  list: readonly unknown[],
  fields: Fields,
  path: readonly string[],
  custom: boolean,
): readonly unknown[] => {
  const kind = listKind(path, custom);
  return list.flatMap((item) => {
    const taken = fields[itemKey(item, kind)];
    if (taken === undefined) {
      return [item];
    }
    return isEmpty(taken) || '.' in taken
      ? []
      : [removeFields(item, taken, [...path, '*'], custom)];
  });
};

/** A value without some of its fields; a map that becomes empty by it goes too. */
export const removeFields = (
  value: unknown,
  fields: Fields,
  path: readonly string[],
  custom: boolean,
): unknown => {
  if (isList(value)) {
    const rest = removeFromList(value, fields, path, custom);
    return rest.length === 0 ? undefined : rest;
  }
  if (!isRecord(value)) {
    return value;
  }
  const kept = Object.entries(value).flatMap(([key, inner]): readonly [string, unknown][] => {
    const taken = fields[`f:${key}`];
    if (taken === undefined) {
      return [[key, inner]];
    }
    const rest = isEmpty(taken) ? undefined : removeFields(inner, taken, [...path, key], custom);
    return rest === undefined ? [] : [[key, rest]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
};

const mergeItems = (
  live: readonly unknown[],
  config: readonly unknown[],
  path: readonly string[],
  custom: boolean,
): readonly unknown[] => {
  const kind = listKind(path, custom);
  let merged = live;
  for (const item of config) {
    const index = merged.findIndex((one) => itemKey(one, kind) === itemKey(item, kind));
    merged =
      index < 0
        ? [...merged, item]
        : merged.with(index, mergeConfig(merged[index], item, [...path, '*'], custom));
  }
  return merged;
};

/** Lays an applied configuration over what is live: maps and keyed lists merge, the rest is replaced. */
export const mergeConfig = (
  live: unknown,
  config: unknown,
  path: readonly string[],
  custom: boolean,
): unknown => {
  if (isList(config)) {
    return isList(live) && listKind(path, custom) !== 'atomic'
      ? mergeItems(live, config, path, custom)
      : config;
  }
  if (!isRecord(config)) {
    return config;
  }
  const merged: Record<string, unknown> = isRecord(live) ? { ...live } : {};
  for (const [key, value] of Object.entries(config)) {
    merged[key] = mergeConfig(merged[key], value, [...path, key], custom);
  }
  return merged;
};
