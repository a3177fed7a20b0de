import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

/** What every schema accepts and no cluster runs: values, ports, labels, names, counts, metrics. */
export const runningMutations: readonly Mutation[] = [
  {
    name: 'a Ceph image where the chart prints one itself',
    rule: 'chart-printed-once',
    edit: (files) =>
      files.replace(
        at.ceph,
        '    cephClusterSpec:\n',
        '    cephClusterSpec:\n      cephVersion:\n        image: quay.io/ceph/ceph:v20.2.4\n',
      ),
  },
  {
    name: 'a Ceph by another tag than the table says',
    rule: 'images-pinned',
    edit: (files) => files.replace(at.ceph, 'tag: v20.2.4', 'tag: v20.2.1'),
  },
  {
    name: 'a value of Connect under a name that its chart does not know',
    rule: 'chart-values',
    failure: 4,
    edit: (files) => files.replace(at.connect, '      replicas: 2', '      replicaCount: 2'),
  },
  {
    name: 'a value of the mesh that Cilium does not know',
    rule: 'chart-values',
    failure: 4,
    says: /clustermesh\.useApiServer is not a value/,
    edit: (files) => files.replace(at.mesh, 'useAPIServer: true', 'useApiServer: true'),
  },
  {
    name: 'a chart whose values nobody has looked up',
    rule: 'chart-values',
    says: /nobody has written down/,
    edit: (files) => files.replace(at.spegel, '  name: spegel\n', '  name: mirror\n'),
  },
  {
    name: 'a workload that does not select its own pods',
    rule: 'workload-selectors',
    edit: (files) =>
      files.replace(
        at.echoDeployment,
        /matchLabels:\n( +)app\.kubernetes\.io\/name: echo\n {2}template/,
        'matchLabels:\n$1app.kubernetes.io/name: web\n  template',
      ),
  },
  {
    name: 'a Service for pods that are labelled otherwise',
    rule: 'service-pods',
    edit: (files) =>
      files.replace(at.echoService, 'app.kubernetes.io/name: echo', 'app.kubernetes.io/name: web'),
  },
  {
    name: 'a Service that leads to a port on which nobody listens',
    rule: 'service-pods',
    edit: (files) => files.replace(at.echoService, 'targetPort: http', 'targetPort: web'),
  },
  {
    name: 'a route to a port that its Service does not have',
    rule: 'route-backends',
    edit: (files) => files.replace(at.chatopsRoute, 'port: 80', 'port: 8080'),
  },
  {
    name: 'a StatefulSet whose pods have no names',
    rule: 'route-backends',
    edit: (files) =>
      files.replace(at.valkey, 'serviceName: flux-chatops-valkey', 'serviceName: valkey'),
  },
  {
    name: 'a probe on a port that its container does not have',
    rule: 'probe-ports',
    edit: (files) =>
      files.replace(at.echoDeployment, '              port: http', '              port: 80'),
  },
  {
    name: "a NetworkPolicy by the port of the store's Service, where its pods listen on another",
    rule: 'network-policies',
    edit: (files) => files.replace(at.botPolicies, '- port: 6379', '- port: 6380'),
  },
  {
    name: 'a Cilium policy by the port of the Service, not of the pods',
    rule: 'policy-ports',
    failure: 21,
    edit: (files) => files.replace(at.echoPolicy, '- port: http', '- port: "80"'),
  },
  {
    name: 'more monitors than machines for them',
    rule: 'fits-nodes',
    says: /mon\.count wants 5/,
    edit: (files) => files.replace(at.ceph, 'mon:\n        count: 3', 'mon:\n        count: 5'),
  },
  {
    name: 'a cluster with fewer workers than copies of its data',
    rule: 'fits-nodes',
    says: /replicated\.size wants 3/,
    edit: (files) =>
      files.replace(
        'talos/clusters.yaml',
        '      - {name: apps-06, address: 10.25.12.16, role: worker}\n',
        '',
      ),
  },
  {
    name: 'disks for Ceph by the numbers that the kernel gives them',
    rule: 'ceph-disks',
    edit: (files) => files.replace(at.ceph, 'devicePathFilter:', 'deviceFilter:'),
  },
  {
    name: 'a budget that keeps every pod of the bot',
    rule: 'disruption-budgets',
    edit: (files) => files.replace(at.front, 'maxUnavailable: 1', 'minAvailable: 2'),
  },
  {
    name: 'a budget for pods that are labelled otherwise',
    rule: 'disruption-budgets',
    says: /for no pod/,
    edit: (files) =>
      files.replace(
        at.front,
        /(PodDisruptionBudget[\s\S]*?app\.kubernetes\.io\/component: )front/,
        '$1web',
      ),
  },
  {
    name: 'a chart whose budget keeps its only webhook',
    rule: 'disruption-budgets',
    says: /keeps 1 of 1/,
    edit: (files) =>
      files.replace(
        at.externalSecrets,
        'webhook:\n      replicaCount: 2',
        'webhook:\n      replicaCount: 1',
      ),
  },
  {
    name: 'an init container that runs as root in a restricted namespace',
    rule: 'pod-security',
    edit: (files) =>
      files.replace(
        at.echoDeployment,
        '      containers:\n',
        '      initContainers:\n        - name: root\n          image: docker.io/library/busybox:1.37.0\n          securityContext:\n            runAsUser: 0\n      containers:\n',
      ),
  },
  {
    name: 'a pod on the network of the host where the level is baseline',
    rule: 'pod-security',
    says: /level baseline: hostNetwork/,
    edit: (files) => {
      files.replace(at.echoNamespace, 'enforce: restricted', 'enforce: baseline');
      files.replace(
        at.echoDeployment,
        '    spec:\n      auto',
        '    spec:\n      hostNetwork: true\n      auto',
      );
    },
  },
  {
    name: 'disks of the host in a namespace that does not let pods at them',
    rule: 'host-pods',
    edit: (files) => files.replace(at.rookNamespace, 'enforce: privileged', 'enforce: baseline'),
  },
  {
    name: 'a route with a name for which its gateway does not answer',
    rule: 'route-hostnames',
    edit: (files) => files.replace(at.echoRoute, 'echo.${CLUSTER_ZONE}', 'echo.${DOMAIN}'),
  },
  {
    name: 'a redirect that makes every name of the zone public',
    rule: 'public-names',
    edit: (files) => files.replace(at.redirect, '/controller: none', '/controller: dns-controller'),
  },
  {
    name: 'an external-dns that publishes what hangs on any gateway',
    rule: 'public-names',
    says: /any gateway/,
    edit: (files) => files.replace(at.dnsRelease, '      - --gateway-name=external\n', ''),
  },
  {
    name: 'an external-dns that reads the annotations of another version',
    rule: 'public-names',
    says: /left to its default/,
    edit: (files) => files.replace(at.dnsRelease, '--annotation-prefix', '--annotation-filter'),
  },
  {
    name: "a cluster's own names over UDP only",
    rule: 'dns-tcp',
    edit: (files) => files.replace(at.k8sGateway, 'useTcp: true', 'useTcp: false'),
  },
  {
    name: 'a token under another key than its reader asks for',
    rule: 'secret-keys',
    says: /Secret cert-manager\/cloudflare-api-token has no key api-token/,
    edit: (files) => files.replace(at.issuers, 'key: token', 'key: api-token'),
  },
  {
    name: 'a signing key that Flux does not find in its Secret',
    rule: 'secret-keys',
    says: /Provider\/.+has no key token/,
    edit: (files) => files.replace(at.signingKey, 'secretKey: token', 'secretKey: key'),
  },
  {
    name: 'a template that leaves out what a pod reads',
    rule: 'secret-keys',
    says: /has no key token/,
    edit: (files) =>
      files.replace(
        at.dnsSecret,
        '    name: external-dns-cloudflare\n  data',
        '    name: external-dns-cloudflare\n    template:\n      data:\n        api-token: "{{ .token }}"\n  data',
      ),
  },
  {
    name: 'a release that may take longer than the layer that waits for it',
    rule: 'done-times',
    edit: (files) => files.replace(at.cephApp, 'timeout: 25m', 'timeout: 35m'),
  },
  {
    name: 'CRDs that take every Secret with them when their release goes',
    rule: 'crds-upgraded',
    says: /external-secrets: its CRDs, and every object/,
    edit: (files) =>
      files.replace(at.externalSecrets, 'resource-policy: keep', 'resource-policy: delete'),
  },
  {
    name: 'a root that is Ready of nothing',
    rule: 'done-root',
    says: /no healthChecks/,
    edit: (files) =>
      files.replace(at.fluxInstance, 'path: /spec/healthChecks', 'path: /spec/checks'),
  },
  {
    name: 'a root that waits for ever and tries again in ten minutes',
    rule: 'done-root',
    says: /no retryInterval/,
    edit: (files) =>
      files.replace(at.fluxInstance, 'path: /spec/retryInterval', 'path: /spec/interval'),
  },
  {
    name: 'a tenant whose routes are accepted and whose pods deny the gateway',
    rule: 'policy-routes',
    failure: 21,
    edit: (files) => files.replace(at.tenant, '  - network-policies.yaml\n', ''),
  },
  {
    name: 'a rung that waits for a Deployment under another name',
    rule: 'ladder-names',
    edit: (files) =>
      files.replace('bootstrap/ladder.yaml', 'names: [cilium-operator]', 'names: [operator]'),
  },
  {
    name: 'a ladder that looks past the pod security of a namespace',
    rule: 'ladder-namespaces',
    edit: (files) => files.replace('bootstrap/ladder.yaml', '            - cnpg-system\n', ''),
  },
  {
    name: 'an alert on a metric that nobody exports',
    rule: 'alert-metrics',
    says: /externalsecret_sync_failures/,
    edit: (files) =>
      files.replace(
        at.storeRules,
        'externalsecret_sync_calls_error',
        'externalsecret_sync_failures',
      ),
  },
  {
    name: 'alerts that name the namespace of who reports',
    rule: 'alert-metrics',
    says: /honorLabels/,
    edit: (files) => files.replace(at.certManager, 'honorLabels: true', 'honorLabels: false'),
  },
  {
    name: 'alerts on a Ceph that is not scraped',
    rule: 'alert-metrics',
    says: /not scraped/,
    edit: (files) =>
      files.replace(
        at.ceph,
        '    monitoring:\n      enabled: true',
        '    monitoring:\n      enabled: false',
      ),
  },
];
