import * as posix from 'node:path/posix';
import { kustomizationNames } from '#src/render/kustomization-file.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import type { Tree } from '#src/render/tree.ts';
import { readYaml, splitDocuments } from '#src/render/yaml.ts';
import { fail, ok, type Result } from '#src/result.ts';

const isObject = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'apiVersion' in value &&
  'kind' in value &&
  typeof value.kind === 'string';

const checkManifest = (file: string, text: string): RenderProblem | undefined => {
  for (const document of splitDocuments(text)) {
    const parsed = readYaml(document);
    if (!parsed.ok) {
      return { code: 'invalid-yaml', file, detail: parsed.failure };
    }
    if (parsed.value !== null && !isObject(parsed.value)) {
      const detail = `${file} has a document without apiVersion and kind`;
      return { code: 'not-kubernetes', detail };
    }
  }
  return undefined;
};

const childPath = (directory: string, name: string): string =>
  directory === '.' ? name : posix.join(directory, name);

const hasKustomization = (tree: Tree, directory: string): boolean =>
  kustomizationNames.some((name) => tree.entry(childPath(directory, name))?.kind === 'file');

const scanChild = (tree: Tree, path: string, found: string[]): RenderProblem | undefined => {
  const child = tree.entry(path);
  if (child?.kind === 'directory' && !hasKustomization(tree, path)) {
    return scan(tree, path, child.names, found);
  }
  if (child?.kind === 'file') {
    if (!/\.ya?ml$/.test(path)) {
      return undefined;
    }
    const problem = checkManifest(path, child.content.toString('utf8'));
    if (problem !== undefined) {
      return problem;
    }
  }
  if (child?.kind !== 'link') {
    found.push(path);
  }
  return undefined;
};

const scan = (
  tree: Tree,
  directory: string,
  names: readonly string[],
  found: string[],
): RenderProblem | undefined => {
  for (const name of names) {
    const problem = scanChild(tree, childPath(directory, name), found);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
};

/**
 * The kustomization that kustomize-controller makes for a directory that has none: each manifest below
 * it, and each directory with a kustomization of its own, in alphabetical order.
 */
export const generatedResources = (
  tree: Tree,
  directory: string,
): Result<readonly string[], RenderProblem> => {
  const found: string[] = [];
  const entry = tree.entry(directory);
  const names = entry?.kind === 'directory' ? entry.names : [];
  const problem = scan(tree, directory, names, found);
  return problem === undefined
    ? ok(found.map((path) => `./${posix.relative(directory === '.' ? '' : directory, path)}`))
    : fail(problem);
};
