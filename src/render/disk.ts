import type { Dirent } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { RenderProblem } from '#src/render/problem.ts';
import { byText, type Tree, type TreeContent, treeOf } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface ReadLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

export const defaultReadLimits: ReadLimits = { maxFiles: 20_000, maxBytes: 100 * 1024 * 1024 };

// as source-controller's default ignore list: version control is never part of an artifact
const neverRead: ReadonlySet<string> = new Set(['.git', 'node_modules']);

interface Reading {
  readonly files: Map<string, Buffer>;
  readonly links: Map<string, string>;
  bytes: number;
}

const tooMuch = (reading: Reading, limits: ReadLimits): string | undefined => {
  if (reading.files.size > limits.maxFiles) {
    return `more than ${limits.maxFiles} files`;
  }
  return reading.bytes > limits.maxBytes
    ? `more than ${limits.maxBytes} bytes of files`
    : undefined;
};

const readEntry = async (
  root: string,
  path: string,
  found: Dirent,
  reading: Reading,
  limits: ReadLimits,
): Promise<string | undefined> => {
  const full = join(root, path);
  if (found.isSymbolicLink()) {
    reading.links.set(path, await readlink(full));
    return undefined;
  }
  if (found.isDirectory()) {
    return neverRead.has(found.name) ? undefined : readInto(root, path, reading, limits);
  }
  if (found.isFile()) {
    // asked before reading, so that one huge file cannot fill the memory
    reading.bytes += (await stat(full)).size;
    const excess = tooMuch(reading, limits);
    if (excess === undefined) {
      reading.files.set(path, await readFile(full));
    }
    return excess ?? tooMuch(reading, limits);
  }
  return undefined;
};

const readInto = async (
  root: string,
  directory: string,
  reading: Reading,
  limits: ReadLimits,
): Promise<string | undefined> => {
  const found = await readdir(join(root, directory), { withFileTypes: true });
  for (const entry of found.sort((left, right) => byText(left.name, right.name))) {
    const path = directory === '.' ? entry.name : posix.join(directory, entry.name);
    const excess = await readEntry(root, path, entry, reading, limits);
    if (excess !== undefined) {
      return excess;
    }
  }
  return undefined;
};

/**
 * Reads part of a directory into memory, keyed by paths relative to `root`.
 * @param under - sub-directories of `root` to read; a name that does not exist is left out
 * @returns the content, or `too-large`
 */
export const readContent = async (
  root: string,
  under: readonly string[] = ['.'],
  limits: ReadLimits = defaultReadLimits,
): Promise<Result<TreeContent, RenderProblem>> => {
  const reading: Reading = { files: new Map(), links: new Map(), bytes: 0 };
  for (const directory of under) {
    const there = await stat(join(root, directory)).catch(() => undefined);
    if (there?.isDirectory() === true) {
      const excess = await readInto(root, directory, reading, limits);
      if (excess !== undefined) {
        return fail({ code: 'too-large', detail: `${root} has ${excess}` });
      }
    }
  }
  return ok({ files: reading.files, links: reading.links });
};

/** {@link readContent} as a {@link Tree}. */
export const readTree = async (
  root: string,
  under: readonly string[] = ['.'],
  limits: ReadLimits = defaultReadLimits,
): Promise<Result<Tree, RenderProblem>> => {
  const content = await readContent(root, under, limits);
  return content.ok ? ok(treeOf(content.value)) : content;
};
