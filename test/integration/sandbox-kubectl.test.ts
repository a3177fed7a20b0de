import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOpenssl, makeCertificates } from '#test/sandbox/api/certificates.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

let server: ApiServer;
let folder: string;

const run = (user: string, words: readonly string[], input = '') =>
  new Promise<{ code: unknown; said: string }>((resolve) => {
    const child = execFile(
      'kubectl',
      ['--kubeconfig', join(folder, user), '--request-timeout=20s', ...words],
      { env: { PATH: process.env['PATH'] ?? '', HOME: folder } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, said: `${stdout}${stderr}` }),
    );
    child.stdin?.end(input);
  });

const kustomization = (timeout: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: media}
spec: {interval: 10m, path: ./a, prune: true, sourceRef: {kind: GitRepository, name: p}${timeout}}
`;

const spec = (): unknown =>
  server.objects.get({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    namespace: 'media',
    name: 'app',
  })?.['spec'];

describe.runIf(hasKubectl && hasOpenssl)('kubectl on the sandbox', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-kubectl-'));
    const rules = [{ apiGroups: ['*'], resources: ['kustomizations'], verbs: ['get', 'list'] }];
    // over plain HTTP kubectl sends no credentials
    const certificates = await makeCertificates();
    const users = [{ name: 'reader', rules }];
    server = await startApiServer({ name: 'infra', certificates, users });
    for (const user of ['admin', 'reader']) {
      await writeFile(join(folder, user), server.kubeconfig(user));
    }
    const made = await run('admin', ['create', 'namespace', 'media']);
    expect(made).toEqual({ code: 0, said: 'namespace/media created\n' });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('applies and changes an object of a built-in kind, as a client and as the server', async () => {
    const config = (value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: media}\ndata: {a: ${value}}\n`;
    const apply = async (value: string, ...words: readonly string[]): Promise<string> =>
      (await run('admin', ['apply', ...words, '-f', '-'], config(value))).said;

    expect(await apply('b')).toBe('configmap/c created\n');
    expect(await apply('c')).toBe('configmap/c configured\n');
    expect(await apply('c')).toBe('configmap/c unchanged\n');
    expect(await apply('c', '--server-side')).toContain('serverside-applied');
  });

  it('is told of a conflict with its owner, takes over by force, and drops what it leaves out', async () => {
    const apply = (timeout: string, ...words: readonly string[]) =>
      run('admin', ['apply', '--server-side', ...words, '-f', '-'], kustomization(timeout));
    await apply(', timeout: 1m');
    const refused = await apply(', timeout: 2m', '--field-manager=other');
    const forced = await apply(', timeout: 2m', '--field-manager=other', '--force-conflicts');
    const taken = spec();
    await apply('', '--field-manager=other');

    expect(refused.code).toBe(1);
    expect(refused.said).toContain('conflict with "kubectl" using kustomize.toolkit.fluxcd.io/v1');
    expect(forced.code).toBe(0);
    expect(taken).toMatchObject({ timeout: '2m' });
    expect(spec()).not.toHaveProperty('timeout');
  });

  it('reads in pages, patches, and deletes', async () => {
    await run('admin', ['apply', '--server-side', '-f', '-'], kustomization(''));
    const app = ['ks', '-n', 'media', 'app'];
    const listed = await run('reader', ['get', 'ks', '-A', '--chunk-size=1', '-o', 'name']);
    const patched = await run('admin', [
      'patch',
      ...app,
      '--type=merge',
      '-p',
      '{"spec":{"suspend":true}}',
    ]);
    const suspended = spec();
    const removed = '[{"op":"remove","path":"/spec/suspend"}]';
    await run('admin', ['patch', ...app, '--type=json', '-p', removed]);
    const resumed = spec();
    const deleted = await run('admin', ['delete', ...app, '--timeout=10s']);

    expect(listed.said).toBe('kustomization.kustomize.toolkit.fluxcd.io/app\n');
    expect(patched.code).toBe(0);
    expect(suspended).toMatchObject({ suspend: true });
    expect(resumed).not.toHaveProperty('suspend');
    expect(deleted.code).toBe(0);
    expect(spec()).toBeUndefined();
  });

  it('asks who it is and what it may, without impersonation', async () => {
    const may = async (verb: string): Promise<string> => {
      const words = ['auth', 'can-i', verb, 'kustomizations.kustomize.toolkit.fluxcd.io'];
      return (await run('reader', [...words, '-n', 'media'])).said.trim();
    };

    expect(await may('list')).toBe('yes');
    expect(await may('create')).toBe('no');
    expect((await run('reader', ['auth', 'whoami'])).said).toContain('reader');
    expect((await run('admin', ['get', 'ks', '-A', '--as=reader'])).said).toContain(
      'cannot impersonate',
    );
  });
});
