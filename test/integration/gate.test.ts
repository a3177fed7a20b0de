import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A copy of `.ci` in an empty folder, with a PATH that holds only what a test puts there. */
let folder: string;
let bin: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gate-'));
  bin = join(folder, 'bin');
  for (const name of ['.ci', 'bin', 'node_modules']) mkdirSync(join(folder, name));
  for (const name of ['run', 'setup']) copyFileSync(`.ci/${name}`, join(folder, '.ci', name));
  for (const name of ['bash', 'dirname', 'mkdir', 'tee', 'grep', 'tail', 'touch', 'cat'])
    symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), join(bin, name));
  writeFileSync(join(folder, 'package-lock.json'), '{}');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: string, ...lines: readonly string[]): void => {
  writeFileSync(join(bin, name), ['#!/usr/bin/env -S bash', ...lines, ''].join('\n'));
  chmodSync(join(bin, name), 0o755);
};

/** A program that only writes down how it was called. */
const recorded = (name: string): void =>
  program(name, `echo "${name} $*" >> ${join(folder, 'calls')}`);

const calls = (): readonly string[] => {
  try {
    return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const run = (script: string, ...args: readonly string[]) =>
  spawnSync(join(folder, '.ci', script), args, { encoding: 'utf8', env: { PATH: bin } });

describe('.ci/run', () => {
  it('ends with the counts alone on the last line, whatever make says after them', () => {
    program('make', 'echo "1 passed, 2 failed, 3 skipped"', 'echo "make: Error 1" >&2', 'exit 2');

    const { stdout, status } = run('run');

    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 2 failed, 3 skipped');
    expect(status).not.toBe(0);
  });

  it('ends well when every test did', () => {
    program('make', 'echo "7 passed, 0 failed, 3 skipped"');

    expect(run('run').status).toBe(0);
  });

  it('counts a run that never came to its counts as a failure, even if it ended well', () => {
    program('make', 'echo "nothing here"');

    const { stdout, status } = run('run');

    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(status).not.toBe(0);
  });
});

describe('.ci/setup', () => {
  const fresh = (uid: number): void => {
    program('id', `echo ${uid}`);
    recorded('npm');
    program('env', 'shift', 'exec "$@"');
    program('fc-list', 'exit 1');
  };

  it('installs what is missing by apt as root, then the packages', () => {
    fresh(0);
    recorded('apt-get');

    const { status } = run('setup');

    expect(status).toBe(0);
    expect(calls()).toEqual([
      'apt-get update -qq',
      'apt-get install -y -qq --no-install-recommends redis-server',
      'apt-get install -y -qq --no-install-recommends openssl',
      'apt-get install -y -qq --no-install-recommends chromium',
      'apt-get install -y -qq --no-install-recommends fonts-noto-color-emoji',
      'npm ci --no-audit --no-fund --loglevel=error',
    ]);
  });

  it('says exactly what to install where it may not, and goes on', () => {
    fresh(1000);
    recorded('apt-get');
    program('sudo', 'exit 1');

    const { stderr, status } = run('setup');

    expect(status).toBe(0);
    expect(stderr).toContain(
      'apt-get install -y redis-server openssl chromium fonts-noto-color-emoji',
    );
    expect(calls()).toEqual(['npm ci --no-audit --no-fund --loglevel=error']);
  });

  it('does nothing where everything is there', () => {
    fresh(0);
    recorded('apt-get');
    for (const name of ['redis-server', 'openssl', 'chromium']) recorded(name);
    program('fc-list', 'echo NotoColorEmoji');
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{}');

    expect(run('setup').stdout).toBe('');
    expect(calls()).toEqual([]);
  });

  it('brings the packages alone when asked for them', () => {
    fresh(0);
    recorded('apt-get');

    run('setup', 'npm');

    expect(calls()).toEqual(['npm ci --no-audit --no-fund --loglevel=error']);
  });
});
