import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createKubernetesCluster } from '#src/cluster/kubernetes/cluster.ts';
import { silentLog } from '#src/log.ts';
import { eventually, quickTimes, systemClock } from '#test/contract/cluster-worlds.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';

describe('the way to a cluster', () => {
  let server: ApiServer;
  let folder: string;
  const clusters: Cluster[] = [];

  beforeEach(async () => {
    server = await startApiServer({
      name: 'infra',
      users: [{ name: 'first' }, { name: 'second' }],
    });
    folder = await mkdtemp(join(tmpdir(), 'flux-chatops-connection-'));
  });
  afterEach(async () => {
    await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
    await server.close();
    await rm(folder, { recursive: true });
  });

  const connect = (file: string, context?: string): Cluster => {
    const cluster = createKubernetesCluster({
      name: 'infra',
      connection: { type: 'kubeconfig', file, context },
      clock: systemClock,
      chance: Math.random,
      log: silentLog,
      times: quickTimes,
    });
    clusters.push(cluster);
    return cluster;
  };

  const config = (user: Readonly<Record<string, string>>, url = server.url): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'none',
      clusters: [{ name: 'c', cluster: { server: `${url}/` } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'bot', context: { cluster: 'c', user: 'u' } }],
    });

  const whoIs = async (cluster: Cluster): Promise<string> => {
    const who = await cluster.whoAmI();
    return who.ok ? who.value.username : who.failure.code;
  };

  it('takes the context that is named, and plain HTTP on loopback', async () => {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, config({ token: server.token('first') }));
    expect(await whoIs(connect(file, 'bot'))).toBe('first');
  });

  it('reads a token file again when it was rotated', async () => {
    const file = join(folder, 'kubeconfig');
    await writeFile(join(folder, 'token'), server.token('first'));
    await writeFile(file, config({ tokenFile: 'token' }));
    const cluster = connect(file, 'bot');
    expect(await whoIs(cluster)).toBe('first');
    await writeFile(join(folder, 'token'), `${server.token('second')}\n`);
    expect(await whoIs(cluster)).toBe('second');
  });

  it('reads the kubeconfig again when it was changed', async () => {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, config({ token: server.token('first') }));
    const cluster = connect(file, 'bot');
    expect(await whoIs(cluster)).toBe('first');
    await writeFile(file, config({ token: server.token('second') }));
    expect(await whoIs(cluster)).toBe('second');
  });

  it('says that the token is missing when the server does not know it', async () => {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, config({ token: 'unknown' }));
    expect(await connect(file, 'bot').whoAmI()).toEqual({
      ok: false,
      failure: { code: 'forbidden', right: 'a valid token' },
    });
  });

  it('starts without a kubeconfig, says so, and goes on once it is there', async () => {
    const file = join(folder, 'kubeconfig');
    const cluster = connect(file);
    await eventually(() => expect(cluster.freshness().problem).toMatch(/no such file/));
    expect(await cluster.whoAmI()).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    await writeFile(file, server.kubeconfig());
    await eventually(() => expect(cluster.freshness()).toMatchObject({ synced: true }));
  });

  it('starts while its server is away, and does not hinder the other cluster', async () => {
    const away = join(folder, 'away');
    const here = join(folder, 'here');
    const gone = await startApiServer({ name: 'gone' });
    await gone.close();
    await writeFile(away, config({ token: 'any' }, gone.url));
    await writeFile(here, server.kubeconfig());
    const [down, up] = [connect(away, 'bot'), connect(here)];
    await eventually(() => expect(up.freshness()).toMatchObject({ synced: true }));
    expect(up.freshness().problem).toBeUndefined();
    expect(down.freshness()).toMatchObject({ synced: false, heardAt: undefined });
    await eventually(() => expect(down.freshness().problem).toMatch(/ECONNREFUSED/));
  });

  it('closes at once, also in the middle of a request that is not answered', async () => {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, server.kubeconfig());
    server.faults.set({ slow: { ms: 5_000 } });
    const cluster = connect(file);
    await eventually(() => expect(server.requests().length).toBeGreaterThan(0));
    const started = Date.now();
    await cluster.close();
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});
