import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCase } from '#test/contract/cluster/arrange.ts';
import { type SandboxPair, startSandboxPair } from '#test/contract/cluster/on-sandbox.ts';
import type { ContractCluster, ContractWorld } from '#test/contract/cluster/world.ts';
import { hasOpenssl } from '#test/sandbox/api/certificates.ts';

const command = join(import.meta.dirname, 'cluster', 'run.ts');

let pair: SandboxPair;
let folder: string;

const fileFor = async (name: string, kubeconfig: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, kubeconfig);
  return path;
};

const kubeconfigs = async (): Promise<readonly string[]> => {
  const files = [...pair.servers].map(async ([name, server]) => [
    `--${name}`,
    await fileFor(`${name}.yaml`, server.kubeconfig()),
  ]);
  return (await Promise.all(files)).flat();
};

const run = (...words: readonly string[]) =>
  new Promise<{ code: unknown; stdout: string; last: string | undefined }>((resolve) => {
    execFile(process.execPath, [command, ...words], (error, stdout) =>
      resolve({ code: error?.code ?? 0, stdout, last: stdout.trim().split('\n').at(-1) }),
    );
  });

/** Every namespace that somebody made on the clusters. */
const namespaces = (): readonly string[] =>
  [...pair.servers.values()].flatMap(({ objects }) =>
    objects.list('v1', 'Namespace').map(({ metadata }) => metadata.name),
  );

describe('a case that fails on one cluster', () => {
  it('is over only when it has ended on the other one, too', async () => {
    const clusters = ['infra', 'apps'].map((name) => ({ name }) as ContractCluster);
    const ended: string[] = [];
    const run = async (_: ContractWorld, { name }: ContractCluster): Promise<void> => {
      await (name === 'infra' ? wait(20) : undefined);
      ended.push(name);
      throw new Error(`${name} is odd`);
    };

    await expect(
      runCase({ clusters } as unknown as ContractWorld, { name: 'odd', run }),
    ).rejects.toThrow(/on infra: infra is odd\s+on apps: apps is odd/);
    expect(ended).toEqual(['apps', 'infra']);
  });
});

describe.runIf(hasOpenssl)('the command, on clusters that it knows by kubeconfig only', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contract-command-'));
    pair = await startSandboxPair({ isTls: true });
  });
  afterAll(async () => {
    await pair.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('plays the cases over TLS, brings its own Git and receiver, and leaves nothing', async () => {
    const before = namespaces();
    const { code, stdout, last } = await run(
      ...(await kubeconfigs()),
      '--only',
      'by its own token',
    );
    const agents = new Set(
      [...pair.servers.values()].flatMap((server) =>
        server.requests().map(({ user, resource }) => `${user} ${resource}`),
      ),
    );

    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(last).toBe('1 passed, 0 failed, 0 skipped');
    expect(agents).toContain('admin kustomizations');
    expect(namespaces()).toEqual(before);
  }, 90_000);

  it('removes what it made when it is interrupted, and does not end as if all was well', async () => {
    const before = namespaces();
    const child = spawn(process.execPath, [command, ...(await kubeconfigs())]);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    // the first case has passed, and the next is under way
    child.stdout.once('data', () => child.kill('SIGINT'));
    const [code] = await once(child, 'exit');

    expect({ code, stdout }).toMatchObject({ code: 130 });
    expect(stdout).toMatch(
      /once more ends at once, and leaves the namespace flux-chatops-contract-/,
    );
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed, \d+ skipped$/);
    expect(namespaces()).toEqual(before);
  }, 60_000);

  it('says which cluster it cannot reach, and counts nothing as passed', async () => {
    const words = await kubeconfigs();
    const server = pair.servers.get('apps');
    await server?.faults.down();
    const { code, stdout, last } = await run(...words);
    await server?.faults.up();

    expect(code).toBe(1);
    expect(stdout).toContain(`apps cannot be reached at ${server?.url}: connect ECONNREFUSED`);
    expect(stdout).not.toContain('infra');
    expect(last).toMatch(/^0 passed, 1 failed, \d\d skipped$/);
  });

  it('says when a cluster does not know these credentials, or has no Flux', async () => {
    const config = JSON.parse(pair.servers.get('infra')?.kubeconfig() ?? '{}');
    const users = [{ name: 'admin', user: { token: 'of somebody else' } }];
    const stranger = await fileFor('stranger.yaml', JSON.stringify({ ...config, users }));
    const apps = pair.servers.get('apps');
    const helm = apps?.kinds.byPlural('helm.toolkit.fluxcd.io', 'helmreleases');
    if (apps === undefined || helm === undefined) {
      throw new Error('apps has no HelmReleases');
    }
    apps.kinds.remove(helm);
    const words = ['--apps', await fileFor('apps.yaml', apps.kubeconfig())];
    const { code, stdout, last } = await run('--infra', stranger, ...words);
    apps.kinds.add(helm);

    expect(code).toBe(1);
    expect(stdout).toContain('infra refuses these credentials (401)');
    expect(stdout).toContain('apps does not serve helm.toolkit.fluxcd.io/v2 (404): install Flux');
    expect(last).toMatch(/^0 passed, 2 failed, \d\d skipped$/);
  });

  it('says when a file is no kubeconfig', async () => {
    const { code, stdout } = await run('--infra', join(folder, 'absent.yaml'));

    expect(code).toBe(1);
    expect(stdout).toContain('absent.yaml is no kubeconfig that can be used');
  });
});
