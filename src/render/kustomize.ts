import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { RenderProblem } from '#src/render/problem.ts';
import {
  isAtLeast,
  kubectlKustomizeVersionIn,
  oldestKustomize,
  versionIn,
  wantedKustomize,
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

interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stopped?: 'time' | 'size';
}

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly directory?: string;
}

const gather = (child: ChildProcess, maxBytes: number, excess: () => void) => {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let bytes = 0;
  const listen = (name: 'stdout' | 'stderr') =>
    child[name]?.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > maxBytes) {
        excess();
        return;
      }
      parts[name].push(part);
    });
  listen('stdout');
  listen('stderr');
  return (name: 'stdout' | 'stderr') => Buffer.concat(parts[name]).toString('utf8');
};

const runProgram = (run: Run): Promise<Result<Finished, string>> =>
  new Promise((resolve) => {
    const child = spawn(run.command, [...run.args], {
      env: run.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.directory === undefined ? {} : { cwd: run.directory }),
    });
    let stopped: 'time' | 'size' | undefined;
    const stop = (why: 'time' | 'size') => {
      stopped ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop('time'), run.timeoutMs);
    const text = gather(child, run.maxOutputBytes, () => stop('size'));
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve(fail(error.message));
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const finished = { exitCode, stdout: text('stdout'), stderr: text('stderr') };
      resolve(ok(stopped === undefined ? finished : { ...finished, stopped }));
    });
  });

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

const isExecutable = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

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

export interface Installation {
  /** a directory of its own is made in it for each version */
  readonly cacheDirectory: string;
  /** what `go` needs: PATH, HOME and its own settings */
  readonly env: Readonly<Record<string, string>>;
}

const install = async (installation: Installation): Promise<Result<string, string>> => {
  const directory = join(installation.cacheDirectory, `kustomize-${wantedKustomize}`);
  const program = join(directory, 'kustomize');
  if (await isExecutable(program)) {
    return ok(program);
  }
  await mkdir(directory, { recursive: true });
  // Go checks the module against its checksum database
  const done = await runProgram({
    command: 'go',
    args: ['install', `sigs.k8s.io/kustomize/kustomize/v5@v${wantedKustomize}`],
    env: { ...installation.env, GOBIN: directory },
    timeoutMs: 600_000,
    maxOutputBytes: 16 * 1024 * 1024,
  });
  if (!done.ok) {
    return fail(`kustomize ${wantedKustomize} was not installed: ${done.failure}`);
  }
  return done.value.exitCode === 0
    ? ok(program)
    : fail(`kustomize ${wantedKustomize} was not installed: ${done.value.stderr.trim()}`);
};

/**
 * Finds a kustomize that is new enough: on the search path, inside kubectl, in the cache, or installed
 * there as a Go module of an exact version when that is allowed.
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
    const installed = await install(installation);
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
