import type { TreeContent } from '#src/render/tree.ts';

/** One way to break the platform, and the rule that must notice. */
export interface Mutation {
  readonly name: string;
  /** the name of the rule that is meant for it */
  readonly rule: string;
  /** the number in the failure log of the first attempt that this repeats */
  readonly failure?: number;
  /** the API group whose schema must be had, for those that come from a module */
  readonly schema?: string;
  /** what the rule must say, where it could notice for another reason than the one that is meant */
  readonly says?: RegExp;
  readonly edit: (files: Files) => void;
}

/** The repository's files while a mutation is applied to a copy. */
export interface Files {
  /** every occurrence; a text that is not there is an error: the mutation no longer means anything */
  replace(path: string, search: string | RegExp, replacement: string): void;
  append(path: string, text: string): void;
  add(path: string, text: string): void;
  remove(path: string): void;
  removeAll(): void;
}

export interface Mutated {
  readonly content: TreeContent;
  readonly changed: ReadonlySet<string>;
}

/** Applies a mutation to a copy. */
export const mutate = (base: TreeContent, mutation: Mutation): Mutated => {
  const files = new Map(base.files);
  const changed = new Set<string>();
  const read = (path: string): string => {
    const bytes = files.get(path);
    if (bytes === undefined) {
      throw new Error(`"${mutation.name}" changes ${path}, which is not there`);
    }
    return bytes.toString('utf8');
  };
  const write = (path: string, text: string): void => {
    files.set(path, Buffer.from(text));
    changed.add(path);
  };
  mutation.edit({
    replace: (path, search, replacement) => {
      const before = read(path);
      const after =
        typeof search === 'string'
          ? before.replaceAll(search, () => replacement)
          : before.replace(search, replacement);
      if (after === before) {
        throw new Error(`"${mutation.name}" finds nothing to change in ${path}: ${String(search)}`);
      }
      write(path, after);
    },
    append: (path, text) => write(path, `${read(path)}${text}`),
    add: (path, text) => {
      if (files.has(path)) {
        throw new Error(`"${mutation.name}" adds ${path}, which is there already`);
      }
      write(path, text);
    },
    remove: (path) => {
      read(path);
      files.delete(path);
      changed.add(path);
    },
    removeAll: () => {
      for (const path of files.keys()) {
        changed.add(path);
      }
      files.clear();
    },
  });
  return { content: { ...base, files }, changed };
};
