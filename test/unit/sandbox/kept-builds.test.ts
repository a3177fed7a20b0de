import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Kustomize } from '#src/render/kustomize.ts';
import { fail, ok } from '#src/result.ts';
import { keepBuilds } from '#test/sandbox/kept-builds.ts';

const limits = { timeoutMs: 1_000, maxOutputBytes: 1_000, maxMemoryKiB: 1_000 };
const reach = (directory: string, text: string) => ({
  directory,
  files: new Map([['kustomization.yaml', Buffer.from(text)]]),
});

describe('kept builds', () => {
  let folder: string;
  let built: string[];
  const kustomize = (version: string): Kustomize => ({
    version,
    origin: 'a test',
    build: async ({ directory, files }) => {
      built.push(directory);
      const text = String(files.get('kustomization.yaml'));
      return text === 'bad'
        ? fail({ code: 'build-failed', detail: 'told to fail' })
        : ok(`built ${text}`);
    },
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flux-chatops-builds-'));
    built = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('builds the same input once, also for another process', async () => {
    const first = await keepBuilds(kustomize('5.0.0'), folder).build(reach('a', 'one'), limits);
    const again = await keepBuilds(kustomize('5.0.0'), folder).build(reach('a', 'one'), limits);

    expect([first, again]).toEqual([ok('built one'), ok('built one')]);
    expect(built).toEqual(['a']);
  });

  it('builds anew for another file, another folder, another version', async () => {
    const build = keepBuilds(kustomize('5.0.0'), folder);
    await build.build(reach('a', 'one'), limits);
    await build.build(reach('a', 'two'), limits);
    await build.build(reach('b', 'one'), limits);
    await keepBuilds(kustomize('5.1.0'), folder).build(reach('a', 'one'), limits);

    expect(built).toEqual(['a', 'a', 'b', 'a']);
  });

  it('keeps one build where several ask for it at once', async () => {
    const { build } = keepBuilds(kustomize('5.0.0'), folder);

    const all = await Promise.all(
      Array.from({ length: 5 }, () => build(reach('a', 'one'), limits)),
    );

    expect(all).toEqual(Array(5).fill(ok('built one')));
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('remembers no failure', async () => {
    const build = keepBuilds(kustomize('5.0.0'), folder);
    await build.build(reach('a', 'bad'), limits);
    const again = await build.build(reach('a', 'bad'), limits);

    expect(again.ok).toBe(false);
    expect(built).toEqual(['a', 'a']);
  });
});
