import * as posix from 'node:path/posix';
import {
  type KustomizationFile,
  kustomizationIn,
  readKustomizationFile,
  withoutEmptyLists,
} from '#src/render/kustomization-file.ts';
import type { Merged } from '#src/render/merge.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { resolveInside, type Tree } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface WalkLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** What one build reads: every file with its content, and nothing else will be on the disk. */
export interface Reach {
  readonly directory: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

interface Walk {
  readonly tree: Tree;
  readonly limits: WalkLimits;
  readonly files: Map<string, Buffer>;
  readonly seen: Set<string>;
  bytes: number;
}

type Problem = RenderProblem | undefined;

const remoteForms =
  /^(?:git::|gh:|git@|[a-z][a-z0-9+.-]*:\/\/|github\.com[:/]|gitlab\.com[:/]|bitbucket\.org[:/])|\.git(?:[/?]|$)|\?(?:ref|version|timeout|submodules)=/i;

/** Gives the path that a reference names, or says why nothing may be read there. */
const resolve = (walk: Walk, file: string, reference: string): Result<string, RenderProblem> => {
  const path = resolveInside(posix.dirname(file), reference);
  if (remoteForms.test(reference) && (path === undefined || walk.tree.entry(path) === undefined)) {
    const detail = `"${reference}" is remote`;
    return fail({ code: 'refused', refusal: 'remote', file, detail });
  }
  if (path === undefined) {
    const detail = `"${reference}" leaves the tree`;
    return fail({ code: 'refused', refusal: 'outside-tree', file, detail });
  }
  return ok(path);
};

const linkOnTheWay = (tree: Tree, path: string): string | undefined => {
  const parts = path.split('/');
  const ways = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return ways.find((way) => tree.entry(way)?.kind === 'link');
};

const notThere = (walk: Walk, file: string, reference: string, path: string): RenderProblem => {
  const link = linkOnTheWay(walk.tree, path);
  if (link !== undefined) {
    const detail = `"${reference}" goes through the symbolic link ${link}`;
    return { code: 'refused', refusal: 'symbolic-link', file, detail };
  }
  return { code: 'missing', file, detail: `"${reference}" is not in the tree` };
};

const keep = (walk: Walk, path: string, content: Buffer): Problem => {
  if (walk.files.has(path)) {
    return undefined;
  }
  walk.files.set(path, content);
  walk.bytes += content.length;
  if (walk.files.size > walk.limits.maxFiles) {
    return { code: 'too-large', detail: `more than ${walk.limits.maxFiles} files are reached` };
  }
  return walk.bytes > walk.limits.maxBytes
    ? { code: 'too-large', detail: `more than ${walk.limits.maxBytes} bytes are reached` }
    : undefined;
};

const keepFile = (walk: Walk, file: string, reference: string): Problem => {
  const path = resolve(walk, file, reference);
  if (!path.ok) {
    return path.failure;
  }
  const entry = walk.tree.entry(path.value);
  return entry?.kind === 'file'
    ? keep(walk, path.value, entry.content)
    : notThere(walk, file, reference, path.value);
};

const isInline = (text: string): boolean => text.includes('\n') || /^\s*[{[]|:\s/.test(text);

const fileOfPair = (pair: string): string => pair.slice(pair.indexOf('=') + 1);

/** Every plain file that a kustomization names, apart from its resources, bases and components. */
const filesNamedBy = (fields: KustomizationFile): readonly string[] => {
  const generators = [...fields.configMapGenerator, ...fields.secretGenerator];
  const holders = [...fields.patches, ...fields.patchesJson6902, ...fields.replacements];
  return [
    ...fields.crds,
    ...fields.configurations,
    ...fields.patchesStrategicMerge.filter((patch) => !isInline(patch)),
    ...holders.flatMap((holder) => holder.path ?? []),
    ...generators.flatMap((generator) => [
      ...generator.files.map(fileOfPair),
      ...generator.envs,
      ...(generator.env === undefined ? [] : [generator.env]),
    ]),
    ...(fields.openapi?.path === undefined ? [] : [fields.openapi.path]),
  ];
};

const first = <Item>(items: readonly Item[], check: (item: Item) => Problem): Problem => {
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
};

const walkDirectory = (walk: Walk, file: string, reference: string, depth: number): Problem => {
  const path = resolve(walk, file, reference);
  if (!path.ok) {
    return path.failure;
  }
  if (walk.tree.entry(path.value)?.kind !== 'directory') {
    return notThere(walk, file, reference, path.value);
  }
  const found = kustomizationIn(walk.tree, path.value);
  if (!found.ok) {
    return found.failure;
  }
  if (found.value === undefined) {
    return { code: 'missing', file, detail: `"${reference}" has no kustomization.yaml` };
  }
  const entry = walk.tree.entry(found.value);
  return entry?.kind === 'file'
    ? walkKustomization(walk, found.value, entry.content, depth + 1)
    : notThere(walk, file, found.value, found.value);
};

const walkResource = (walk: Walk, file: string, reference: string, depth: number): Problem => {
  const path = resolve(walk, file, reference);
  if (!path.ok) {
    return path.failure;
  }
  return walk.tree.entry(path.value)?.kind === 'directory'
    ? walkDirectory(walk, file, reference, depth)
    : keepFile(walk, file, reference);
};

const walkKustomization = (walk: Walk, file: string, content: Buffer, depth: number): Problem => {
  if (walk.seen.has(file)) {
    return undefined;
  }
  walk.seen.add(file);
  if (depth > walk.limits.maxDepth) {
    return { code: 'too-large', detail: `more than ${walk.limits.maxDepth} levels at ${file}` };
  }
  const fields = readKustomizationFile(file, content.toString('utf8'));
  if (!fields.ok) {
    return fields.failure;
  }
  const { value } = fields;
  // what was checked is what is built: written anew, no other parser can read something else in it
  const checked = Buffer.from(JSON.stringify(withoutEmptyLists(value)));
  return (
    keep(walk, file, checked) ??
    first(filesNamedBy(value), (reference) => keepFile(walk, file, reference)) ??
    first([...value.resources], (reference) => walkResource(walk, file, reference, depth)) ??
    first([...value.bases, ...value.components], (reference) =>
      walkDirectory(walk, file, reference, depth),
    )
  );
};

/**
 * Follows every reference of a kustomization before anything is built, and collects the files that the
 * build reads. Whatever is remote, outside the tree, behind a symbolic link or able to execute is refused.
 */
export const walkTree = (
  tree: Tree,
  merged: Merged,
  limits: WalkLimits,
): Result<Reach, RenderProblem> => {
  const walk: Walk = { tree, limits, files: new Map(), seen: new Set(), bytes: 0 };
  const problem = walkKustomization(walk, merged.file, Buffer.from(merged.text), 0);
  return problem === undefined
    ? ok({ directory: merged.directory, files: walk.files })
    : fail(problem);
};
