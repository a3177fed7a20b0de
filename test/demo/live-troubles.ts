import {
  type ClusterName,
  clusterNames,
  kustomization,
  type ObjectName,
  treeSource,
} from '#test/demo/clusters.ts';
import { type Stage, webhookKey } from '#test/demo/stage.ts';
import type { Trouble, Undo } from '#test/demo/trouble.ts';
import { isRecord } from '#test/sandbox/api/json.ts';

const nothing: Undo = {};

const chart: ObjectName = {
  ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'OCIRepository' },
  ...{ namespace: 'kube-system', name: 'spegel' },
};
const release = (name: string): ObjectName => ({
  ...{ apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' },
  ...{ namespace: 'kube-system', name },
});
const workload: ObjectName = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  ...{ namespace: 'kube-system', name: 'coredns-core' },
};

const onBoth = (stage: Stage, object: ObjectName): void => {
  for (const name of clusterNames) {
    stage.clusters.request(name, object);
  }
};

const setSpec = (
  stage: Stage,
  cluster: ClusterName,
  object: ObjectName,
  change: Readonly<Record<string, unknown>>,
  manager?: string,
): void =>
  stage.clusters.edit(
    cluster,
    object,
    (live) => ({
      ...live,
      spec: { ...(isRecord(live['spec']) ? live['spec'] : {}), ...change },
    }),
    manager,
  );

/** As `flux suspend` and `flux resume` do it: what kubectl had set, Flux would take back at its next pass. */
const setSuspended = (stage: Stage, isSuspended: boolean): void =>
  setSpec(stage, 'apps', kustomization('external-dns'), { suspend: isSuspended }, 'flux');

const sourceDown = async (stage: Stage): Promise<void> => {
  stage.git.setDown(true);
  onBoth(stage, treeSource);
};

const chartGone = async (stage: Stage): Promise<void> => {
  stage.clusters.setChartAway('helm-charts/spegel', true);
  stage.clusters.request('infra', chart);
};

const registries = 'oci://';

const requestCharts = (stage: Stage): void => {
  for (const name of clusterNames) {
    const { objects } = stage.clusters.cluster(name).server;
    for (const { metadata } of objects.list(chart.apiVersion, chart.kind)) {
      stage.clusters.request(name, {
        ...{ apiVersion: chart.apiVersion, kind: chart.kind },
        ...{ namespace: metadata.namespace ?? '', name: metadata.name },
      });
    }
  }
};

const storm = async (stage: Stage): Promise<void> => {
  stage.clusters.setChartAway(registries, true);
  requestCharts(stage);
};

const drift = async (stage: Stage): Promise<void> => {
  setSpec(stage, 'infra', workload, { replicas: 5 });
  stage.clusters.request('infra', release('coredns'));
};

const setKeys = (stage: Stage, key: (name: ClusterName) => string): void => {
  for (const name of clusterNames) {
    stage.clusters.setWebhookKey(name, key(name));
  }
};

const slowMs = 4_000;
const stopController = async (stage: Stage): Promise<void> =>
  stage.clusters.cluster('apps').flux.setPaused('kustomize-controller', true);

/** What goes wrong beside Git: on a cluster, between the parts, in the bot itself. */
export const liveTroubles: readonly Trouble[] = [
  {
    name: 'source-down',
    what: 'neither cluster reaches the Git host',
    look: 'a card in each channel: the GitRepository cannot be fetched',
    shown: [{ kind: 'card', channel: 'flux-infra', says: /flux-system cannot be fetched/ }],
    over: { channel: 'flux-infra', says: /flux-system is well again/ },
    start: async (stage) => {
      await sourceDown(stage);
      return nothing;
    },
    again: sourceDown,
    end: async (stage) => {
      stage.git.setDown(false);
      onBoth(stage, treeSource);
    },
  },
  {
    name: 'chart-missing',
    what: 'a registry does not know a chart any more, on infra',
    look: 'a card in #flux-infra about the OCIRepository spegel',
    shown: [
      { kind: 'card', channel: 'flux-infra', says: /OCI repository spegel cannot be pulled/ },
    ],
    over: { channel: 'flux-infra', says: /OCI repository spegel is well again/ },
    start: async (stage) => {
      await chartGone(stage);
      return nothing;
    },
    again: chartGone,
    end: async (stage) => {
      stage.clusters.setChartAway('helm-charts/spegel', false);
      stage.clusters.request('infra', chart);
    },
  },
  {
    name: 'storm',
    what: 'all registries are down: every chart of both clusters fails at once',
    look: 'a dozen cards in each channel, and one for all the rest',
    shown: ['flux-infra', 'flux-apps'].map((channel) => ({
      ...{ kind: 'card', channel, says: /more failures? at once/ },
    })),
    over: { channel: 'flux-infra', says: /further failures have ended/ },
    start: async (stage) => {
      await storm(stage);
      return nothing;
    },
    again: storm,
    end: async (stage) => {
      stage.clusters.setChartAway(registries, false);
      requestCharts(stage);
    },
  },
  {
    name: 'drift',
    what: 'somebody scales a Deployment of a release by hand, on infra',
    look: 'a card in #flux-infra: coredns has drifted from Git',
    shown: [{ kind: 'card', channel: 'flux-infra', says: /coredns has drifted/ }],
    over: { channel: 'flux-infra', says: /coredns is well again/ },
    start: async (stage) => {
      await drift(stage);
      return nothing;
    },
    again: drift,
    end: async (stage) => {
      setSpec(stage, 'infra', workload, { replicas: 1 });
      stage.clusters.request('infra', release('coredns'));
    },
  },
  {
    name: 'suspended',
    what: 'somebody suspends a Kustomization on apps with `flux suspend`, and forgets it',
    look: 'type /flux get suspended in #flux-apps',
    shown: [
      {
        ...{ kind: 'answer', channel: 'flux-apps', typed: '/flux get suspended' },
        says: /1 object suspended on apps[\s\S]*external-dns/,
      },
    ],
    start: async (stage) => {
      setSuspended(stage, true);
      return nothing;
    },
    end: async (stage) => setSuspended(stage, false),
  },
  {
    name: 'controller-stopped',
    what: 'kustomize-controller on apps does nothing any more',
    look: 'type /flux reconcile echo apps in #flux-apps: it waits, and nobody answers',
    shown: [
      {
        ...{ kind: 'answer', channel: 'flux-apps', typed: '/flux reconcile echo apps' },
        says: /Waiting for ks\/flux-system\/echo/,
      },
    ],
    over: { channel: 'flux-apps', says: /Reconciled ks\/flux-system\/echo/ },
    start: async (stage) => {
      await stopController(stage);
      return nothing;
    },
    again: stopController,
    end: async (stage) =>
      stage.clusters.cluster('apps').flux.setPaused('kustomize-controller', false),
  },
  {
    name: 'webhook-key',
    what: 'Flux signs its webhooks with a key that the bot does not know',
    look: 'the bot refuses them (401, in /metrics); cards come all the same, from watching',
    shown: [{ kind: 'metric', line: /flux_chatops_webhooks_total\{[^}]*status="401"\} [1-9]/ }],
    start: async (stage) => {
      setKeys(stage, () => 'another-key');
      onBoth(stage, kustomization('namespaces'));
      return nothing;
    },
    end: async (stage) => setKeys(stage, webhookKey),
  },
  {
    name: 'cluster-unreachable',
    what: 'the API server of infra does not answer',
    look: '/readyz of the bot says it; apps goes on',
    shown: [{ kind: 'health', component: 'cluster infra' }],
    start: async (stage) => {
      await stage.clusters.cluster('infra').server.faults.down();
      return nothing;
    },
    again: (stage) => stage.clusters.cluster('infra').server.faults.down(),
    end: (stage) => stage.clusters.cluster('infra').server.faults.up(),
  },
  {
    name: 'slow-slack',
    what: `every call of Slack takes ${slowMs / 1_000} s`,
    look: 'break something else: its card comes late, and still once',
    shown: [],
    start: async (stage) => {
      stage.proxy.setLatency(slowMs);
      return nothing;
    },
    again: async (stage) => stage.proxy.setLatency(slowMs),
    end: async (stage) => stage.proxy.setLatency(0),
  },
  {
    name: 'redis-away',
    what: 'Redis stops answering',
    look: '/readyz says it; webhooks get 503, commands are told that nothing was done',
    shown: [{ kind: 'health', component: 'redis' }],
    start: async (stage) => {
      stage.redis.freeze();
      return nothing;
    },
    again: async (stage) => stage.redis.freeze(),
    end: async (stage) => stage.redis.thaw(),
  },
  {
    name: 'bot-killed',
    what: 'the bot is killed (kill -9)',
    look: 'break or fix something meanwhile: after `fix bot-killed` Slack says what was missed',
    shown: [{ kind: 'health', component: 'bot' }],
    start: async (stage) => {
      await stage.killBot();
      return nothing;
    },
    again: (stage) => stage.killBot(),
    end: (stage) => stage.startBot(),
  },
];
