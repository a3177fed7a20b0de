import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '#src/result.ts';
import { filmDefinition } from '#test/fakes/film-definition.ts';
import { type PlainClient, plainClient } from '#test/sandbox/api/client.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { type VirtualClock, virtualClock } from '#test/sandbox/clock.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';
import { type Flux, startFlux } from '#test/sandbox/controllers/flux.ts';
import { createMemoryGit } from '#test/sandbox/controllers/git.ts';

const url = 'https://git.example.com/platform.git';
const ks = 'kustomize.toolkit.fluxcd.io/v1';

let clock: VirtualClock;
let server: ApiServer;
let flux: Flux;
let client: PlainClient;

const put = (apiVersion: string, kind: string, name: string, spec: object): KubeObject =>
  server.objects.put({ apiVersion, kind, metadata: { name, namespace: 'media' }, spec });

const app = (name: string, more: object = {}): KubeObject =>
  put(ks, 'Kustomization', name, {
    interval: '10m',
    path: './app',
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'platform' },
    ...more,
  });

const readyOf = (name: string) =>
  conditionOf(
    server.objects.get({ apiVersion: ks, kind: 'Kustomization', namespace: 'media', name }),
    'Ready',
  );

beforeEach(async () => {
  clock = virtualClock(Date.parse('2026-11-24T12:00:00Z'));
  server = await startApiServer({ name: 'infra', clock });
  client = plainClient(server.url, { authorization: `Bearer ${server.token('admin')}` });
  const git = createMemoryGit();
  git.commit(url, { 'app/a.yaml': '' }, 'first');
  flux = startFlux(server, {
    git,
    build: async () => ok({ objects: [], digest: 'd' }),
    renderChart: () => {
      throw new Error('no such chart');
    },
    settings: { requeueDependencyMs: 5_000 },
  });
  put('source.toolkit.fluxcd.io/v1', 'GitRepository', 'platform', {
    interval: '1m',
    url,
    ref: { branch: 'main' },
  });
});

afterEach(async () => {
  flux.stop();
  await server.close();
});

describe('simulated Flux', () => {
  it('waits until readyExpr holds, whatever the conditions of the dependency say', async () => {
    app('base');
    app('waiting', {
      dependsOn: [{ name: 'base', readyExpr: "dep.metadata.labels.open == 'yes'" }],
    });
    await clock.advance(20_000);
    const before = readyOf('waiting');
    const base = server.objects.get({
      apiVersion: ks,
      kind: 'Kustomization',
      namespace: 'media',
      name: 'base',
    });
    server.objects.put({
      ...(base as KubeObject),
      metadata: { ...(base as KubeObject).metadata, labels: { open: 'yes' } },
    });
    await clock.advance(20_000);

    expect(readyOf('base')?.status).toBe('True');
    expect(before).toMatchObject({ status: 'False', reason: 'DependencyNotReady' });
    expect(readyOf('waiting')?.status).toBe('True');
  });

  it('does nothing while a controller is paused, and catches up after', async () => {
    flux.setPaused('kustomize-controller', true);
    app('late');
    await clock.advance(60_000);
    const before = readyOf('late');
    flux.setPaused('kustomize-controller', false);
    await clock.advance(10_000);

    expect(before).toBeUndefined();
    expect(readyOf('late')?.status).toBe('True');
  });

  it('lets a namespace go only when Flux has let go of what is in it', async () => {
    app('leaving');
    await clock.advance(20_000);
    const namespaces = server.kinds.byPlural('', 'namespaces');
    if (namespaces === undefined) {
      throw new Error('no namespaces');
    }
    const phase = (): unknown =>
      server.objects.get({ apiVersion: 'v1', kind: 'Namespace', name: 'media' })?.['status'];
    server.api.remove(namespaces, { namespace: undefined, name: 'media' });
    const refused = await client.post('/api/v1/namespaces/media/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late' },
    });
    await clock.advance(2);
    const before = phase();
    await clock.advance(10_000);

    expect(refused).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect(refused.body['message']).toContain('because it is being terminated');
    expect(before).toEqual({ phase: 'Terminating' });
    expect(phase()).toBeUndefined();
    expect(readyOf('leaving')).toBeUndefined();
    expect(flux.world.failures()).toEqual([]);
  });

  it('takes what a deleted definition defined at once, refuses more, and is without the kind after', async () => {
    const films = '/apis/example.com/v1/namespaces/media/films';
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/films.example.com';
    const film = { apiVersion: 'example.com/v1', kind: 'Film', metadata: { name: 'm' } };
    await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', filmDefinition);
    await clock.advance(100);
    const made = await client.post(films, film);
    await client.delete(definition);
    await clock.advance(20);
    const going = await client.get(films);
    const refused = await client.post(films, film);
    await clock.advance(1_000);

    expect(made.code).toBe(201);
    expect(going).toMatchObject({ code: 200, body: { items: [] } });
    expect(refused).toMatchObject({
      code: 403,
      body: {
        reason: 'Forbidden',
        message:
          'films.example.com "m" is forbidden: create not allowed while custom resource definition is terminating',
      },
    });
    expect((await client.get(definition)).code).toBe(404);
    expect((await client.get(films)).code).toBe(404);
  });

  it('leaves a pod whose image does not exist waiting, and says why in Warning Events', async () => {
    put('apps/v1', 'Deployment', 'web', {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'example.com/web:does-not-exist' }] },
      },
    });
    await clock.advance(5_000);
    const [pod] = server.objects.list('v1', 'Pod', 'media');
    const warnings = server.objects
      .list('v1', 'Event', 'media')
      .filter((event) => event['type'] === 'Warning');

    expect(JSON.stringify(pod?.['status'])).toContain('ImagePullBackOff');
    expect(warnings.map((event) => event['reason'])).toEqual(
      expect.arrayContaining(['Failed', 'BackOff']),
    );
    expect(warnings[0]).toMatchObject({
      involvedObject: { kind: 'Pod', name: pod?.metadata.name, uid: pod?.metadata.uid },
    });
  });

  it('notes a pass that throws, and goes on with all others', async () => {
    put('source.toolkit.fluxcd.io/v1', 'HelmRepository', 'charts', { interval: '1m', url });
    put('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'odd', {
      interval: '1m',
      chart: {
        spec: {
          chart: 'odd',
          version: '1.0.0',
          sourceRef: { kind: 'HelmRepository', name: 'charts' },
        },
      },
    });
    app('fine');
    await clock.advance(20_000);

    expect(flux.world.failures()[0]).toContain('HelmRelease media/odd: Error: no such chart');
    expect(readyOf('fine')?.status).toBe('True');
  });
});
