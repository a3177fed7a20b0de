import {
  type ContractCluster,
  type ContractWorld,
  make,
  must,
  patch,
  pathOf,
} from '#test/contract/cluster/world.ts';
import { at, type JsonRecord, listAt, textAt } from '#test/sandbox/api/json.ts';

export interface Case {
  readonly name: string;
  run(world: ContractWorld, cluster: ContractCluster): Promise<void>;
}

const spec = {
  interval: '10m',
  path: './none',
  prune: true,
  suspend: true,
  sourceRef: { kind: 'GitRepository', name: 'none' },
};

/** A Kustomization that Flux leaves alone, to try patches on. */
const lone = async (cluster: ContractCluster, name: string): Promise<JsonRecord> => {
  const known = await cluster.client.get(pathOf(cluster, 'Kustomization', name));
  return known.code === 200 ? known.body : make(cluster, 'Kustomization', name, { spec });
};

const versionOf = (object: JsonRecord): string =>
  textAt(object, 'metadata', 'resourceVersion') ?? '';

const streamingList = (extra = ''): string =>
  `?watch=1&sendInitialEvents=true&allowWatchBookmarks=true${extra}`;

const isLast = (object: JsonRecord): boolean =>
  at(object, 'metadata', 'annotations', 'k8s.io/initial-events-end') === 'true';

const watchCases: readonly Case[] = [
  {
    name: 'a streaming list gives what is there, then a bookmark that says so, then what changes',
    run: async (_, cluster) => {
      await lone(cluster, 'watched');
      const stream = cluster.client.watch(
        pathOf(cluster, 'Kustomization') + streamingList('&resourceVersionMatch=NotOlderThan'),
      );
      await stream.until(({ type, object }) => type === 'BOOKMARK' && isLast(object), 30_000);
      const before = stream.lines.map(({ type }) => type);
      await patch(cluster, 'Kustomization', 'watched', { metadata: { annotations: { a: 'b' } } });
      await stream.until(({ type }) => type === 'MODIFIED', 30_000);
      stream.stop();
      must(
        before.slice(0, -1).every((type) => type === 'ADDED'),
        'only ADDED comes first',
        before,
      );
    },
  },
  {
    name: 'a streaming list that does not say which version it wants is refused (422)',
    run: async (_, cluster) => {
      const reply = await cluster.client.get(pathOf(cluster, 'Kustomization') + streamingList());
      must(reply.code === 422, 'refused with 422', reply);
    },
  },
  {
    name: 'a watch goes on from a version',
    run: async (_, cluster) => {
      const object = await lone(cluster, 'watched');
      await patch(cluster, 'Kustomization', 'watched', { metadata: { annotations: { a: 'c' } } });
      const stream = cluster.client.watch(
        `${pathOf(cluster, 'Kustomization')}?watch=1&resourceVersion=${versionOf(object)}`,
      );
      const seen = await stream.until(({ type }) => type === 'MODIFIED', 30_000);
      stream.stop();
      must(Number(versionOf(seen.object)) > Number(versionOf(object)), 'only what is newer comes');
    },
  },
  {
    name: 'a watch from a version that is forgotten is told 410 inside the stream',
    run: async (_, cluster) => {
      const stream = cluster.client.watch(
        `${pathOf(cluster, 'Kustomization')}?watch=1&resourceVersion=1`,
      );
      const { object } = await stream.until(({ type }) => type === 'ERROR', 30_000);
      stream.stop();
      must(
        object['code'] === 410 && object['reason'] === 'Expired',
        'ERROR says 410 Expired',
        object,
      );
    },
  },
  {
    name: 'a watch ends after timeoutSeconds, with a bookmark before',
    run: async (_, cluster) => {
      const object = await lone(cluster, 'watched');
      const query = `?watch=1&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=${versionOf(object)}`;
      const stream = cluster.client.watch(pathOf(cluster, 'Kustomization') + query);
      must((await stream.ended) === 'end', 'the stream is ended, not cut');
      must(
        stream.lines.some(({ type }) => type === 'BOOKMARK'),
        'a bookmark came',
        stream.lines,
      );
    },
  },
  {
    name: 'a list that must be newer than all there is gives 504 with its cause',
    run: async (_, cluster) => {
      const query = '?resourceVersion=999999999999&resourceVersionMatch=NotOlderThan';
      const { code, body } = await cluster.client.get(pathOf(cluster, 'Kustomization') + query);
      const causes = listAt(body, 'details', 'causes').map((cause) => textAt(cause, 'reason'));
      must(code === 504 && causes.includes('ResourceVersionTooLarge'), '504 with the cause', body);
    },
  },
  {
    name: 'a list comes in pages',
    run: async (_, cluster) => {
      await lone(cluster, 'watched');
      await lone(cluster, 'second');
      const first = await cluster.client.get(`${pathOf(cluster, 'Kustomization')}?limit=1`);
      const token = encodeURIComponent(textAt(first.body, 'metadata', 'continue') ?? '');
      const rest = await cluster.client.get(
        `${pathOf(cluster, 'Kustomization')}?limit=500&continue=${token}`,
      );
      must(token !== '' && listAt(first.body, 'items').length === 1, 'the first page has one');
      must(listAt(rest.body, 'items').length > 0, 'the second page has the rest', rest.body);
    },
  },
];

type Lock = readonly [what: string, metadata: JsonRecord, code: number];

const locks: readonly Lock[] = [
  ['a stale version is 409', { resourceVersion: '1' }, 409],
  ['a version from the future is 409', { resourceVersion: '999999999999' }, 409],
  ['version 0 is 422', { resourceVersion: '0' }, 422],
  ['a wrong uid is 422', { uid: '00000000-0000-0000-0000-000000000000' }, 422],
  ['a wrong generation is ignored', { generation: 9_999 }, 200],
];

const jsonPatch = (cluster: ContractCluster, name: string, operations: readonly JsonRecord[]) =>
  cluster.client.patch(
    `${pathOf(cluster, 'Kustomization', name)}?fieldManager=flux-chatops`,
    'json',
    operations,
  );

const lockCases: readonly Case[] = [
  ...locks.map(
    ([what, metadata, code]): Case => ({
      name: `merge patch: ${what}`,
      run: async (_, cluster) => {
        await lone(cluster, 'locked');
        const reply = await patch(cluster, 'Kustomization', 'locked', {
          metadata: { ...metadata, annotations: { tried: what.replaceAll(' ', '-') } },
        });
        must(reply.code === code, `${code}`, reply);
      },
    }),
  ),
  {
    name: 'JSON patch: a failing test is 422 and changes nothing',
    run: async (_, cluster) => {
      await lone(cluster, 'locked');
      const reply = await jsonPatch(cluster, 'locked', [
        { op: 'test', path: '/metadata/generation', value: 9_999 },
        { op: 'add', path: '/spec/suspend', value: false },
      ]);
      const { body } = await cluster.client.get(pathOf(cluster, 'Kustomization', 'locked'));
      must(reply.code === 422, '422', reply);
      must(at(body, 'spec', 'suspend') === true, 'nothing changed', body);
    },
  },
  {
    name: 'JSON patch: a plan locked on uid, generation and an absent field goes through',
    run: async (_, cluster) => {
      const object = await lone(cluster, 'planned');
      const reply = await jsonPatch(cluster, 'planned', [
        { op: 'test', path: '/metadata/uid', value: at(object, 'metadata', 'uid') },
        { op: 'test', path: '/metadata/generation', value: at(object, 'metadata', 'generation') },
        { op: 'test', path: '/spec/timeout', value: null },
        { op: 'test', path: '/metadata/annotations', value: null },
        { op: 'add', path: '/metadata/annotations', value: { planned: 'yes' } },
      ]);
      must(reply.code === 200, '200', reply);
    },
  },
  {
    name: 'an annotation leaves generation alone, a change of spec adds one',
    run: async (_, cluster) => {
      const object = await lone(cluster, 'counted');
      const generation = Number(at(object, 'metadata', 'generation'));
      const noted = await patch(cluster, 'Kustomization', 'counted', {
        metadata: { annotations: { a: 'b' } },
      });
      const changed = await patch(cluster, 'Kustomization', 'counted', { spec: { timeout: '1m' } });
      must(at(noted.body, 'metadata', 'generation') === generation, 'annotation: same', noted.body);
      must(at(changed.body, 'metadata', 'generation') === generation + 1, 'spec: one more');
    },
  },
  {
    name: 'strategic merge of a custom kind is 415, an object as JSON patch 400',
    run: async (_, cluster) => {
      await lone(cluster, 'locked');
      const path = pathOf(cluster, 'Kustomization', 'locked');
      const strategic = await cluster.client.patch(path, 'strategic', {});
      const object = await cluster.client.patch(path, 'json', {});
      must(strategic.code === 415, '415', strategic);
      must(object.code === 400, '400', object);
    },
  },
  {
    name: 'a delete with another uid is 409',
    run: async (_, cluster) => {
      await lone(cluster, 'locked');
      const reply = await cluster.client.delete(pathOf(cluster, 'Kustomization', 'locked'), {
        preconditions: { uid: '00000000-0000-0000-0000-000000000000' },
      });
      must(reply.code === 409, '409', reply);
    },
  },
  {
    name: 'a patch is owned by its field manager',
    run: async (_, cluster) => {
      await lone(cluster, 'owned');
      const { body } = await patch(cluster, 'Kustomization', 'owned', {
        metadata: { annotations: { 'flux-chatops.dev/reason': 'contract' } },
      });
      const managers = listAt(body, 'metadata', 'managedFields').map((one) =>
        textAt(one, 'manager'),
      );
      must(managers.includes('flux-chatops'), 'flux-chatops is a manager', managers);
    },
  },
];

const reviewPath = (group: string, plural: string): string => `/apis/${group}/v1/${plural}`;

const accessCases: readonly Case[] = [
  {
    name: 'SelfSubjectReview says who asks',
    run: async (_, cluster) => {
      const reply = await cluster.client.post(
        reviewPath('authentication.k8s.io', 'selfsubjectreviews'),
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      );
      const name = textAt(reply.body, 'status', 'userInfo', 'username') ?? '';
      must(reply.code === 201 && name !== '', 'a user name', reply);
    },
  },
  {
    name: 'SubjectAccessReview knows custom verbs and names of objects',
    run: async (_, cluster) => {
      await make(cluster, 'Role', 'chatops', {
        rules: [
          {
            apiGroups: ['kustomize.toolkit.fluxcd.io'],
            resources: ['kustomizations'],
            resourceNames: ['app'],
            verbs: ['rollback'],
          },
        ],
      });
      await make(cluster, 'RoleBinding', 'chatops', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'chatops' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'slack:T1:U1' }],
      });
      const ask = async (user: string, name: string): Promise<unknown> => {
        const { body } = await cluster.client.post(
          reviewPath('authorization.k8s.io', 'subjectaccessreviews'),
          {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: {
              user,
              resourceAttributes: {
                verb: 'rollback',
                group: 'kustomize.toolkit.fluxcd.io',
                resource: 'kustomizations',
                namespace: cluster.namespace,
                name,
              },
            },
          },
        );
        return at(body, 'status', 'allowed');
      };
      // a grant is seen after some ms
      await new Promise((resolve) => setTimeout(resolve, 200));
      must((await ask('slack:T1:U1', 'app')) === true, 'the granted one may');
      must((await ask('slack:T1:U1', 'other')) === false, 'not on another object');
      must((await ask('slack:T2:U1', 'app')) === false, 'not from another workspace');
    },
  },
  {
    name: 'an Event of ours is taken when it says everything, and shows in the core group',
    run: async (_, cluster) => {
      const object = await lone(cluster, 'told');
      const uid = textAt(object, 'metadata', 'uid') ?? '';
      const event = {
        eventTime: '2026-11-23T18:00:00.000000Z',
        action: 'Reconcile',
        reportingController: 'flux-chatops',
        reportingInstance: 'contract',
        reason: 'ReconcileRequested',
        type: 'Normal',
        note: 'asked by the contract',
        regarding: { kind: 'Kustomization', namespace: cluster.namespace, name: 'told', uid },
      };
      await make(cluster, 'Event', 'told.1', event);
      const core = await cluster.client.get(
        `/api/v1/namespaces/${cluster.namespace}/events?fieldSelector=involvedObject.uid=${uid}`,
      );
      const long = await cluster.client.post(pathOf(cluster, 'Event'), {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'told.2', namespace: cluster.namespace },
        ...event,
        note: 'x'.repeat(1_025),
      });
      const messages = listAt(core.body, 'items').map((one) => textAt(one, 'message'));
      must(messages.includes('asked by the contract'), 'it is there', messages);
      must(long.code === 422, 'a longer note is refused', long);
    },
  },
];

/** What the bot relies on of the API server. */
export const apiCases: readonly Case[] = [...watchCases, ...lockCases, ...accessCases];
