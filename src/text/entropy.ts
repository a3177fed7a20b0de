const kindOf = (character: string): 'upper' | 'lower' | 'digit' | 'other' => {
  if (/[a-z]/.test(character)) {
    return 'lower';
  }
  if (/[A-Z]/.test(character)) {
    return 'upper';
  }
  return /\d/.test(character) ? 'digit' : 'other';
};

/** How often two neighbours are of different kinds, from 0 to 1; about 0.6 in random base64, 0.25 in CamelCase. */
const changesOf = (word: string): number => {
  const kinds = [...word].map(kindOf);
  const changes = kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
  return changes / Math.max(1, kinds.length - 1);
};

const count = (word: string, pattern: RegExp): number => word.match(pattern)?.length ?? 0;

// lengths of SHA-1, SHA-256, SHA-384 and SHA-512 in hex
const digestLengths = new Set([40, 64, 96, 128]);

const isDigest = (part: string): boolean =>
  digestLengths.has(part.length) && /^[0-9a-f]+$/.test(part);

/** A run in one case, as keys in hex or base 32 are; names of objects are split by dashes. */
const randomInOneCase = (part: string): boolean =>
  part.length >= 24 &&
  !isDigest(part) &&
  count(part, /\d/g) >= 4 &&
  count(part, /[A-Za-z]/g) >= 4 &&
  changesOf(part) >= 0.25;

/**
 * Whether a word of letters, digits and `+ _ - =` (20 characters or more) reads like a key rather than
 * like a name or a digest.
 */
export const looksRandom = (word: string): boolean => {
  const bare = word.replace(/=+$/, '');
  if (!(/[a-z]/.test(bare) && /[A-Z]/.test(bare))) {
    return bare.split(/[-_+]/).some(randomInOneCase);
  }
  const digits = count(bare, /\d/g);
  return changesOf(bare) >= (digits > 0 ? 0.33 : 0.4);
};
