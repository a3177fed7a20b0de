import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '#src/result.ts';
import { type PlainClient, plainClient } from '#test/sandbox/api/client.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { type VirtualClock, virtualClock } from '#test/sandbox/clock.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';
import { type Flux, startFlux } from '#test/sandbox/controllers/flux.ts';
import { createMemoryGit } from '#test/sandbox/controllers/git.ts';
import type { Delivery } from '#test/sandbox/controllers/notification.ts';

/** What Flux's own code says and no recording shows. */

const url = 'https://git.example.com/platform.git';
const ks = 'kustomize.toolkit.fluxcd.io/v1';
const notification = 'notification.toolkit.fluxcd.io/v1beta3';

let clock: VirtualClock;
let server: ApiServer;
let flux: Flux;
let client: PlainClient;
let git: ReturnType<typeof createMemoryGit>;
let sent: Delivery[];
let answer: number;

const put = (
  apiVersion: string,
  kind: string,
  name: string,
  spec: object,
  labels: Readonly<Record<string, string>> = {},
): KubeObject =>
  server.objects.put({ apiVersion, kind, metadata: { name, namespace: 'media', labels }, spec });

const app = (name: string, more: object = {}, labels = {}): KubeObject => {
  const sourceRef = { kind: 'GitRepository', name: 'platform' };
  const spec = { interval: '10m', path: `./${name}`, prune: true, sourceRef, ...more };
  return put(ks, 'Kustomization', name, spec, labels);
};

const live = (name: string): KubeObject | undefined =>
  server.objects.get({ apiVersion: ks, kind: 'Kustomization', namespace: 'media', name });

const configMap = (name: string): KubeObject | undefined =>
  server.objects.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'media', name });

const tellOf = (name: string, source: object): void => {
  put(notification, 'Provider', name, { type: 'generic', address: `http://${name}.example/` });
  put(notification, 'Alert', name, {
    providerRef: { name },
    eventSources: [{ kind: 'Kustomization', name: '*', ...source }],
  });
};

const toldTo = (name: string): readonly string[] =>
  sent
    .filter(({ address }) => address === `http://${name}.example/`)
    .map(({ body }) => String(JSON.parse(body).involvedObject.name));

beforeEach(async () => {
  clock = virtualClock(Date.parse('2026-11-24T12:00:00Z'));
  server = await startApiServer({ name: 'infra', clock });
  client = plainClient(server.url, { authorization: `Bearer ${server.token('admin')}` });
  git = createMemoryGit();
  git.commit(url, { 'base/a.yaml': '', 'leaf/a.yaml': '' }, 'first');
  sent = [];
  answer = 202;
  flux = startFlux(server, {
    git,
    build: async (_, { metadata: { name } }) => {
      const metadata = { name, namespace: 'media' };
      return ok({ objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }], digest: name });
    },
    renderChart: () => {
      throw new Error('no such chart');
    },
    deliver: async (delivery) => {
      sent.push(delivery);
      return answer;
    },
    settings: { requeueDependencyMs: 5_000 },
  });
  const spec = { interval: '1m', url, ref: { branch: 'main' } };
  put('source.toolkit.fluxcd.io/v1', 'GitRepository', 'platform', spec);
});

afterEach(async () => {
  flux.stop();
  await server.close();
});

describe('what is deleted while it is suspended', () => {
  const path = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/media/kustomizations';

  it.each([
    ['leaves what it applied behind', true],
    ['takes what it applied along when it is not', false],
  ])('%s', async (_, suspend) => {
    app('base');
    await clock.advance(10_000);
    await client.patch(`${path}/base`, 'merge', { spec: { suspend } });
    await client.delete(`${path}/base`);
    await clock.advance(10_000);

    expect(live('base')).toBeUndefined();
    expect(configMap('base') !== undefined).toBe(suspend);
  });
});

describe('a dependency on the same source', () => {
  it('has to have applied its newest revision, Ready as it may be', async () => {
    app('base');
    app('leaf', { dependsOn: [{ name: 'base' }] });
    await clock.advance(20_000);
    const before = conditionOf(live('leaf'), 'Ready');
    const path = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/media/kustomizations/base';
    await client.patch(path, 'merge', { spec: { suspend: true } });
    git.commit(url, { 'base/a.yaml': 'x', 'leaf/a.yaml': 'x' }, 'second');
    await clock.advance(90_000);

    expect(before?.status).toBe('True');
    expect(conditionOf(live('base'), 'Ready')?.status).toBe('True');
    expect(conditionOf(live('leaf'), 'Ready')).toMatchObject({
      reason: 'DependencyNotReady',
      message: "dependency 'media/base' revision is not up to date",
    });
  });
});

describe('what reaches a receiver', () => {
  it('is of exactly the kind and namespace that an Alert names, and of its labels', async () => {
    tellOf('all', {});
    tellOf('elsewhere', { namespace: '*' });
    tellOf('labelled', { matchLabels: { team: 'films' } });
    app('base', {}, { team: 'films' });
    app('leaf');
    await clock.advance(20_000);

    expect(new Set(toldTo('all'))).toEqual(new Set(['base', 'leaf']));
    expect(toldTo('elsewhere')).toEqual([]);
    expect(new Set(toldTo('labelled'))).toEqual(new Set(['base']));
  });

  it('comes once in five minutes, for no provider again, although the first was refused', async () => {
    tellOf('one', {});
    app('base', { dependsOn: [{ name: 'missing' }] });
    answer = 400;
    await clock.advance(20_000);
    const first = sent.length;
    answer = 202;
    tellOf('late', {});
    await clock.advance(200_000);
    const quiet = sent.length;
    await clock.advance(120_000);

    expect(first).toBe(1);
    expect(quiet).toBe(1);
    expect(toldTo('late')).toEqual(['base']);
  });
});
