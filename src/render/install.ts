import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { isExecutable, runProgram } from '#src/render/program.ts';
import { type Release, releaseFor } from '#src/render/release.ts';
import { wantedKustomize } from '#src/render/version.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface Installation {
  /** a directory of its own is made in it for each version */
  readonly cacheDirectory: string;
  /** what `go` and `tar` need: PATH, HOME and Go's own settings */
  readonly env: Readonly<Record<string, string>>;
  /** taken where Go cannot build it; that of this machine when left out */
  readonly release?: Release | undefined;
}

const downloadTimeoutMs = 120_000;

/** Go checks the module against its checksum database. */
const byGo = async ({ env }: Installation, directory: string): Promise<Result<void, string>> => {
  const done = await runProgram({
    command: 'go',
    args: ['install', `sigs.k8s.io/kustomize/kustomize/v5@v${wantedKustomize}`],
    env: { ...env, GOBIN: directory },
    timeoutMs: 600_000,
    maxOutputBytes: 16 * 1024 * 1024,
  });
  if (!done.ok) {
    return fail(`Go: ${done.failure}`);
  }
  return done.value.exitCode === 0 ? ok(undefined) : fail(`Go: ${done.value.stderr.trim()}`);
};

const download = async ({ url, sha256 }: Release): Promise<Result<Buffer, string>> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
    if (!answer.ok) {
      return fail(`${url} answers ${answer.status}`);
    }
    const archive = Buffer.from(await answer.arrayBuffer());
    const found = createHash('sha256').update(archive).digest('hex');
    return found === sha256
      ? ok(archive)
      : fail(`${url} has the checksum ${found}, not ${sha256}; it was not unpacked`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return fail(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
};

/** The archive is looked at only when its checksum is the one that we know. */
const byRelease = async (
  { env, release }: Installation,
  directory: string,
): Promise<Result<void, string>> => {
  const wanted = release ?? (platform() === 'linux' ? releaseFor(arch()) : undefined);
  if (wanted === undefined) {
    return fail(`no release is known for ${platform()} on ${arch()}`);
  }
  const archive = await download(wanted);
  if (!archive.ok) {
    return archive;
  }
  // beside its place, so that whoever looks meanwhile finds all of it or nothing
  const parts = await mkdtemp(join(directory, 'parts-'));
  try {
    const file = join(parts, 'kustomize.tar.gz');
    await writeFile(file, archive.value);
    const done = await runProgram({
      command: 'tar',
      args: ['-xzf', file, '-C', parts, 'kustomize'],
      env,
      timeoutMs: 60_000,
      maxOutputBytes: 1024 * 1024,
    });
    if (!done.ok || done.value.exitCode !== 0) {
      return fail(`tar: ${done.ok ? done.value.stderr.trim() : done.failure}`);
    }
    await rename(join(parts, 'kustomize'), join(directory, 'kustomize'));
    return ok(undefined);
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
};

/**
 * Installs the wanted kustomize into the cache, unless it is there: as a Go module, or, where there is no Go
 * or one that is too old, as a release whose checksum is known.
 * @returns the program, or what went wrong on each way
 */
export const installKustomize = async (
  installation: Installation,
): Promise<Result<string, string>> => {
  const directory = join(installation.cacheDirectory, `kustomize-${wantedKustomize}`);
  const program = join(directory, 'kustomize');
  if (await isExecutable(program)) {
    return ok(program);
  }
  await mkdir(directory, { recursive: true });
  const refused: string[] = [];
  for (const way of [byGo, byRelease]) {
    const done = await way(installation, directory);
    if (done.ok) {
      return ok(program);
    }
    refused.push(done.failure);
  }
  return fail(`kustomize ${wantedKustomize} was not installed: ${refused.join('; ')}`);
};
