import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The programs that platform tests and Taskfiles run. Each Go tool is a module of its own beside
 * this file: go.mod pins its version, go.sum what its sources must be.
 */
export interface Tool {
  readonly name: string;
  readonly build: { readonly kind: 'go'; readonly package: string } | { readonly kind: 'pip' };
}

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', '..', '.cache', 'tools');

export const tools = [
  { name: 'talos-validate', build: { kind: 'go', package: '.' } },
  { name: 'task', build: { kind: 'go', package: 'github.com/go-task/task/v3/cmd/task' } },
  { name: 'yq', build: { kind: 'go', package: 'github.com/mikefarah/yq/v4' } },
  { name: 'helm', build: { kind: 'go', package: 'helm.sh/helm/v4/cmd/helm' } },
  { name: 'helmfile', build: { kind: 'go', package: 'github.com/helmfile/helmfile' } },
  { name: 'shellcheck', build: { kind: 'pip' } },
] as const satisfies readonly Tool[];

export type ToolName = (typeof tools)[number]['name'];

/** The folder of one tool at one version: its name and the digest of everything it is built from. */
const folderOf = (tool: Tool): string => {
  const source = join(here, tool.name);
  const digest = createHash('sha256').update(JSON.stringify(tool));
  for (const file of readdirSync(source).toSorted())
    digest.update(`${file}\n`).update(readFileSync(join(source, file)));
  return join(cache, `${tool.name}-${digest.digest('hex').slice(0, 12)}`);
};

const binaryOf = (tool: Tool, folder = folderOf(tool)): string =>
  tool.build.kind === 'pip' ? join(folder, 'bin', tool.name) : join(folder, tool.name);

const named = (name: ToolName): Tool => {
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`no such tool: ${name}`);
  return tool;
};

/** The program's path, or undefined when `npm run tools` has not built this version. */
export const findTool = (name: ToolName): string | undefined => {
  const path = binaryOf(named(name));
  return existsSync(path) ? path : undefined;
};

/** The one folder to put in PATH: every tool by its plain name. */
export const toolFolder = join(cache, 'bin');

/** Puts the tool's current version into the folder for PATH. */
const link = (tool: Tool): void => {
  mkdirSync(toolFolder, { recursive: true });
  // made beside its place and then renamed: the name always leads somewhere
  const made = join(toolFolder, `.${tool.name}-${process.pid}`);
  symlinkSync(relative(toolFolder, binaryOf(tool)), made);
  renameSync(made, join(toolFolder, tool.name));
};

const buildGo = (tool: Tool, goPackage: string, folder: string) =>
  spawnSync(
    'go',
    ['build', '-trimpath', '-ldflags=-s -w', '-o', join(folder, tool.name), goPackage],
    {
      cwd: join(here, tool.name),
      encoding: 'utf8',
      env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false' },
    },
  );

const installPip = (tool: Tool, folder: string) =>
  spawnSync(
    'python3',
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--disable-pip-version-check',
      '--root-user-action=ignore',
      '--only-binary=:all:',
      '--target',
      folder,
      '--requirement',
      join(here, tool.name, 'requirements.txt'),
    ],
    { encoding: 'utf8' },
  );

/**
 * Builds one tool into the cache unless this version is there already; old versions are removed.
 * @returns what happened, in a line; throws when the build fails
 */
export const install = (tool: Tool): string => {
  const folder = folderOf(tool);
  if (existsSync(binaryOf(tool))) {
    link(tool);
    return `${tool.name}: there already`;
  }
  // Built beside its place and then renamed, so that a broken build never looks like a tool.
  const staging = `${folder}.building-${process.pid}`;
  mkdirSync(staging, { recursive: true });
  try {
    const built =
      tool.build.kind === 'go'
        ? buildGo(tool, tool.build.package, staging)
        : installPip(tool, staging);
    if (built.error) throw new Error(`${tool.name}: ${built.error.message}`);
    if (built.status !== 0 || !existsSync(binaryOf(tool, staging)))
      throw new Error(`${tool.name} could not be built:\n${built.stderr}`);
    for (const old of readdirSync(cache))
      if (
        old.startsWith(`${tool.name}-`) &&
        /-[0-9a-f]{12}$/.test(old) &&
        old.length === tool.name.length + 13
      )
        rmSync(join(cache, old), { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  link(tool);
  return `${tool.name}: built`;
};
