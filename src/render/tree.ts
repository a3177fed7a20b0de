import * as posix from 'node:path/posix';

/** What lies at a path of a tree; a link keeps its target for the message only, it is never followed. */
export type Entry =
  | { readonly kind: 'file'; readonly content: Buffer }
  | { readonly kind: 'directory'; readonly names: readonly string[] }
  | { readonly kind: 'link'; readonly target: string };

/**
 * A source artifact or work tree, read only. Paths are relative to its root, with `/`, without `.` and
 * `..`; the root itself is `.`.
 */
export interface Tree {
  entry(path: string): Entry | undefined;
}

/**
 * Resolves a written reference against the directory of the file that holds it.
 * @returns the normal form of {@link Tree} paths, or undefined when it leaves the tree
 */
export const resolveInside = (directory: string, reference: string): string | undefined => {
  if (posix.isAbsolute(reference) || reference.includes('\0') || reference.includes('\\')) {
    return undefined;
  }
  const joined = posix.normalize(posix.join(directory, reference)).replace(/\/+$/, '');
  const path = joined === '' ? '.' : joined;
  return path === '..' || path.startsWith('../') ? undefined : path;
};

/** Orders texts by their code units, as Go and Git order paths. */
export const byText = (left: string, right: string): number => {
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
};

export interface TreeContent {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly links?: ReadonlyMap<string, string>;
}

const addParents = (directories: Map<string, Set<string>>, path: string): void => {
  const parent = posix.dirname(path);
  const names = directories.get(parent);
  if (names !== undefined) {
    names.add(posix.basename(path));
    return;
  }
  directories.set(parent, new Set([posix.basename(path)]));
  if (parent !== '.') {
    addParents(directories, parent);
  }
};

/** Makes a tree of contents in memory; directories follow from the paths. */
export const treeOf = (content: TreeContent): Tree => {
  const links: ReadonlyMap<string, string> = content.links ?? new Map<string, string>();
  const directories = new Map<string, Set<string>>([['.', new Set()]]);
  for (const path of [...content.files.keys(), ...links.keys()]) {
    addParents(directories, path);
  }
  const sorted = new Map(
    [...directories].map(([path, names]) => [path, [...names].sort(byText)] as const),
  );
  return {
    entry: (path) => {
      const file = content.files.get(path);
      if (file !== undefined) {
        return { kind: 'file', content: file };
      }
      const target = links.get(path);
      if (target !== undefined) {
        return { kind: 'link', target };
      }
      const names = sorted.get(path);
      return names === undefined ? undefined : { kind: 'directory', names };
    },
  };
};

/** {@link treeOf} for texts, as tests and generated trees have them. */
export const treeOfTexts = (texts: Readonly<Record<string, string>>): Tree =>
  treeOf({
    files: new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)] as const)),
  });
