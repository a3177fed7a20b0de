import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTree } from '#src/render/disk.ts';
import { findKustomize, type Kustomize } from '#src/render/kustomize.ts';
import {
  createRenderer,
  defaultRenderLimits,
  type Renderer,
  type VariableSource,
} from '#src/render/render.ts';
import { byText, treeOfTexts } from '#src/render/tree.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';

const noVariables: VariableSource = () => undefined;

const flux = (spec: object): object => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'app', namespace: 'flux-system' },
  spec: { path: './app', ...spec },
});

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry/web:1.0
          env:
            - {name: CLUSTER, value: "\${CLUSTER}"}
`;

describe('rendering with the real kustomize', () => {
  let kustomize: Kustomize;
  let renderer: Renderer;
  let scratch: string;

  beforeAll(async () => {
    const found = await findKustomize(searchPath, {
      cacheDirectory: toolCache,
      env: environment,
    });
    if (!found.ok) {
      throw new Error(`no kustomize: ${JSON.stringify(found.failure)}`);
    }
    kustomize = found.value;
    renderer = createRenderer(kustomize);
    scratch = await mkdtemp(join(tmpdir(), 'render-test-'));
  }, 300_000);

  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it('applies everything that a Flux Kustomization can ask for', async () => {
    const tree = treeOfTexts({
      'app/kustomization.yaml': 'resources: [../base]\n',
      'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
      'base/deployment.yaml': deployment,
      'components/replicas/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: {kind: Deployment}\n    patch: |\n      - {op: add, path: /spec/replicas, value: 3}\n',
    });
    const result = await renderer.render({
      tree,
      kustomization: flux({
        targetNamespace: 'shop',
        namePrefix: 'a-',
        nameSuffix: '-z',
        components: ['../components/replicas'],
        commonMetadata: { labels: { team: 'web' } },
        images: [{ name: 'registry/web', newTag: '2.0' }],
        patches: [
          {
            target: { kind: 'Deployment' },
            patch: '- {op: add, path: /spec/paused, value: true}',
          },
        ],
        postBuild: {
          substitute: { CLUSTER: 'own' },
          substituteFrom: [
            { kind: 'ConfigMap', name: 'settings' },
            { kind: 'Secret', name: 'nowhere', optional: true },
          ],
        },
      }),
      variables: (reference) =>
        reference.name === 'settings' ? { CLUSTER: 'from-map', OTHER: 'x' } : undefined,
    });

    expect(result.ok && result.value.objects).toMatchObject([
      {
        kind: 'Deployment',
        metadata: { name: 'a-web-z', namespace: 'shop', labels: { team: 'web' } },
        spec: {
          replicas: 3,
          paused: true,
          template: {
            spec: {
              containers: [{ image: 'registry/web:2.0', env: [{ name: 'CLUSTER', value: 'own' }] }],
            },
          },
        },
      },
    ]);
    expect(result.ok && result.value.files).toContain('components/replicas/kustomization.yaml');
  });

  it('generates a kustomization for a path without one', async () => {
    const tree = treeOfTexts({
      'app/a.yaml': deployment,
      'app/deep/b.yaml': deployment.replace('name: web\nspec', 'name: other\nspec'),
    });
    const result = await renderer.render({ tree, kustomization: flux({}), variables: noVariables });
    expect(
      result.ok && result.value.objects.map((object) => object.metadata.name).sort(byText),
    ).toEqual(['other', 'web']);
  });

  it('says which source of variables does not exist', async () => {
    const result = await renderer.render({
      tree: treeOfTexts({ 'app/a.yaml': deployment }),
      kustomization: flux({ postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'gone' }] } }),
      variables: noVariables,
    });
    expect(result).toEqual({
      ok: false,
      failure: { code: 'variables-missing', source: 'ConfigMap/flux-system/gone' },
    });
  });

  it('answers an unchanged input from memory and builds a changed one again', async () => {
    const fresh = createRenderer(kustomize);
    const request = (text: string, unused: string) => ({
      tree: treeOfTexts({
        'app/kustomization.yaml': 'resources: [a.yaml]\n',
        'app/a.yaml': text,
        'app/unused.yaml': unused,
      }),
      kustomization: flux({}),
      variables: noVariables,
    });

    await fresh.render(request(deployment, '1'));
    await fresh.render(request(deployment, '2'));
    expect(fresh.builds()).toBe(1);
    await fresh.render(request(deployment.replace('1.0', '1.1'), '2'));
    expect(fresh.builds()).toBe(2);
  });

  it('builds one input once for several that ask at the same time', async () => {
    const fresh = createRenderer(kustomize, { ...defaultRenderLimits, maxBuilds: 1 });
    const request = (text: string) => ({
      tree: treeOfTexts({ 'app/a.yaml': text }),
      kustomization: flux({}),
      variables: noVariables,
    });
    const other = deployment.replace('1.0', '1.1');

    const results = await Promise.all(
      [deployment, deployment, other, deployment, other].map((text) => fresh.render(request(text))),
    );

    expect(results.map((result) => result.ok)).toEqual([true, true, true, true, true]);
    expect(fresh.builds()).toBe(2);
  });

  it("gives kustomize's own words when a build fails, without paths of this machine", async () => {
    const result = await renderer.render({
      tree: treeOfTexts({
        'app/kustomization.yaml': 'resources: [a.yaml]\npatches: [{path: p.yaml}]\n',
        'app/a.yaml': deployment,
        'app/p.yaml': deployment.replace('name: web\nspec', 'name: nobody\nspec'),
      }),
      kustomization: flux({}),
      variables: noVariables,
    });
    expect(result.ok ? '' : result.failure).toMatchObject({ code: 'build-failed' });
    expect(JSON.stringify(result)).toContain('nobody');
    expect(JSON.stringify(result)).not.toContain(tmpdir());
  });

  it('stops a build that takes too long and one that writes too much', async () => {
    const slow = createRenderer(kustomize, { ...defaultRenderLimits, timeoutMs: 1 });
    const narrow = createRenderer(kustomize, { ...defaultRenderLimits, maxOutputBytes: 64 });
    const request = {
      tree: treeOfTexts({ 'app/a.yaml': deployment }),
      kustomization: flux({}),
      variables: noVariables,
    };
    expect(await slow.render(request)).toEqual({
      ok: false,
      failure: { code: 'timed-out', afterMs: 1 },
    });
    expect((await narrow.render(request)).ok).toBe(false);
  });

  it('leaves nothing behind and never asks the network', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(deployment);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const place = join(scratch, 'place');
    await mkdir(place);
    // others build on this machine at the same time
    vi.stubEnv('TMPDIR', place);

    const result = await renderer.render({
      tree: treeOfTexts({
        'app/kustomization.yaml': `resources: ["http://127.0.0.1:${port}/a.yaml"]\n`,
      }),
      kustomization: flux({}),
      variables: noVariables,
    });
    await new Promise((resolve) => server.close(resolve));

    expect(result.ok ? '' : result.failure).toMatchObject({ code: 'refused', refusal: 'remote' });
    expect(asked).toEqual([]);
    const built = await renderer.render({
      tree: treeOfTexts({ 'app/only-here.yaml': deployment }),
      kustomization: flux({}),
      variables: noVariables,
    });
    expect(built.ok).toBe(true);
    expect(await readdir(place)).toEqual([]);
  });

  it('reads a work tree from the disk, knows its links, and keeps to its bounds', async () => {
    const root = join(scratch, 'tree');
    await mkdir(join(root, 'app'), { recursive: true });
    await writeFile(join(root, 'app/a.yaml'), deployment);
    await symlink('/etc/passwd', join(root, 'app/link.yaml'));

    const tree = await readTree(root);
    const small = await readTree(root, ['.'], { maxFiles: 10, maxBytes: 10 });

    expect(tree.ok && tree.value.entry('app/a.yaml')?.kind).toBe('file');
    expect(tree.ok && tree.value.entry('app/link.yaml')?.kind).toBe('link');
    expect(small.ok).toBe(false);
  });

  it('refuses an old kustomize by name and takes the next one', async () => {
    const bin = join(scratch, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'kustomize'), '#!/bin/sh\necho v3.8.7\n');
    await chmod(join(bin, 'kustomize'), 0o755);

    const alone = await findKustomize(bin);
    const none = await findKustomize(join(scratch, 'empty'));

    expect(alone).toEqual({
      ok: false,
      failure: {
        code: 'kustomize-unavailable',
        detail: `kustomize 5.5.0 or newer is needed: ${join(bin, 'kustomize')} has kustomize 3.8.7, which is too old`,
      },
    });
    expect(none.ok ? '' : none.failure).toMatchObject({ code: 'kustomize-unavailable' });
    const both = await findKustomize([bin, searchPath].join(':'), {
      cacheDirectory: toolCache,
      env: environment,
    });
    expect(both.ok && both.value.version).toMatch(/^5\./);
  });

  it('takes a release where there is no Go, when its checksum is the one that is known', async () => {
    const folder = join(scratch, 'release');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'kustomize'), '#!/bin/sh\necho v5.8.1\n', { mode: 0o755 });
    execFileSync('tar', ['-czf', 'archive.tar.gz', 'kustomize'], { cwd: folder });
    const archive = await readFile(join(folder, 'archive.tar.gz'));
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/there' ? 200 : 404).end(archive),
    );
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const withRelease = (path: string, sha256: string, cache: string) =>
      findKustomize('', {
        cacheDirectory: join(scratch, cache),
        // where tar is, and no Go
        env: { PATH: '/usr/bin:/bin' },
        release: { url: `http://127.0.0.1:${port}${path}`, sha256 },
      });
    const sum = createHash('sha256').update(archive).digest('hex');
    try {
      const changed = await withRelease('/there', '0'.repeat(64), 'changed');
      const away = await withRelease('/away', sum, 'away');
      const found = await withRelease('/there', sum, 'found');

      expect(changed.ok ? '' : changed.failure).toMatchObject({
        code: 'kustomize-unavailable',
        detail: expect.stringContaining(`has the checksum ${sum}, not 000`),
      });
      expect(await readdir(join(scratch, 'changed', 'kustomize-5.8.1'))).toEqual([]);
      expect(away.ok ? '' : away.failure).toMatchObject({
        detail: expect.stringContaining('/away answers 404'),
      });
      expect(found.ok && found.value.version).toBe('5.8.1');
      expect(await readdir(join(scratch, 'found', 'kustomize-5.8.1'))).toEqual(['kustomize']);
    } finally {
      server.close();
    }
    // from now on it is there, also without a network
    expect((await withRelease('/there', sum, 'found')).ok).toBe(true);
  });
});
