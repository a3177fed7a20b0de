import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Cluster, type Rule } from '#test/platform/world/world.ts';

const releaseValues = (cluster: Cluster, name: string) =>
  dataAt(
    appliedObjects(cluster).find(
      ({ object }) => isHelmRelease(object) && object.metadata.name === name,
    )?.object,
    'spec',
    'values',
  );

const numberAt = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path));

const ciliumOnTalos: Rule = {
  name: 'cilium-on-talos',
  summary: 'Cilium reaches the API through KubePrism, host and port, and fits what Talos allows',
  failures: [10],
  scope: 'cluster',
  check: (cluster) => {
    const values = releaseValues(cluster, 'cilium');
    const where = 'HelmRelease/kube-system/cilium';
    const capabilities = JSON.stringify(at(values, 'securityContext', 'capabilities') ?? '');
    const host = textAt(values, 'k8sServiceHost') ?? '';
    return [
      ...(/^(?:127\.0\.0\.1|localhost)$/.test(host) && numberAt(values, 'k8sServicePort') === 7445
        ? []
        : [
            {
              where,
              what: 'k8sServiceHost and k8sServicePort are not KubePrism (127.0.0.1, 7445)',
            },
          ]),
      ...(at(values, 'cgroup', 'autoMount', 'enabled') === false &&
      textAt(values, 'cgroup', 'hostRoot') === '/sys/fs/cgroup'
        ? []
        : [
            {
              where,
              what: 'Talos mounts cgroup v2 itself: autoMount off, hostRoot /sys/fs/cgroup',
            },
          ]),
      ...(capabilities.includes('SYS_MODULE') || capabilities === '""'
        ? [{ where, what: 'capabilities must be listed, without SYS_MODULE' }]
        : []),
      ...(at(values, 'kubeProxyReplacement') === true
        ? []
        : [{ where, what: 'Talos runs no kube-proxy, so kubeProxyReplacement must be true' }]),
    ];
  },
};

const meshLater: Rule = {
  name: 'mesh-later',
  summary:
    'the release that bootstrap installs waits for no load balancer and no volume: the mesh comes later',
  failures: [11],
  scope: 'cluster',
  check: (cluster) => {
    const values = releaseValues(cluster, 'cilium');
    const where = 'HelmRelease/kube-system/cilium';
    const asks = ['clustermesh', 'gatewayAPI'].filter((name) => at(values, name) !== undefined);
    // its server wants a volume, and crash-loops until there is storage
    const spire = at(values, 'authentication', 'mutual', 'spire', 'enabled') === true;
    return [
      ...asks.map((name) => ({ where, what: `${name} is on before pools and CRDs exist` })),
      ...(spire ? [{ where, what: 'SPIRE is on before there is storage' }] : []),
    ];
  },
};

const spegel: Rule = {
  name: 'spegel-on-talos',
  summary: 'Spegel writes where Talos lets it, on a port of its own, and Talos keeps the layers',
  failures: [12],
  scope: 'cluster',
  check: (cluster, world) => {
    const values = releaseValues(cluster, 'spegel');
    const port = numberAt(values, 'service', 'registry', 'hostPort');
    const keeps = [...world.files].some(
      ([path, text]) =>
        path.startsWith('talos/') && /discard_unpacked_layers\s*=\s*false/.test(text),
    );
    const where = 'HelmRelease/kube-system/spegel';
    return [
      ...(textAt(values, 'spegel', 'containerdRegistryConfigPath') === '/etc/cri/conf.d/hosts'
        ? []
        : [{ where, what: 'containerdRegistryConfigPath is not where Talos looks' }]),
      ...(port > 1024 ? [] : [{ where, what: 'service.registry.hostPort is not given' }]),
      ...(keeps
        ? []
        : [{ where, what: 'Talos throws layers away after unpacking (discard_unpacked_layers)' }]),
    ];
  },
};

export const talosRules: readonly Rule[] = [ciliumOnTalos, meshLater, spegel];
