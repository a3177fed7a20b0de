import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { type Installation, installKustomize } from '#src/render/install.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { type Finished, isExecutable, runProgram } from '#src/render/program.ts';
import {
  isAtLeast,
  kubectlKustomizeVersionIn,
  oldestKustomize,
  versionIn,
} from '#src/render/version.ts';
import type { Reach } from '#src/render/walk.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface BuildLimits {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly maxMemoryKiB: number;
}

/** A kustomize on this machine that is new enough. */
export interface Kustomize {
  readonly version: string;
  /** where it was found, for people */
  readonly origin: string;
  build(reach: Reach, limits: BuildLimits): Promise<Result<string, RenderProblem>>;
}

const writeReach = async (root: string, reach: Reach): Promise<void> => {
  for (const [path, content] of reach.files) {
    const full = join(root, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content, { flag: 'wx' });
  }
};

// a shell only to set the limits; the command and its arguments never pass through it as text
const limitScript = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; shift 2; exec "$@"';

const failureOf = (finished: Finished, limits: BuildLimits, root: string): RenderProblem => {
  if (finished.stopped === 'time') {
    return { code: 'timed-out', afterMs: limits.timeoutMs };
  }
  if (finished.stopped === 'size') {
    return {
      code: 'too-large',
      detail: `kustomize wrote more than ${limits.maxOutputBytes} bytes`,
    };
  }
  const words = finished.stderr.replaceAll(`${root}/`, '').replaceAll(root, '.').trim();
  return { code: 'build-failed', detail: words === '' ? 'no reason was given' : words };
};

const buildWith =
  (command: string, args: readonly string[]): Kustomize['build'] =>
  async (reach, limits) => {
    const root = await mkdtemp(join(tmpdir(), 'flux-chatops-render-'));
    try {
      await writeReach(root, reach);
      const seconds = String(Math.ceil(limits.timeoutMs / 1000) * 2);
      const finished = await runProgram({
        command: '/bin/sh',
        args: [
          '-c',
          limitScript,
          'sh',
          String(limits.maxMemoryKiB),
          seconds,
          command,
          ...args,
          '--load-restrictor=LoadRestrictionsNone',
          join(root, reach.directory),
        ],
        // nothing of ours reaches it: no credentials, no proxies, no plugin directories
        env: { HOME: root, PATH: '' },
        timeoutMs: limits.timeoutMs,
        maxOutputBytes: limits.maxOutputBytes,
        directory: root,
      });
      if (!finished.ok) {
        return fail({ code: 'kustomize-unavailable', detail: finished.failure });
      }
      // it may have ended by itself just before it was stopped
      const { exitCode, stdout, stopped } = finished.value;
      return exitCode === 0 && stopped === undefined
        ? ok(stdout)
        : fail(failureOf(finished.value, limits, root));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };

const onPath = async (name: string, searchPath: string): Promise<string | undefined> => {
  for (const directory of searchPath.split(delimiter).filter(isAbsolute)) {
    const path = join(directory, name);
    if (await isExecutable(path)) {
      return path;
    }
  }
  return undefined;
};

interface Candidate {
  readonly program: string;
  readonly args: readonly string[];
  readonly versionArgs: readonly string[];
  readonly readVersion: (output: string) => string | undefined;
}

const kustomizeAt = (program: string): Candidate => ({
  program,
  args: ['build'],
  versionArgs: ['version'],
  readVersion: versionIn,
});

const kubectlAt = (program: string): Candidate => ({
  program,
  args: ['kustomize'],
  versionArgs: ['version', '--client'],
  readVersion: kubectlKustomizeVersionIn,
});

const tryCandidate = async (candidate: Candidate): Promise<Result<Kustomize, string>> => {
  const asked = await runProgram({
    command: candidate.program,
    args: candidate.versionArgs,
    env: { PATH: '' },
    timeoutMs: 10_000,
    maxOutputBytes: 1024 * 1024,
  });
  const version = asked.ok ? candidate.readVersion(asked.value.stdout) : undefined;
  if (version === undefined) {
    return fail(`${candidate.program} does not say a version`);
  }
  if (!isAtLeast(version, oldestKustomize)) {
    return fail(`${candidate.program} has kustomize ${version}, which is too old`);
  }
  return ok({
    version,
    origin: [candidate.program, ...candidate.args].join(' '),
    build: buildWith(candidate.program, candidate.args),
  });
};

/**
 * Finds a kustomize that is new enough: on the search path, inside kubectl, in the cache, or installed
 * there in an exact version when that is allowed.
 * @param searchPath - as in PATH; relative entries are not searched
 * @returns the program, or `kustomize-unavailable` that names each one that was refused
 */
export const findKustomize = async (
  searchPath: string,
  installation?: Installation,
): Promise<Result<Kustomize, RenderProblem>> => {
  const kustomize = await onPath('kustomize', searchPath);
  const kubectl = await onPath('kubectl', searchPath);
  const candidates = [
    ...(kustomize === undefined ? [] : [kustomizeAt(kustomize)]),
    ...(kubectl === undefined ? [] : [kubectlAt(kubectl)]),
  ];
  const refused: string[] = [];
  for (const candidate of candidates) {
    const tried = await tryCandidate(candidate);
    if (tried.ok) {
      return tried;
    }
    refused.push(tried.failure);
  }
  if (installation !== undefined) {
    const installed = await installKustomize(installation);
    const tried = installed.ok ? await tryCandidate(kustomizeAt(installed.value)) : installed;
    if (tried.ok) {
      return tried;
    }
    refused.push(tried.failure);
  }
  const found = refused.length === 0 ? 'none was found' : refused.join('; ');
  const detail = `kustomize ${oldestKustomize} or newer is needed: ${found}`;
  return fail({ code: 'kustomize-unavailable', detail });
};
