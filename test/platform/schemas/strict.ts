/**
 * Strictness on top of a validator that ignores unknown fields. A compiled validator asks its data for
 * each field that its schema knows, and for every key where any key is allowed; so a field that was never
 * asked for, beside others that were, is unknown to the schema.
 */
interface Watched {
  readonly value: object;
  readonly proxy: object;
  readonly asked: Set<string>;
  readonly children: Map<string, Watched>;
}

const watch = (value: object): Watched => {
  const asked = new Set<string>();
  const children = new Map<string, Watched>();
  const childOf = (name: string, child: object): Watched => {
    const known = children.get(name) ?? watch(child);
    children.set(name, known);
    return known;
  };
  return {
    value,
    asked,
    children,
    proxy: new Proxy(value, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name);
        if (typeof name === 'symbol') {
          return found;
        }
        asked.add(name);
        return typeof found === 'object' && found !== null ? childOf(name, found).proxy : found;
      },
      has: (target, name) => {
        asked.add(String(name));
        return Reflect.has(target, name);
      },
    }),
  };
};

const collect = (watched: Watched, path: string, unknown: string[]): void => {
  const isList = Array.isArray(watched.value);
  // never asked for anything: the schema leaves what is inside open
  const isClosed = !isList && watched.asked.size > 0;
  for (const name of isClosed ? Object.keys(watched.value) : []) {
    if (!watched.asked.has(name)) {
      unknown.push(`${path}.${name}`);
    }
  }
  for (const [name, child] of watched.children) {
    collect(child, isList ? `${path}[${name}]` : `${path}.${name}`, unknown);
  }
};

/** Runs a validator on a value and gives the paths of fields that it does not know. */
export const unknownFields = (
  value: object,
  validate: (watched: object) => void,
): readonly string[] => {
  const watched = watch(value);
  validate(watched.proxy);
  const unknown: string[] = [];
  collect(watched, '', unknown);
  return unknown;
};
