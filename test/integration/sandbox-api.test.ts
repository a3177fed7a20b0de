import {
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filmDefinition } from '#test/fakes/film-definition.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { type PlainClient, plainClient } from '#test/sandbox/api/client.ts';
import { at, type KubeObject } from '#test/sandbox/api/json.ts';
import { playRecording } from '#test/sandbox/api/recording.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';

const kustomizations = '/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations';
const inMedia = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/media/kustomizations';

const app = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name, namespace: 'media' },
  spec: {
    interval: '10m',
    path: `./${name}`,
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'platform' },
    ...more,
  },
});

const reader = {
  name: 'reader',
  rules: [{ apiGroups: ['*'], resources: ['kustomizations'], verbs: ['get', 'list', 'watch'] }],
};

let server: ApiServer;
let client: PlainClient;

beforeEach(async () => {
  server = await startApiServer({ name: 'infra', users: [reader], objects: [app('jellyfin')] });
  client = plainClient(server.url, { authorization: `Bearer ${server.token('admin')}` });
});

afterEach(async () => {
  await server.close();
});

describe('writing', () => {
  it('counts generation for a change of spec, not of an annotation', async () => {
    const annotated = await client.patch(`${inMedia}/jellyfin`, 'merge', {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'x' } },
    });
    const suspended = await client.patch(`${inMedia}/jellyfin`, 'merge', {
      spec: { suspend: true },
    });

    expect(at(annotated.body, 'metadata', 'generation')).toBe(1);
    expect(at(suspended.body, 'metadata', 'generation')).toBe(2);
  });

  it('keeps status and desired state apart', async () => {
    const byMain = await client.patch(`${inMedia}/jellyfin`, 'merge', {
      status: { observedGeneration: 7 },
    });
    const byStatus = await client.patch(`${inMedia}/jellyfin/status`, 'merge', {
      spec: { suspend: true },
      status: { observedGeneration: 7 },
    });

    expect(at(byMain.body, 'status', 'observedGeneration')).toBe(-1);
    expect(at(byStatus.body, 'status', 'observedGeneration')).toBe(7);
    expect(at(byStatus.body, 'spec', 'suspend')).toBeUndefined();
    expect(at(byStatus.body, 'metadata', 'generation')).toBe(1);
  });

  it('leaves the version alone when nothing changes, and under dryRun', async () => {
    const before = at(
      (await client.get(`${inMedia}/jellyfin`)).body,
      'metadata',
      'resourceVersion',
    );
    const same = await client.patch(`${inMedia}/jellyfin`, 'merge', { spec: { prune: true } });
    const dry = await client.patch(`${inMedia}/jellyfin?dryRun=All`, 'merge', {
      spec: { suspend: true },
    });
    const after = await client.get(`${inMedia}/jellyfin`);

    expect(at(same.body, 'metadata', 'resourceVersion')).toBe(before);
    expect(at(dry.body, 'spec', 'suspend')).toBe(true);
    expect(at(after.body, 'metadata', 'resourceVersion')).toBe(before);
  });

  it('lets an object with finalizers go only when they are gone', async () => {
    await client.patch(`${inMedia}/jellyfin`, 'merge', {
      metadata: { finalizers: ['finalizers.fluxcd.io'] },
    });
    await client.delete(`${inMedia}/jellyfin`);
    const leaving = await client.get(`${inMedia}/jellyfin`);
    await client.patch(`${inMedia}/jellyfin`, 'merge', { metadata: { finalizers: null } });
    const gone = await client.get(`${inMedia}/jellyfin`);

    expect(at(leaving.body, 'metadata', 'deletionTimestamp')).toEqual(expect.any(String));
    expect(gone.code).toBe(404);
    expect(gone.body).toMatchObject({ kind: 'Status', reason: 'NotFound', code: 404 });
  });

  it('serves a kind from the moment its definition is there', async () => {
    const path = '/apis/example.com/v1/namespaces/media/films';
    const before = await client.get(path);
    await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', filmDefinition);
    const made = await client.post(path, {
      apiVersion: 'example.com/v1',
      kind: 'Film',
      metadata: { name: 'm' },
    });

    expect(before).toMatchObject({ code: 404, body: { text: '404 page not found\n' } });
    expect(made.code).toBe(201);
  });
});

describe('locks', () => {
  it.each([
    ['a stale version', { resourceVersion: '1' }, 409],
    ['a version from the future', { resourceVersion: '999999' }, 409],
    ['version 0', { resourceVersion: '0' }, 422],
    ['an empty version', { resourceVersion: '' }, 422],
    ['a version that is no number', { resourceVersion: 'abc' }, 500],
    ['a wrong uid', { uid: 'another' }, 422],
    ['a wrong generation, which is ignored', { generation: 99 }, 200],
  ])('a merge patch with %s', async (_, metadata, code) => {
    const reply = await client.patch(`${inMedia}/jellyfin`, 'merge', {
      metadata: { ...metadata, annotations: { a: 'b' } },
    });

    expect(reply.code).toBe(code);
  });

  it('a JSON patch says 422, and no more, when a test fails', async () => {
    const reply = await client.patch(`${inMedia}/jellyfin`, 'json', [
      { op: 'test', path: '/metadata/generation', value: 9 },
      { op: 'add', path: '/spec/suspend', value: true },
    ]);

    expect(reply.code).toBe(422);
    expect(reply.body['message']).toBe(
      'the server rejected our request due to an error in our request',
    );
  });

  it('a test for null passes on an absent path, and the plan goes through', async () => {
    const uid = at((await client.get(`${inMedia}/jellyfin`)).body, 'metadata', 'uid');
    const reply = await client.patch(`${inMedia}/jellyfin`, 'json', [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/generation', value: 1 },
      { op: 'test', path: '/spec/suspend', value: null },
      { op: 'test', path: '/metadata/annotations', value: null },
      { op: 'add', path: '/metadata/annotations', value: { a: 'b' } },
      { op: 'add', path: '/spec/suspend', value: true },
    ]);

    expect(reply).toMatchObject({ code: 200, body: { spec: { suspend: true } } });
  });

  it('adding an annotation needs the map', async () => {
    const reply = await client.patch(`${inMedia}/jellyfin`, 'json', [
      { op: 'add', path: '/metadata/annotations/a', value: 'b' },
    ]);

    expect(reply.code).toBe(422);
  });

  it('refuses what no server takes: an object as JSON patch, a strategic patch of a custom kind', async () => {
    const asObject = await client.patch(`${inMedia}/jellyfin`, 'json', { spec: {} });
    const strategic = await client.patch(`${inMedia}/jellyfin`, 'strategic', { spec: {} });

    expect([asObject.code, strategic.code]).toEqual([400, 415]);
  });

  it('a delete with another uid is 409', async () => {
    const reply = await client.delete(`${inMedia}/jellyfin`, { preconditions: { uid: 'another' } });

    expect(reply.code).toBe(409);
  });

  it('apply with a uid on a missing object is 409, a merge 404', async () => {
    const apply = await client.patch(`${inMedia}/none?fieldManager=t`, 'apply', {
      ...app('none'),
      metadata: { name: 'none', uid: 'u' },
    });
    const merge = await client.patch(`${inMedia}/none`, 'merge', {});

    expect([apply.code, merge.code]).toEqual([409, 404]);
  });
});

describe('ownership', () => {
  const applyAs = (manager: string, object: object, force = false) =>
    client.patch(`${inMedia}/owned?fieldManager=${manager}&force=${force}`, 'apply', object);

  it('notes who owns what, and takes away what its owner no longer applies', async () => {
    await applyAs('kustomize-controller', app('owned', { timeout: '1m' }));
    await client.patch(`${inMedia}/owned?fieldManager=flux-chatops`, 'merge', {
      spec: { suspend: true },
    });
    const again = await applyAs('kustomize-controller', app('owned'), true);

    expect(again.body).toMatchObject({ spec: { suspend: true, path: './owned' } });
    expect(at(again.body, 'spec', 'timeout')).toBeUndefined();
    expect(at(again.body, 'metadata', 'managedFields')).toMatchObject([
      {
        manager: 'kustomize-controller',
        operation: 'Apply',
        fieldsV1: { 'f:spec': { 'f:path': {}, 'f:sourceRef': { 'f:kind': {}, 'f:name': {} } } },
      },
      {
        manager: 'flux-chatops',
        operation: 'Update',
        fieldsV1: { 'f:spec': { 'f:suspend': {} } },
      },
    ]);
  });

  it('names field and manager in a conflict, and yields to force', async () => {
    await applyAs('kustomize-controller', app('owned'));
    const refused = await applyAs('other', app('owned', { path: './elsewhere' }));
    const forced = await applyAs('other', app('owned', { path: './elsewhere' }), true);

    expect(refused.code).toBe(409);
    expect(refused.body['message']).toBe(
      'Apply failed with 1 conflict: conflict with "kustomize-controller" using kustomize.toolkit.fluxcd.io/v1: .spec.path',
    );
    expect(at(forced.body, 'spec', 'path')).toBe('./elsewhere');
  });

  it('a patch of a declared field takes it from its owner, who gets it back by force', async () => {
    await applyAs('kustomize-controller', app('owned'));
    const patched = await client.patch(`${inMedia}/owned?fieldManager=flux-chatops`, 'merge', {
      spec: { prune: false },
    });
    const again = await applyAs('kustomize-controller', app('owned'), true);

    expect(at(patched.body, 'metadata', 'managedFields', '0')).toBeUndefined();
    expect(JSON.stringify(patched.body['metadata']).match(/f:prune/g)).toHaveLength(1);
    expect(at(again.body, 'spec', 'prune')).toBe(true);
  });

  it('applying the same again changes nothing', async () => {
    const first = await applyAs('kustomize-controller', app('owned'));
    const second = await applyAs('kustomize-controller', app('owned'), true);

    expect(second.body).toEqual(first.body);
  });
});

describe('reading', () => {
  it('pages through a list that shows one moment', async () => {
    for (let index = 0; index < 25; index += 1) {
      server.objects.put(app(`app-${String(index).padStart(2, '0')}`));
    }
    const first = await client.get(`${kustomizations}?limit=10`);
    server.objects.put(app('late'));
    const token = at(first.body, 'metadata', 'continue');
    const second = await client.get(`${kustomizations}?limit=100&continue=${String(token)}`);
    const names = [first, second].flatMap(({ body }) => body['items'] as KubeObject[]);

    expect(at(first.body, 'metadata', 'remainingItemCount')).toBe(16);
    expect(names.map(({ metadata }) => metadata.name)).not.toContain('late');
    expect(names).toHaveLength(26);
  });

  it('gives a new continue token with 410 when the pages are gone', async () => {
    server.objects.put(app('second'));
    const first = await client.get(`${kustomizations}?limit=1`);
    server.faults.expireWatches();
    const token = String(at(first.body, 'metadata', 'continue'));
    const gone = await client.get(`${kustomizations}?limit=1&continue=${token}`);
    const fresh = String(at(gone.body, 'metadata', 'continue'));
    const rest = await client.get(`${kustomizations}?limit=1&continue=${fresh}`);

    expect(gone.code).toBe(410);
    expect(rest.body['items']).toHaveLength(1);
  });

  it('selects by labels and fields', async () => {
    server.objects.put({
      ...app('blue'),
      metadata: { ...app('blue').metadata, labels: { t: 'b' } },
    });
    const byLabel = await client.get(`${kustomizations}?labelSelector=t%20in%20(a,b)`);
    const byField = await client.get(`${kustomizations}?fieldSelector=metadata.name!=blue`);

    expect(byLabel.body['items']).toMatchObject([{ metadata: { name: 'blue' } }]);
    expect(byField.body['items']).toMatchObject([{ metadata: { name: 'jellyfin' } }]);
  });

  it('refuses with 504 a list that must be newer than all there is', async () => {
    const reply = await client.get(
      `${kustomizations}?resourceVersion=999999&resourceVersionMatch=NotOlderThan`,
    );

    expect(reply.code).toBe(504);
    expect(reply.body).toMatchObject({
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    });
  });
});

describe('watching', () => {
  const streaming = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true';

  it('streams what is there, says where that ends, and goes on', async () => {
    const stream = client.watch(`${kustomizations}?${streaming}&resourceVersionMatch=NotOlderThan`);
    const end = await stream.until(({ type }) => type === 'BOOKMARK');
    server.objects.put(app('new'));
    const added = await stream.until(({ object }) => at(object, 'metadata', 'name') === 'new');
    stream.stop();

    expect(stream.lines.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK', 'ADDED']);
    expect(at(end.object, 'metadata', 'annotations')).toEqual({
      'k8s.io/initial-events-end': 'true',
    });
    expect(added.type).toBe('ADDED');
  });

  it('refuses a streaming list that does not say which version it wants', async () => {
    expect((await client.get(`${kustomizations}?${streaming}`)).code).toBe(422);
  });

  it('goes on from a version, and tells 410 within the stream from one that is forgotten', async () => {
    const from = String(server.storage.version());
    server.objects.put(app('new'));
    const stream = client.watch(`${kustomizations}?watch=1&resourceVersion=${from}`);
    await stream.until(({ object }) => at(object, 'metadata', 'name') === 'new');
    server.faults.expireWatches();
    const expired = await stream.until(({ type }) => type === 'ERROR');
    const late = client.watch(`${kustomizations}?watch=1&resourceVersion=${from}`);
    const tooOld = await late.until(({ type }) => type === 'ERROR');

    expect(expired.object).toMatchObject({ code: 410, reason: 'Expired' });
    expect(tooOld.object['message']).toMatch(/^too old resource version: \d+ \(\d+\)$/);
    expect(await late.ended).toBe('end');
  });

  it('stays silent on a version from the future until the counter has passed it', async () => {
    const from = server.storage.version() + 2;
    const stream = client.watch(`${kustomizations}?watch=1&resourceVersion=${from}`);
    await client.get(kustomizations);
    for (const name of ['one', 'two', 'three']) {
      server.objects.put(app(name));
    }
    await stream.until(({ object }) => at(object, 'metadata', 'name') === 'three');
    stream.stop();

    expect(stream.lines).toHaveLength(1);
  });

  it('ends after timeoutSeconds with a bookmark before', async () => {
    const stream = client.watch(
      `${kustomizations}?watch=1&resourceVersion=${server.storage.version()}&allowWatchBookmarks=true&timeoutSeconds=1`,
    );

    expect(await stream.ended).toBe('end');
    expect(stream.lines.map(({ type }) => type)).toEqual(['BOOKMARK']);
  });

  it('a restored server comes back with older versions and the objects of then', async () => {
    const then = server.storage.version();
    server.objects.put(app('late'));
    server.objects.remove({ ...app('jellyfin'), namespace: 'media', name: 'jellyfin' });
    const stream = client.watch(`${kustomizations}?watch=1&resourceVersion=${then}`);
    await stream.until(({ type }) => type === 'DELETED');
    server.faults.restoreTo(then);
    const list = await client.get(kustomizations);

    expect(await stream.ended).toBe('cut');
    expect(list.body).toMatchObject({
      metadata: { resourceVersion: String(then) },
      items: [{ metadata: { name: 'jellyfin' } }],
    });
  });
});

describe('access', () => {
  const asReader = (): PlainClient =>
    plainClient(server.url, { authorization: `Bearer ${server.token('reader')}` });

  it('lets each user do what their rules say', async () => {
    const read = await asReader().get(`${inMedia}/jellyfin`);
    const patch = await asReader().patch(`${inMedia}/jellyfin`, 'merge', {});
    const secrets = await asReader().get('/api/v1/secrets');

    expect([read.code, patch.code, secrets.code]).toEqual([200, 403, 403]);
    expect(patch.body['message']).toBe(
      'kustomizations.kustomize.toolkit.fluxcd.io "jellyfin" is forbidden: User "reader" cannot patch resource "kustomizations" in API group "kustomize.toolkit.fluxcd.io" in the namespace "media"',
    );
  });

  it('refuses a wrong token with 401, none with 403', async () => {
    const wrong = await plainClient(server.url, { authorization: 'Bearer x' }).get(kustomizations);
    const none = await plainClient(server.url, {}).get(kustomizations);

    expect([wrong.code, none.code]).toEqual([401, 403]);
  });

  it('answers reviews from the roles in the cluster, custom verbs included', async () => {
    server.objects.put({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'operate', namespace: 'media' },
      rules: [
        {
          apiGroups: ['kustomize.toolkit.fluxcd.io'],
          resources: ['kustomizations'],
          resourceNames: ['jellyfin'],
          verbs: ['rollback'],
        },
      ],
    });
    server.objects.put({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'operate', namespace: 'media' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'operate' },
      subjects: [{ kind: 'User', name: 'slack:T1:U1' }],
    });
    const ask = async (name: string | undefined, user = 'slack:T1:U1') => {
      const reply = await client.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user,
          resourceAttributes: {
            verb: 'rollback',
            group: 'kustomize.toolkit.fluxcd.io',
            resource: 'kustomizations',
            namespace: 'media',
            name,
          },
        },
      });
      return reply.body['status'];
    };

    expect(await ask('jellyfin')).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by RoleBinding "operate/media" of Role "operate" to User "slack:T1:U1"',
    });
    expect(await ask('other')).toEqual({ allowed: false });
    expect(await ask(undefined)).toEqual({ allowed: false });
    expect(await ask('jellyfin', 'slack:T2:U1')).toEqual({ allowed: false });
  });

  it('tells who one is', async () => {
    const reply = await asReader().post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
    });

    expect(at(reply.body, 'status', 'userInfo', 'username')).toBe('reader');
  });
});

describe('events', () => {
  it('are one store behind both groups', async () => {
    const jellyfin = await client.get(`${inMedia}/jellyfin`);
    const uid = String(at(jellyfin.body, 'metadata', 'uid'));
    const made = await client.post('/apis/events.k8s.io/v1/namespaces/media/events', {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: 'jellyfin-' },
      eventTime: '2026-11-23T18:00:00.000000Z',
      action: 'Reconcile',
      reportingController: 'flux-chatops',
      reportingInstance: 'flux-chatops-0',
      reason: 'ReconcileRequested',
      type: 'Normal',
      note: 'asked by alice',
      regarding: { kind: 'Kustomization', namespace: 'media', name: 'jellyfin', uid },
    });
    const core = await client.get(`/api/v1/events?fieldSelector=involvedObject.uid=${uid}`);

    expect(made.code).toBe(201);
    expect(core.body['items']).toMatchObject([
      { apiVersion: 'v1', message: 'asked by alice', reportingComponent: 'flux-chatops' },
    ]);
  });

  it('must say everything', async () => {
    const reply = await client.post('/apis/events.k8s.io/v1/namespaces/media/events', {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: 'x-' },
    });

    expect(reply.code).toBe(422);
  });
});

describe('faults', () => {
  it('fail, forbid and cut what they are told to', async () => {
    server.faults.set({
      fail: { verb: 'list', resource: 'kustomizations' },
      forbid: { verb: 'patch' },
      disconnect: { verb: 'delete' },
    });
    const list = await client.get(kustomizations);
    const patch = await client.patch(`${inMedia}/jellyfin`, 'merge', {});
    const get = await client.get(`${inMedia}/jellyfin`);

    expect([list.code, patch.code, get.code]).toEqual([500, 403, 200]);
    await expect(client.delete(`${inMedia}/jellyfin`)).rejects.toThrow();
    expect((await client.get(`${inMedia}/jellyfin`)).code).toBe(200);
  });

  it('does what was asked and loses the reply', async () => {
    server.faults.set({ loseReply: { verb: 'patch' } });
    const patch = client.patch(`${inMedia}/jellyfin`, 'merge', { spec: { suspend: true } });

    await expect(patch).rejects.toThrow();
    expect(at((await client.get(`${inMedia}/jellyfin`)).body, 'spec', 'suspend')).toBe(true);
  });

  it('goes away and comes back at the same address', async () => {
    await server.faults.down();
    await expect(client.get(kustomizations)).rejects.toThrow();
    await server.faults.up();

    expect((await client.get(kustomizations)).code).toBe(200);
  });
});

describe('with the official client', () => {
  const load = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig());
    return config;
  };

  it('discovers, patches and watches', async () => {
    const config = load();
    const found = await KubernetesObjectApi.makeApiClient(config).read({
      ...app('jellyfin'),
      metadata: { name: 'jellyfin', namespace: 'media' },
    });
    const patched: unknown = await config
      .makeApiClient(CustomObjectsApi)
      .patchNamespacedCustomObject(
        {
          group: 'kustomize.toolkit.fluxcd.io',
          version: 'v1',
          namespace: 'media',
          plural: 'kustomizations',
          name: 'jellyfin',
          body: { spec: { suspend: true } },
          fieldManager: 'flux-chatops',
        },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    const seen = await new Promise<string>((resolve) => {
      void new Watch(config).watch(
        kustomizations,
        {},
        (type, object: KubeObject) => resolve(`${type} ${object.metadata.name}`),
        () => undefined,
      );
    });

    expect(found.metadata?.name).toBe('jellyfin');
    expect(at(patched, 'metadata', 'managedFields')).toMatchObject([{ manager: 'flux-chatops' }]);
    expect(seen).toBe('ADDED jellyfin');
  });
});

describe('a recording', () => {
  it('is fed in as it was, uid, version and status included', async () => {
    const { watch } = readRecording('01-healthy-sync');
    const last = watch.findLast(
      ({ object }) => object.kind === 'Kustomization' && object.metadata.name,
    );
    const fresh = await startApiServer({ name: 'infra', firstVersion: 1 });
    await playRecording(fresh, watch).done;
    const found = fresh.objects.get({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace: 'external-dns',
      name: 'external-dns',
    });
    await fresh.close();

    expect(found).toEqual(last?.object);
  });
});

describe('size', () => {
  it('starts with 2 × 2,500 objects in under 5 s', async () => {
    const { watch } = readRecording('01-healthy-sync');
    const model = watch.findLast(({ object }) => object.kind === 'Kustomization')?.object;
    const many = Array.from({ length: 2_500 }, (_, index) => ({
      ...(model as KubeObject),
      metadata: { name: `app-${index}`, namespace: `team-${index % 50}` },
    }));
    const startedAt = performance.now();
    const servers = await Promise.all(
      ['infra', 'apps'].map((name) => startApiServer({ name, objects: many })),
    );
    const lists = await Promise.all(
      servers.map((one) =>
        plainClient(one.url, { authorization: `Bearer ${one.token('admin')}` }).get(kustomizations),
      ),
    );
    const tookMs = performance.now() - startedAt;
    await Promise.all(servers.map((one) => one.close()));

    expect(lists.map(({ body }) => (body['items'] as unknown[]).length)).toEqual([2_500, 2_500]);
    expect(tookMs).toBeLessThan(5_000);
  });
});
