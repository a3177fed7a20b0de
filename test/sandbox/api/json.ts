import { isDeepStrictEqual } from 'node:util';

/** JSON whose shape nobody has promised. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export interface ObjectMeta {
  readonly [key: string]: unknown;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** Any Kubernetes object. Never changed in place: a write makes a new one. */
export interface KubeObject {
  readonly [key: string]: unknown;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** What lies at a path of keys; undefined where the path ends early. */
export const at = (value: unknown, ...path: readonly string[]): unknown => {
  let found = value;
  for (const key of path) {
    found = isRecord(found) ? found[key] : undefined;
  }
  return found;
};

export const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
};

export const recordAt = (value: unknown, ...path: readonly string[]): JsonRecord => {
  const found = at(value, ...path);
  return isRecord(found) ? found : {};
};

export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return isList(found) ? found : [];
};

export const equal = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left, right);

/** The same record without some keys. */
export const without = (value: JsonRecord, ...keys: readonly string[]): JsonRecord =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

/** A copy with a value set at a path (removed where the value is undefined); records in between are made. */
export const withAt = (value: unknown, path: readonly string[], set: unknown): JsonRecord => {
  const base = isRecord(value) ? value : {};
  const [key, ...rest] = path;
  if (key === undefined) {
    return isRecord(set) ? set : {};
  }
  const inner = rest.length === 0 ? set : withAt(base[key], rest, set);
  return inner === undefined ? without(base, key) : { ...base, [key]: inner };
};

/** Reads an object's identity; undefined when it is not a Kubernetes object. */
export const asObject = (value: unknown): KubeObject | undefined => {
  const named = isRecord(value) && isRecord(value['metadata']);
  return named && textAt(value, 'apiVersion') !== undefined && textAt(value, 'kind') !== undefined
    ? (value as KubeObject)
    : undefined;
};
