const avalanche = (value: number): number => {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/**
 * Chance as a pure function of a name: the same name gives the same number, whatever happened before it.
 * So one fault can be taken out of a run without moving the others.
 * @returns in [0, 1)
 */
export const chance = (name: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return avalanche(hash) / 0x1_0000_0000;
};

/** A whole number from `low` to `high`, both included. */
export const between = (name: string, low: number, high: number): number =>
  low + Math.floor(chance(name) * (high - low + 1));

export const pick = <Value>(name: string, values: readonly Value[]): Value => {
  const picked = values[between(name, 0, values.length - 1)];
  if (picked === undefined) {
    throw new Error('nothing to pick from');
  }
  return picked;
};
