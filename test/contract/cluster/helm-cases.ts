import type { Case } from '#test/contract/cluster/api-cases.ts';
import { helmRelease } from '#test/contract/cluster/tree.ts';
import {
  type ContractCluster,
  type ContractWorld,
  conditionIn,
  eventsAbout,
  heard,
  isFailing,
  isHandled,
  make,
  must,
  patch,
  pathOf,
  request,
  until,
  when,
} from '#test/contract/cluster/world.ts';
import { at, type JsonRecord, listAt, recordAt, textAt } from '#test/sandbox/api/json.ts';

const kind = 'HelmRelease';
const brokenImage = 'registry.invalid/contract:broken';

const newest = (release: JsonRecord): JsonRecord =>
  recordAt(listAt(release, 'status', 'history')[0]);

const versionOf = (release: JsonRecord): number => Number(newest(release)['version'] ?? 0);

/** Ready for this reason, at the newest generation, with nothing under way. */
const isReleased =
  (reason: string) =>
  (release: JsonRecord): boolean =>
    conditionIn(release, 'Ready')?.['status'] === 'True' &&
    conditionIn(release, 'Ready')?.['reason'] === reason &&
    conditionIn(release, 'Reconciling') === undefined &&
    at(release, 'status', 'observedGeneration') === at(release, 'metadata', 'generation');

const isStalled = (release: JsonRecord): boolean =>
  conditionIn(release, 'Stalled')?.['status'] === 'True' &&
  at(release, 'status', 'observedGeneration') === at(release, 'metadata', 'generation');

/** A release that is installed. */
const installed = async (
  world: ContractWorld,
  cluster: ContractCluster,
  name: string,
  spec: JsonRecord = {},
): Promise<JsonRecord> => {
  await helmRelease(world, cluster, name, spec);
  return when(cluster, kind, name, 'is installed', isReleased('InstallSucceeded'));
};

const valueOnCluster = async (cluster: ContractCluster, name: string): Promise<unknown> => {
  const { body } = await cluster.client.get(pathOf(cluster, 'ConfigMap', `${name}-config`));
  return at(body, 'data', 'value');
};

const install: Case = {
  name: 'a HelmRelease is installed: conditions, history, inventory, chart and event say so',
  run: async (world, cluster) => {
    const { namespace } = cluster;
    const release = await installed(world, cluster, 'installed');
    const chart = await cluster.client.get(pathOf(cluster, 'HelmChart', `${namespace}-installed`));
    const ids = listAt(release, 'status', 'inventory', 'entries').map((one) => textAt(one, 'id'));
    const { event } = await heard(world, cluster, kind, 'installed', 'InstallSucceeded');
    const words = `Helm install succeeded for release ${namespace}/installed.v1 with chart contract@0.1.0`;

    must(conditionIn(release, 'Ready')?.['message'] === words, 'Ready', release['status']);
    must(conditionIn(release, 'Released')?.['status'] === 'True', 'Released', release['status']);
    must(versionOf(release) === 1 && newest(release)['status'] === 'deployed', 'history');
    must(newest(release)['chartVersion'] === '0.1.0', 'the chart version', newest(release));
    must(ids.includes(`${namespace}_installed-config__ConfigMap`), 'inventory', ids);
    must(at(release, 'status', 'helmChart') === `${namespace}/${namespace}-installed`, 'chart');
    must(conditionIn(chart.body, 'Ready')?.['reason'] === 'ChartPackageSucceeded', 'packaged');
    must(event['message'] === words && event['severity'] === 'info', 'the event', event);
    const metadata = recordAt(event, 'metadata');
    must(metadata['revision'] === '0.1.0' && metadata['app-version'] === '7', 'bare', metadata);
  },
};

const rollback: Case = {
  name: 'an upgrade that fails is rolled back: Ready=False/RollbackSucceeded, told with severity info',
  run: async (world, cluster) => {
    const { namespace } = cluster;
    await installed(world, cluster, 'rolled', {
      upgrade: { remediation: { retries: 0, remediateLastFailure: true } },
    });
    await patch(cluster, kind, 'rolled', { spec: { values: { value: '2', image: brokenImage } } });
    const release = await when(cluster, kind, 'rolled', 'is given up', isStalled);
    const failed = await heard(world, cluster, kind, 'rolled', 'UpgradeFailed');
    const back = await heard(world, cluster, kind, 'rolled', 'RollbackSucceeded');
    const said = String(failed.event['message']);

    must(isFailing('RollbackSucceeded')(release), 'Ready=False', release['status']);
    must(conditionIn(release, 'Stalled')?.['reason'] === 'RetriesExceeded', 'Stalled');
    must(conditionIn(release, 'Remediated')?.['status'] === 'True', 'Remediated');
    must(
      said.startsWith(`Helm upgrade failed for release ${namespace}/rolled with chart`) &&
        said.includes('Last Helm logs:'),
      'the failure with the last logs',
      said,
    );
    must(failed.event['severity'] === 'error', 'the failure is an error', failed.event);
    must(back.event['severity'] === 'info', 'the rollback is not', back.event);
    must((await valueOnCluster(cluster, 'rolled')) === '1', 'what was there before is back');
  },
};

const asked: Case = {
  name: 'a HelmRelease that gave up: a request changes nothing, reset and force run one upgrade each',
  run: async (world, cluster) => {
    await installed(world, cluster, 'stalled');
    await patch(cluster, kind, 'stalled', { spec: { values: { image: brokenImage } } });
    const before = versionOf(await when(cluster, kind, 'stalled', 'is given up', isStalled));

    const plain = await request(cluster, kind, 'stalled');
    const same = await when(cluster, kind, 'stalled', 'is handled', isHandled(plain));
    must(versionOf(same) === before, 'a plain request changes nothing', same['status']);

    for (const [index, what] of ['resetAt', 'forceAt'].entries()) {
      const token = await request(cluster, kind, 'stalled', [what]);
      const field = what === 'resetAt' ? 'lastHandledResetAt' : 'lastHandledForceAt';
      const tried = await when(
        cluster,
        kind,
        'stalled',
        `has tried once more for ${what}`,
        (release) =>
          isStalled(release) &&
          isHandled(token)(release) &&
          versionOf(release) === before + index + 1,
      );
      must(at(tried, 'status', field) === token, `${field} is the token`, tried['status']);
    }
    await patch(cluster, kind, 'stalled', { spec: { values: { image: null } } });
    await when(cluster, kind, 'stalled', 'is well again', isReleased('UpgradeSucceeded'));
  },
};

const forced: Case = {
  name: 'a forced HelmRelease is upgraded although it is in sync; without force it is left alone',
  run: async (world, cluster) => {
    await installed(world, cluster, 'forced');
    const plain = await request(cluster, kind, 'forced');
    const same = await when(cluster, kind, 'forced', 'is handled', isHandled(plain));
    must(versionOf(same) === 1, 'nothing was released', same['status']);
    const token = await request(cluster, kind, 'forced', ['forceAt']);
    const release = await when(
      cluster,
      kind,
      'forced',
      'is released again',
      (one) => isReleased('UpgradeSucceeded')(one) && isHandled(token)(one),
    );
    must(versionOf(release) === 2, 'the second revision', release['status']);
    must(at(release, 'status', 'lastHandledForceAt') === token, 'handled as forced');
  },
};

const drifted: Case = {
  name: 'drift is told as an error without a revision, and corrected',
  run: async (world, cluster) => {
    await installed(world, cluster, 'drifted', { driftDetection: { mode: 'enabled' } });
    const edited = await cluster.client.patch(
      `${pathOf(cluster, 'ConfigMap', 'drifted-config')}?fieldManager=somebody`,
      'merge',
      { data: { value: 'edited' } },
    );
    must(edited.code === 200, 'somebody edits', edited);
    await request(cluster, kind, 'drifted');
    const detected = await heard(world, cluster, kind, 'drifted', 'DriftDetected');
    const corrected = await heard(world, cluster, kind, 'drifted', 'DriftCorrected');

    must(detected.event['severity'] === 'error', 'an error', detected.event);
    must(at(detected.event, 'metadata', 'revision') === undefined, 'no revision', detected.event);
    must(
      String(detected.event['message']).includes(
        `ConfigMap/${cluster.namespace}/drifted-config changed (`,
      ),
      'names what changed',
      detected.event,
    );
    must(corrected.event['severity'] === 'info', 'then info', corrected.event);
    must((await valueOnCluster(cluster, 'drifted')) === '1', 'it is as it was');
    await when(
      cluster,
      kind,
      'drifted',
      'is ready',
      (release) => conditionIn(release, 'Ready')?.['status'] === 'True',
    );
  },
};

const suspended: Case = {
  name: 'a suspended HelmRelease marks a request handled and releases nothing until it is resumed',
  run: async (world, cluster) => {
    await installed(world, cluster, 'paused');
    // what is told of that comes after it
    await heard(world, cluster, kind, 'paused', 'InstallSucceeded');
    await patch(cluster, kind, 'paused', { spec: { suspend: true, values: { value: '2' } } });
    const before = eventsAbout(world, cluster, kind, 'paused').length;
    const token = await request(cluster, kind, 'paused', ['forceAt', 'resetAt']);
    const kept = await when(cluster, kind, 'paused', 'is handled', isHandled(token));

    must(versionOf(kept) === 1, 'nothing is released', kept['status']);
    must((await valueOnCluster(cluster, 'paused')) === '1', 'nothing is applied');
    must(eventsAbout(world, cluster, kind, 'paused').length === before, 'nothing is told');

    await patch(cluster, kind, 'paused', { spec: { suspend: null } });
    await when(cluster, kind, 'paused', 'is upgraded', isReleased('UpgradeSucceeded'));
    must((await valueOnCluster(cluster, 'paused')) === '2', 'now it is applied');
  },
};

const unready: Case = {
  name: 'values that are missing are ValuesError; the release comes when they do',
  run: async (world, cluster) => {
    await helmRelease(world, cluster, 'unvalued', {
      valuesFrom: [{ kind: 'ConfigMap', name: 'contract-values' }],
    });
    await when(cluster, kind, 'unvalued', 'misses its values', isFailing('ValuesError'));
    const { event } = await heard(world, cluster, kind, 'unvalued', 'ValuesError');
    must(event['severity'] === 'error', 'an error', event);
    must(String(event['message']).includes('contract-values'), 'names them', event);

    await make(cluster, 'ConfigMap', 'contract-values', { data: { 'values.yaml': 'value: "9"' } });
    await request(cluster, kind, 'unvalued');
    await when(cluster, kind, 'unvalued', 'is installed', isReleased('InstallSucceeded'));
    must((await valueOnCluster(cluster, 'unvalued')) === '9', 'with these values');
  },
};

const waiting: Case = {
  name: 'a HelmRelease whose dependency is not ready says which, with severity info',
  run: async (world, cluster) => {
    await helmRelease(world, cluster, 'asleep', { suspend: true });
    await helmRelease(world, cluster, 'waiting', { dependsOn: [{ name: 'asleep' }] });
    const wanted = `dependency '${cluster.namespace}/asleep' is not ready`;
    const release = await when(cluster, kind, 'waiting', 'waits', isFailing('DependencyNotReady'));
    const { event } = await heard(world, cluster, kind, 'waiting', 'DependencyNotReady');
    must(conditionIn(release, 'Ready')?.['message'] === wanted, 'names it', release['status']);
    must(event['message'] === wanted && event['severity'] === 'info', 'so the event', event);
  },
};

const uninstalled: Case = {
  name: 'a deleted HelmRelease is uninstalled, with its chart, and says so',
  run: async (world, cluster) => {
    await installed(world, cluster, 'leaving');
    await cluster.client.delete(pathOf(cluster, kind, 'leaving'));
    await until('it is gone', async () => {
      const { code } = await cluster.client.get(pathOf(cluster, kind, 'leaving'));
      return code === 404 ? true : undefined;
    });
    const { event } = await heard(world, cluster, kind, 'leaving', 'UninstallSucceeded');
    const config = await cluster.client.get(pathOf(cluster, 'ConfigMap', 'leaving-config'));
    must(event['severity'] === 'info', 'severity is info', event);
    must(config.code === 404, 'what it made is gone', config);
    await until('its chart is gone', async () => {
      const name = `${cluster.namespace}-leaving`;
      const { code } = await cluster.client.get(pathOf(cluster, 'HelmChart', name));
      return code === 404 ? true : undefined;
    });
  },
};

/** What the bot relies on of helm-controller. */
export const helmCases: readonly Case[] = [
  install,
  rollback,
  asked,
  forced,
  drifted,
  suspended,
  unready,
  waiting,
  uninstalled,
];
