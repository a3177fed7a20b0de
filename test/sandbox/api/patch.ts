import { equal, isList, isRecord, type JsonRecord, without } from '#test/sandbox/api/json.ts';
import { badRequest, patchRefused } from '#test/sandbox/api/status.ts';

/** RFC 7396: null removes, records merge, everything else replaces. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) {
    return patch;
  }
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else {
      merged[key] = mergePatch(merged[key], value);
    }
  }
  return merged;
};

const parsePointer = (pointer: unknown): readonly string[] => {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw patchRefused();
  }
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const child = (value: unknown, key: string): unknown => {
  if (isList(value)) {
    return value[Number(key)];
  }
  return isRecord(value) ? value[key] : undefined;
};

const find = (value: unknown, path: readonly string[]): unknown => {
  let found = value;
  for (const key of path) {
    found = child(found, key);
  }
  return found;
};

const listIndex = (list: readonly unknown[], key: string): number => {
  const index = key === '-' ? list.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > list.length) {
    throw patchRefused();
  }
  return index;
};

type Edit = { readonly op: 'add' | 'replace'; readonly value: unknown } | { readonly op: 'remove' };

const editList = (list: readonly unknown[], key: string, edit: Edit): readonly unknown[] => {
  const index = listIndex(list, key);
  if (edit.op === 'add') {
    return list.toSpliced(index, 0, edit.value);
  }
  if (index >= list.length) {
    throw patchRefused();
  }
  return edit.op === 'remove' ? list.toSpliced(index, 1) : list.with(index, edit.value);
};

const editRecord = (record: JsonRecord, key: string, edit: Edit): JsonRecord => {
  if (edit.op !== 'add' && !(key in record)) {
    throw patchRefused();
  }
  return edit.op === 'remove' ? without(record, key) : { ...record, [key]: edit.value };
};

const editAt = (value: unknown, path: readonly string[], edit: Edit): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) {
    return edit.op === 'remove' ? null : edit.value;
  }
  if (rest.length > 0) {
    const inner = child(value, key);
    if (inner === undefined) {
      // the map to add to must be there: the server makes none
      throw patchRefused();
    }
    const changed = editAt(inner, rest, edit);
    return isList(value)
      ? value.with(Number(key), changed)
      : { ...(value as JsonRecord), [key]: changed };
  }
  if (isList(value)) {
    return editList(value, key, edit);
  }
  if (isRecord(value)) {
    return editRecord(value, key, edit);
  }
  throw patchRefused();
};

const applyOne = (target: unknown, operation: JsonRecord): unknown => {
  const path = parsePointer(operation['path']);
  switch (operation['op']) {
    case 'test':
      // an absent path equals null, as the server's library has it
      if (!equal(find(target, path) ?? null, operation['value'] ?? null)) {
        throw patchRefused();
      }
      return target;
    case 'add':
    case 'replace':
      return editAt(target, path, { op: operation['op'], value: operation['value'] ?? null });
    case 'remove':
      return editAt(target, path, { op: 'remove' });
    case 'copy':
      return editAt(target, path, {
        op: 'add',
        value: find(target, parsePointer(operation['from'])),
      });
    case 'move': {
      const from = parsePointer(operation['from']);
      const moved = find(target, from);
      return editAt(editAt(target, from, { op: 'remove' }), path, { op: 'add', value: moved });
    }
    default:
      throw patchRefused();
  }
};

/** RFC 6902, all or nothing. A body that is no list of operations is 400, an operation that fails 422. */
export const jsonPatch = (target: unknown, patch: unknown): unknown => {
  if (!isList(patch) || !patch.every(isRecord)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  return patch.reduce<unknown>((result, operation) => applyOne(result, operation), target);
};

// the key by which the items of a built-in list are told apart
const mergeKey = (items: readonly unknown[]): string | undefined =>
  ['name', 'type', 'uid', 'containerPort', 'port', 'mountPath'].find(
    (key) => items.length > 0 && items.every((item) => isRecord(item) && key in item),
  );

const mergeList = (target: readonly unknown[], patch: readonly unknown[]): readonly unknown[] => {
  const key = mergeKey([...target, ...patch]);
  if (key === undefined) {
    return patch;
  }
  let merged = target;
  for (const item of patch.filter(isRecord)) {
    const index = merged.findIndex((one) => isRecord(one) && one[key] === item[key]);
    const found = merged[index];
    if (item['$patch'] === 'delete') {
      merged = index < 0 ? merged : merged.toSpliced(index, 1);
    } else {
      const next = strategicMergePatch(found, item);
      merged = index < 0 ? [...merged, next] : merged.with(index, next);
    }
  }
  return merged;
};

/** As a merge patch, but lists of named items merge by name; enough for `kubectl` on built-in kinds. */
export const strategicMergePatch = (target: unknown, patch: unknown): unknown => {
  if (isList(patch)) {
    return isList(target) ? mergeList(target, patch) : patch;
  }
  if (!isRecord(patch)) {
    return patch;
  }
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else if (!key.startsWith('$')) {
      merged[key] = strategicMergePatch(merged[key], value);
    }
  }
  return merged;
};
