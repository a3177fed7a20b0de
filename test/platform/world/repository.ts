import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readContent } from '#src/render/disk.ts';
import type { TreeContent } from '#src/render/tree.ts';

/** The root of this repository. */
export const repositoryRoot = join(import.meta.dirname, '..', '..', '..');

const folders = [
  'kubernetes',
  'deploy',
  'bootstrap',
  'docs',
  'talos',
  '.taskfiles',
  '.github',
  '.ci',
];

/** Reads what the rules look at: the platform's folders, and at the root YAML files, Makefile and package.json. */
export const readRepository = async (root = repositoryRoot): Promise<TreeContent> => {
  const content = await readContent(root, folders);
  if (!content.ok) {
    throw new Error(`the repository cannot be read: ${content.failure.code}`);
  }
  const files = new Map(content.value.files);
  for (const name of await readdir(root)) {
    if (/\.ya?ml$|^(?:Makefile|package\.json)$/.test(name)) {
      files.set(name, await readFile(join(root, name)));
    }
  }
  return { ...content.value, files };
};
