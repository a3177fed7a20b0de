import { readFileSync } from 'node:fs';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import type { Ladder } from '#src/bootstrap/ladder.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import type { Cluster } from '#test/platform/world/world.ts';
import {
  type JsonRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import { customKind, definitionOf } from '#test/sandbox/api/kinds.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import { isReady } from '#test/sandbox/controllers/conditions.ts';
import type { SandboxCluster } from '#test/sandbox/sandbox.ts';

/** `Deployment/kube-system/coredns`, made once its release is Ready; a number is its replicas. */
type Made = readonly [title: string, replicas?: number];

/** What the charts of this platform make, as far as the ladder asks for it; nothing is rendered here. */
const madeBy: Readonly<Record<string, readonly Made[]>> = {
  'kube-system/cilium': [
    ['DaemonSet/kube-system/cilium'],
    ['Deployment/kube-system/cilium-operator', 2],
    ['Deployment/kube-system/clustermesh-apiserver', 2],
  ],
  'kube-system/coredns': [['Deployment/kube-system/coredns', 2]],
  'kube-system/spegel': [['DaemonSet/kube-system/spegel']],
  'cert-manager/cert-manager': [
    ['Deployment/cert-manager/cert-manager', 2],
    ['Deployment/cert-manager/cert-manager-cainjector'],
    ['Deployment/cert-manager/cert-manager-webhook', 2],
  ],
  'external-secrets/external-secrets': [
    ['Deployment/external-secrets/external-secrets'],
    ['Deployment/external-secrets/external-secrets-cert-controller'],
    ['Deployment/external-secrets/external-secrets-webhook'],
  ],
  'external-secrets/onepassword-connect': [['Deployment/external-secrets/onepassword-connect', 2]],
  'flux-system/flux-operator': [['Deployment/flux-system/flux-operator']],
  'flux-system/flux-instance': [
    ['Deployment/flux-system/source-controller'],
    ['Deployment/flux-system/kustomize-controller'],
    ['Deployment/flux-system/helm-controller'],
    ['Deployment/flux-system/notification-controller'],
  ],
};

const workload = ([title, replicas = 1]: Made): KubeObject => {
  const [kind = '', namespace = '', name = ''] = title.split('/');
  const containers = [{ name: 'main', image: `example.com/${name}:stand-in` }];
  const labels = { 'app.kubernetes.io/name': name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      ...(kind === 'Deployment' ? { replicas } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
};

/** What a release makes out of its own values: these decide whether the ladder is content. */
const madeFromValues = (release: KubeObject): readonly KubeObject[] => {
  const values = recordAt(release, 'spec', 'values');
  if (release.metadata.name === 'flux-instance') {
    const metadata = { name: 'flux', namespace: 'flux-system' };
    const apiVersion = 'fluxcd.controlplane.io/v1';
    return [
      { apiVersion, kind: 'FluxInstance', metadata, spec: recordAt(values, 'instance') },
      { apiVersion, kind: 'FluxReport', metadata, spec: { sync: { ready: true } } },
    ];
  }
  if (release.metadata.name === 'rook-ceph-cluster') {
    const of = (list: string, kind: string): readonly KubeObject[] =>
      listAt(values, list).flatMap((one): readonly KubeObject[] => {
        const name = textAt(one, 'name') ?? '';
        const storageClass = recordAt(one, 'storageClass');
        const key = 'storageclass.kubernetes.io/is-default-class';
        const annotations = { [key]: String(storageClass['isDefault'] === true) };
        return [
          {
            apiVersion: 'ceph.rook.io/v1',
            kind,
            metadata: { name, namespace: 'rook-ceph' },
            spec: recordAt(one, 'spec'),
          },
          {
            apiVersion: 'storage.k8s.io/v1',
            kind: 'StorageClass',
            metadata: { name: textAt(storageClass, 'name') ?? name, annotations },
          },
        ];
      });
    return [
      ...of('cephBlockPools', 'CephBlockPool'),
      ...of('cephFileSystems', 'CephFilesystem'),
      {
        apiVersion: 'ceph.rook.io/v1',
        kind: 'CephCluster',
        metadata: { name: 'rook-ceph', namespace: 'rook-ceph' },
        spec: recordAt(values, 'cephClusterSpec'),
      },
    ];
  }
  if (release.metadata.name === 'ceph-csi-drivers') {
    return ['rbd', 'cephfs'].map((driver) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: `rook-ceph.${driver}.csi.ceph.com` },
    }));
  }
  return [];
};

const nodeKind = customKind('cilium.io', 'v2', 'CiliumBGPNodeConfig', 'ciliumbgpnodeconfigs', {
  namespaced: false,
});

/** The machines of a cluster, from the list that Talos configures them by. */
const machinesOf = (cluster: string): readonly string[] =>
  listAt(parseYaml(readFileSync('talos/clusters.yaml', 'utf8')), 'clusters', cluster, 'nodes').map(
    (node) => textAt(node, 'name') ?? '',
  );

const machine = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: {
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    nodeInfo: { kubeletVersion: 'v1.36.5', osImage: 'Talos (v1.14.6)' },
  },
});

/** CRDs that the ladder names and the sandbox does not serve; bootstrap lays them down before Flux. */
const missingDefinitions = (ladder: Ladder): readonly KubeObject[] =>
  ladder.rungs
    .flatMap(({ probes }) => probes)
    .flatMap((probe) =>
      'objects' in probe && probe.objects.kind === 'CustomResourceDefinition'
        ? (probe.objects.names ?? []).map((name) => name + (probe.objects.suffix ?? ''))
        : [],
    )
    .map((name) => {
      const [plural = '', ...group] = name.split('.');
      return definitionOf(customKind(group.join('.'), 'v1', `Kind-${plural}`, plural));
    });

/** What an operator says besides that all is well; added to what the sandbox has it say. */
const saidBesides: Readonly<Record<string, (now: number) => JsonRecord>> = {
  ExternalSecret: (now) => ({ reason: 'SecretSynced', refreshTime: timestamp(now) }),
  ClusterSecretStore: () => ({ reason: 'Valid' }),
  Certificate: (now) => ({ notAfter: timestamp(now + 90 * 86_400_000) }),
  Gateway: () => ({ addresses: [{ type: 'IPAddress', value: '10.25.21.20' }] }),
};

const follow = (
  { server }: SandboxCluster,
  group: string,
  kind: string,
  see: (object: KubeObject) => void,
): void => {
  const found = server.kinds.all().find((one) => one.group === group && one.kind === kind);
  if (found === undefined) {
    throw new Error(`the sandbox serves no ${kind}`);
  }
  server.storage.subscribe(found, {
    changed: ({ type, object }) => {
      if (type !== 'DELETED') {
        see(object);
      }
    },
    ended: () => undefined,
  });
};

const sayBesides = (cluster: SandboxCluster, group: string, kind: string): void => {
  const { server } = cluster;
  const said = new Set<string>();
  follow(cluster, group, kind, (object) => {
    const key = object.metadata.uid ?? '';
    const { reason, ...fields } = saidBesides[kind]?.(server.clock.now()) ?? {};
    const isWell = isReady(object) || (kind === 'Gateway' && object['status'] !== undefined);
    if (said.has(key) || !isWell) {
      return;
    }
    said.add(key);
    const status = recordAt(object, 'status');
    const conditions = listAt(status, 'conditions').map((one) => ({
      ...recordAt(one),
      ...(reason === undefined ? {} : { reason }),
    }));
    server.clock.after(0, () =>
      server.objects.put({ ...object, status: { ...status, ...fields, conditions } }),
    );
  });
};

const releaseTitle = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

/** What bootstrap installs before Flux, with the values that Flux will use too. */
const bootstrapReleases = (): ReadonlySet<string> => {
  const text = readFileSync('bootstrap/helmfile.d/01-apps.yaml', 'utf8');
  return new Set(
    parseAllDocuments(text, { logLevel: 'silent' })
      .flatMap((document) => listAt(document.toJS(), 'releases'))
      .map((release) => `${textAt(release, 'namespace')}/${textAt(release, 'name')}`),
  );
};

/** A health check may have had it made before; then its status stays until its wishes differ. */
const make = ({ server }: SandboxCluster, object: KubeObject): void => {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const live = server.objects.get({ apiVersion, kind, name, namespace });
  const status = live?.['status'];
  server.objects.put(status === undefined ? object : { ...object, status });
};

/**
 * Gives a cluster on the sandbox what the ladder looks at and the sandbox does not have: the machines,
 * CRDs and releases of bootstrap, what the other charts make, and what operators say in more detail. All but
 * what bootstrap leaves comes to be only when Flux has brought what makes it.
 */
export const addMachinery = (
  cluster: SandboxCluster,
  { name, layers }: Cluster,
  ladder: Ladder,
): void => {
  const { server } = cluster;
  for (const node of server.objects.list('v1', 'Node')) {
    server.objects.remove({ apiVersion: 'v1', kind: 'Node', name: node.metadata.name });
  }
  const machines = machinesOf(name);
  for (const object of [...machines.map(machine), ...missingDefinitions(ladder)]) {
    const { apiVersion, kind, metadata } = object;
    if (server.objects.get({ apiVersion, kind, name: metadata.name }) === undefined) {
      server.objects.put(object);
    }
  }
  server.objects.put(definitionOf(nodeKind));
  const made = new Set<string>();
  const makeAll = (release: KubeObject, title: string): void => {
    made.add(title);
    for (const object of [...(madeBy[title] ?? []).map(workload), ...madeFromValues(release)]) {
      make(cluster, object);
    }
  };
  const bootstrapped = bootstrapReleases();
  for (const release of layers.flatMap(({ objects }) => objects).filter(isHelmRelease)) {
    const title = releaseTitle(release as KubeObject);
    if (bootstrapped.has(title)) {
      makeAll(release as KubeObject, title);
    }
  }
  follow(cluster, 'helm.toolkit.fluxcd.io', 'HelmRelease', (release) => {
    const title = releaseTitle(release);
    if (isReady(release) && !made.has(title)) {
      server.clock.after(0, () => makeAll(release, title));
    }
  });
  follow(cluster, 'cilium.io', 'CiliumBGPClusterConfig', (config) => {
    if (config['status'] !== undefined) {
      const peers = [{ name: 'router', peeringState: 'established' }];
      const status = { bgpInstances: [{ name: 'router', peers }] };
      const apiVersion = 'cilium.io/v2';
      for (const node of machines) {
        const metadata = { name: node };
        server.objects.put({ apiVersion, kind: 'CiliumBGPNodeConfig', metadata, status });
      }
    }
  });
  follow(cluster, 'cilium.io', 'CiliumLoadBalancerIPPool', (pool) => {
    if (pool['status'] !== undefined) {
      server.objects.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'clustermesh-apiserver', namespace: 'kube-system' },
        spec: { type: 'LoadBalancer' },
        status: { loadBalancer: { ingress: [{ ip: '10.25.21.30' }] } },
      });
    }
  });
  sayBesides(cluster, 'external-secrets.io', 'ExternalSecret');
  sayBesides(cluster, 'external-secrets.io', 'ClusterSecretStore');
  sayBesides(cluster, 'cert-manager.io', 'Certificate');
  sayBesides(cluster, 'gateway.networking.k8s.io', 'Gateway');
};
