import { createHmac } from 'node:crypto';
import type { Case } from '#test/contract/cluster/api-cases.ts';
import { commit, configMap, kustomization, list, source } from '#test/contract/cluster/tree.ts';
import {
  type ContractCluster,
  conditionIn,
  eventsAbout,
  heard,
  isFailing,
  isHandled,
  isReadyAt,
  must,
  patch,
  pathOf,
  request,
  until,
  when,
} from '#test/contract/cluster/world.ts';
import { at, isRecord, type JsonRecord, listAt, recordAt, textAt } from '#test/sandbox/api/json.ts';

const isSigned = (cluster: ContractCluster, body: string, header: unknown): boolean =>
  header === `sha256=${createHmac('sha256', cluster.key).update(body).digest('hex')}`;

const applied: Case = {
  name: 'a Kustomization is applied: conditions, history, inventory and revision say so',
  run: async (world, cluster) => {
    const sha = await kustomization(world, cluster, 'applied');
    const object = await when(
      cluster,
      'Kustomization',
      'applied',
      'is ready',
      isReadyAt(world, sha),
    );
    const ids = listAt(object, 'status', 'inventory', 'entries').map((one) => textAt(one, 'id'));
    const [newest] = listAt(object, 'status', 'history');
    const message = conditionIn(object, 'Ready')?.['message'];
    const revision = textAt(object, 'status', 'lastAppliedRevision') ?? '';
    must(/^main@sha1:[0-9a-f]{40}$/.test(revision), 'branch and commit', revision);
    must(message === `Applied revision: ${revision}`, 'Ready names the revision', message);
    must(ids.includes(`${cluster.namespace}_contract-a__ConfigMap`), 'inventory', ids);
    must(textAt(newest, 'lastReconciledStatus') === 'ReconciliationSucceeded', 'history', newest);
    must(
      at(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation'),
      'seen',
    );
  },
};

const told: Case = {
  name: 'webhooks are signed over their bytes, with bare metadata and the cluster of the Alert',
  run: async (world, cluster) => {
    const sha = await kustomization(world, cluster, 'told-of');
    const { body, headers, event } = await heard(
      world,
      cluster,
      'Kustomization',
      'told-of',
      'ReconciliationSucceeded',
    );
    const metadata = recordAt(event, 'metadata');
    must(isSigned(cluster, body, headers['x-signature']), 'the signature verifies', headers);
    must(headers['gotk-component'] === 'kustomize-controller', 'the component is named', headers);
    must(metadata['cluster'] === cluster.name, 'the cluster is in metadata', metadata);
    const revision = String(metadata['revision']);
    must(world.git.isAtOrAfter(revision, sha), 'so is the revision, bare', metadata);
    must(metadata['commit_status'] === 'update', 'a heartbeat is marked', metadata);
    must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(event['timestamp'])), 'whole seconds');
  },
};

const requested: Case = {
  name: 'a request is handled by its own token',
  run: async (world, cluster) => {
    const sha = await kustomization(world, cluster, 'requested');
    await when(cluster, 'Kustomization', 'requested', 'is ready', isReadyAt(world, sha));
    const token = await request(cluster, 'Kustomization', 'requested');
    const object = await when(
      cluster,
      'Kustomization',
      'requested',
      'is handled',
      isHandled(token),
    );
    must(isReadyAt(world, sha)(object), 'and is ready then', object['status']);
  },
};

const suspended: Case = {
  name: 'a request while suspended is marked handled, and nothing is done',
  run: async (world, cluster) => {
    const sha = await kustomization(world, cluster, 'suspended');
    await when(cluster, 'Kustomization', 'suspended', 'is ready', isReadyAt(world, sha));
    // what is told of that comes after it
    await heard(world, cluster, 'Kustomization', 'suspended', 'ReconciliationSucceeded');
    await patch(cluster, 'Kustomization', 'suspended', { spec: { suspend: true } });
    const before = eventsAbout(world, cluster, 'Kustomization', 'suspended').length;
    const token = await request(cluster, 'Kustomization', 'suspended');
    await when(cluster, 'Kustomization', 'suspended', 'is handled', isHandled(token));
    const after = eventsAbout(world, cluster, 'Kustomization', 'suspended').length;
    must(after === before, 'no event is sent', { before, after });
  },
};

const failing: Case = {
  name: 'a failure is BuildFailed with ProgressingWithRetry; its repeats are not sent again',
  run: async (world, cluster) => {
    await kustomization(world, cluster, 'failing', { path: './broken' });
    const object = await when(
      cluster,
      'Kustomization',
      'failing',
      'fails',
      isFailing('BuildFailed'),
    );
    const retrying = conditionIn(object, 'Reconciling');
    must(retrying?.['reason'] === 'ProgressingWithRetry', 'it will be tried again', retrying);
    const { event } = await heard(world, cluster, 'Kustomization', 'failing', 'BuildFailed');
    must(event['severity'] === 'error', 'severity is error', event);
    const uid = textAt(object, 'metadata', 'uid');
    await until('a second try is on record', async () => {
      const { body } = await cluster.client.get(
        `/api/v1/namespaces/${cluster.namespace}/events?fieldSelector=involvedObject.uid=${uid}`,
      );
      const counts = listAt(body, 'items').filter(isRecord);
      return counts.find((one) => one['reason'] === 'BuildFailed' && Number(one['count']) > 1);
    });
    const sent = eventsAbout(world, cluster, 'Kustomization', 'failing').filter(
      (one) => one.event['reason'] === 'BuildFailed',
    );
    must(sent.length === 1, 'one webhook only', sent.length);
  },
};

const blocked: Case = {
  name: 'a dependency that is not ready is named in the condition, not in the event',
  run: async (world, cluster) => {
    await kustomization(world, cluster, 'blocked', { dependsOn: [{ name: 'missing' }] });
    const object = await when(
      cluster,
      'Kustomization',
      'blocked',
      'waits',
      isFailing('DependencyNotReady'),
    );
    const message = String(conditionIn(object, 'Ready')?.['message']);
    must(message.includes(`dependency '${cluster.namespace}/missing' not found`), 'named', message);
    const { event } = await heard(world, cluster, 'Kustomization', 'blocked', 'DependencyNotReady');
    must(event['severity'] === 'info', 'severity is info', event);
    must(!String(event['message']).includes('missing'), 'not named in the event', event);
  },
};

const frozen: Case = {
  name: 'a parent gives back what Git says, unless the child is frozen; what Git does not say stays',
  run: async (world, cluster) => {
    const sha = await kustomization(world, cluster, 'parent', { path: `./parent-${cluster.name}` });
    await when(cluster, 'Kustomization', 'parent', 'is ready', isReadyAt(world, sha));
    await when(cluster, 'Kustomization', 'child', 'is there', () => true);
    const pass = async (): Promise<JsonRecord> => {
      const token = await request(cluster, 'Kustomization', 'parent');
      await when(cluster, 'Kustomization', 'parent', 'has passed', isHandled(token));
      return (await cluster.client.get(pathOf(cluster, 'Kustomization', 'child'))).body;
    };

    await patch(cluster, 'Kustomization', 'child', { spec: { suspend: true, interval: '7m' } });
    const given = await pass();
    must(at(given, 'spec', 'interval') === '10m', 'a declared field comes back', given['spec']);
    must(at(given, 'spec', 'suspend') === true, 'suspend by flux-chatops stays', given['spec']);

    await patch(cluster, 'Kustomization', 'child', {
      metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } },
      spec: { interval: '7m' },
    });
    const kept = await pass();
    must(at(kept, 'spec', 'interval') === '7m', 'a frozen child is left alone', kept['spec']);

    await patch(cluster, 'Kustomization', 'child', {
      metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': null } },
      spec: { suspend: null },
    });
    await patch(cluster, 'Kustomization', 'child', { spec: { suspend: true } }, 'kubectl-patch');
    const taken = await pass();
    must(at(taken, 'spec', 'suspend') === undefined, 'suspend by kubectl goes', taken['spec']);
    must(at(taken, 'spec', 'interval') === '10m', 'the declared field is back', taken['spec']);
  },
};

const pruned: Case = {
  name: 'what leaves Git is deleted, and told as deleted',
  run: async (world, cluster) => {
    const name = `pruned-${cluster.name}`;
    const object = `${name}-b.yaml`;
    await commit(
      world,
      {
        [`${name}/kustomization.yaml`]: list('a.yaml', object),
        [`${name}/a.yaml`]: configMap(`${name}-a`, '1'),
        [`${name}/${object}`]: configMap(`${name}-b`, '1'),
      },
      `${name}: two`,
    );
    const first = await kustomization(world, cluster, name, { path: `./${name}` });
    await when(cluster, 'Kustomization', name, 'is ready', isReadyAt(world, first));
    const second = await commit(
      world,
      { [`${name}/kustomization.yaml`]: list('a.yaml'), [`${name}/${object}`]: undefined },
      `${name}: one`,
    );
    await source(world, cluster);
    await when(cluster, 'Kustomization', name, 'is ready again', isReadyAt(world, second));
    const gone = await cluster.client.get(pathOf(cluster, 'ConfigMap', `${name}-b`));
    must(gone.code === 404, 'the object is gone', gone);
    await until('it is told', () =>
      eventsAbout(world, cluster, 'Kustomization', name).find(({ event }) =>
        String(event['message']).includes(`ConfigMap/${cluster.namespace}/${name}-b deleted`),
      ),
    );
  },
};

const retried: Case = {
  name: 'a delivery that is answered 503 is sent again, the same bytes, and then no more',
  run: async (world, cluster) => {
    const isOurs = (event: JsonRecord): boolean =>
      at(event, 'involvedObject', 'name') === 'retried' &&
      at(event, 'metadata', 'cluster') === cluster.name &&
      event['reason'] === 'ReconciliationSucceeded';
    world.receiver.answerNext(isOurs, [503]);
    await kustomization(world, cluster, 'retried');
    const sent = await until('it is sent twice', () => {
      const all = eventsAbout(world, cluster, 'Kustomization', 'retried').filter(({ event }) =>
        isOurs(event),
      );
      return all.length > 1 ? all : undefined;
    });
    const [first, second] = sent;
    must(first?.answered === 503 && second?.answered === 202, '503, then 202');
    must(first?.body === second?.body, 'the same bytes');
    must(Number(second?.atMs) - Number(first?.atMs) > 1_500, 'some 2 s apart');
  },
};

const deleted: Case = {
  name: 'a deleted Kustomization takes its objects with it and says so with severity info',
  run: async (world, cluster) => {
    const name = `leaving-${cluster.name}`;
    const sha = await commit(
      world,
      {
        [`${name}/kustomization.yaml`]: list('a.yaml'),
        [`${name}/a.yaml`]: configMap(`${name}-a`, '1'),
      },
      `${name}: one`,
    );
    await kustomization(world, cluster, name, { path: `./${name}` });
    await when(cluster, 'Kustomization', name, 'is ready', isReadyAt(world, sha));
    await cluster.client.delete(pathOf(cluster, 'Kustomization', name));
    await until('it is gone', async () => {
      const { code } = await cluster.client.get(pathOf(cluster, 'Kustomization', name));
      return code === 404 ? true : undefined;
    });
    const { event } = await until('it is told', () =>
      eventsAbout(world, cluster, 'Kustomization', name).find(({ event: one }) =>
        String(one['message']).includes(`ConfigMap/${cluster.namespace}/${name}-a deleted`),
      ),
    );
    must(event['severity'] === 'info', 'severity is info', event);
  },
};

/** What the bot relies on of Flux. */
export const fluxCases: readonly Case[] = [
  applied,
  told,
  requested,
  suspended,
  failing,
  blocked,
  frozen,
  pruned,
  retried,
  deleted,
];
