/** Reading of objects whose shape a schema rule checks elsewhere: absent or of another type is undefined. */

export type Data = Readonly<Record<string, unknown>>;

export const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows a path of keys and list positions, such as `['spec', 'ref', 'tag']`. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((current, step) => {
    if (Array.isArray(current) && typeof step === 'number') {
      return current[step];
    }
    return isData(current) ? current[step] : undefined;
  }, value);

export const textAt = (
  value: unknown,
  ...path: readonly (string | number)[]
): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
};

export const listAt = (
  value: unknown,
  ...path: readonly (string | number)[]
): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

export const dataAt = (value: unknown, ...path: readonly (string | number)[]): Data => {
  const found = at(value, ...path);
  return isData(found) ? found : {};
};

export interface Place {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Every value inside a value with its path, parents first. */
export function* places(value: unknown, path: readonly (string | number)[] = []): Generator<Place> {
  yield { path, value };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* places(item, [...path, index]);
    }
  } else if (isData(value)) {
    for (const [name, item] of Object.entries(value)) {
      yield* places(item, [...path, name]);
    }
  }
}

export const printPath = (path: readonly (string | number)[]): string =>
  path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
