import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

const policy = (kind: string, spec: string): string =>
  `apiVersion: cilium.io/v2\nkind: ${kind}\nmetadata:\n  name: mutation\n${spec}`;

/** The network plan, Cilium on Talos, and policies. */
export const networkMutations: readonly Mutation[] = [
  {
    name: 'pods of one cluster in the range of the other',
    rule: 'networks-disjoint',
    edit: (files) =>
      files.replace(at.appsSettings, 'POD_CIDR: 10.246.0.0/16', 'POD_CIDR: 10.244.0.0/16'),
  },
  {
    name: 'services inside the pods',
    rule: 'networks-disjoint',
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'SERVICE_CIDR: 10.245.0.0/16',
        'SERVICE_CIDR: 10.244.128.0/17',
      ),
  },
  {
    name: "CoreDNS with infra's address on apps",
    rule: 'cluster-dns',
    failure: 9,
    edit: (files) =>
      files.replace(at.coredns, 'clusterIP: ${CLUSTER_DNS_IP}', 'clusterIP: 10.245.0.10'),
  },
  {
    name: 'two clusters with one id',
    rule: 'cluster-identity',
    edit: (files) => files.replace(at.appsSettings, 'CLUSTER_ID: "2"', 'CLUSTER_ID: "1"'),
  },
  {
    name: 'a gateway with an address outside every pool',
    rule: 'load-balancer-pools',
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'LB_GATEWAY_INTERNAL_IP: 10.25.21.20',
        'LB_GATEWAY_INTERNAL_IP: 10.25.21.200',
      ),
  },
  {
    name: 'two services with one address',
    rule: 'load-balancer-pools',
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'LB_GATEWAY_EXTERNAL_IP: 10.25.21.21',
        'LB_GATEWAY_EXTERNAL_IP: 10.25.21.20',
      ),
  },
  {
    name: 'a peer address with a mask',
    rule: 'bgp-addresses',
    failure: 14,
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'BGP_PEER_ADDRESS: 10.25.11.1',
        'BGP_PEER_ADDRESS: 10.25.11.1/32',
      ),
  },
  {
    name: 'an AS that the router does not expect',
    rule: 'bgp-reciprocal',
    edit: (files) =>
      files.replace(at.infraSettings, 'BGP_LOCAL_ASN: "64513"', 'BGP_LOCAL_ASN: "64515"'),
  },
  {
    name: 'a router that lets anything in',
    rule: 'bgp-reciprocal',
    edit: (files) =>
      files.replace(at.router, '  neighbor apps prefix-list apps-load-balancers in\n', ''),
  },
  {
    name: 'two clusters with one AS',
    rule: 'bgp-asns',
    edit: (files) =>
      files.replace(at.appsSettings, 'BGP_LOCAL_ASN: "64514"', 'BGP_LOCAL_ASN: "64513"'),
  },
  {
    name: 'a mesh that looks for the other cluster elsewhere',
    rule: 'mesh-reciprocal',
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'PEER_CLUSTERMESH_IP: 10.25.22.30',
        'PEER_CLUSTERMESH_IP: 10.25.22.31',
      ),
  },
  {
    name: 'a mesh CA made in the cluster, copied by hand',
    rule: 'mesh-reciprocal',
    failure: 20,
    edit: (files) => files.replace(at.mesh, 'name: cilium-mesh-ca', 'name: platform-ca'),
  },
  {
    name: 'k8sServiceHost without k8sServicePort',
    rule: 'cilium-on-talos',
    failure: 10,
    edit: (files) => files.replace(at.cilium, '    k8sServicePort: 7445\n', ''),
  },
  {
    name: 'Cilium with a capability that Talos refuses',
    rule: 'cilium-on-talos',
    edit: (files) =>
      files.replace(
        at.cilium,
        '          - CHOWN\n',
        '          - CHOWN\n          - SYS_MODULE\n',
      ),
  },
  {
    name: 'ClusterMesh in the release that bootstrap installs',
    rule: 'mesh-later',
    failure: 11,
    edit: (files) =>
      files.replace(
        at.cilium,
        '    kubeProxyReplacement: true\n',
        '    kubeProxyReplacement: true\n    clustermesh:\n      useAPIServer: true\n',
      ),
  },
  {
    name: 'SPIRE in the release that bootstrap installs',
    rule: 'mesh-later',
    failure: 11,
    edit: (files) =>
      files.replace(
        at.cilium,
        '    kubeProxyReplacement: true\n',
        '    kubeProxyReplacement: true\n    authentication: {mutual: {spire: {enabled: true}}}\n',
      ),
  },
  {
    name: 'Spegel without a port of its own',
    rule: 'spegel-on-talos',
    failure: 12,
    edit: (files) => files.replace(at.spegel, /hostPort: \d+/, 'hostPort: 0'),
  },
  {
    name: 'a Talos that throws away the layers that Spegel serves',
    rule: 'spegel-on-talos',
    failure: 12,
    edit: (files) =>
      files.replace(
        'talos/patches/shared.yaml',
        'discard_unpacked_layers = false',
        'discard_unpacked_layers = true',
      ),
  },
  {
    name: 'Spegel with the paths of another system',
    rule: 'spegel-on-talos',
    failure: 12,
    edit: (files) => files.replace(at.spegel, '/etc/cri/conf.d/hosts', '/etc/containerd/certs.d'),
  },
  {
    name: 'a cluster-wide allow that denies all else',
    rule: 'no-implicit-deny',
    failure: 13,
    edit: (files) =>
      files.append(
        at.pool,
        `---\n${policy('CiliumClusterwideNetworkPolicy', 'spec:\n  endpointSelector: {}\n  egress:\n    - toEntities: [world]\n')}`,
      ),
  },
  {
    name: 'a DNS rule for pods that are labelled otherwise',
    rule: 'policy-selectors',
    failure: 15,
    edit: (files) => files.replace(at.allowDns, 'k8s-app: kube-dns', 'k8s-app: coredns'),
  },
  {
    name: 'the API server allowed by port 443',
    rule: 'policy-api-port',
    failure: 21,
    edit: (files) =>
      files.append(
        at.echoPolicy,
        `---\n${policy('CiliumNetworkPolicy', 'spec:\n  endpointSelector: {}\n  egress:\n    - toEntities: [kube-apiserver]\n      toPorts:\n        - ports:\n            - {port: "443", protocol: TCP}\n')}`,
      ),
  },
  {
    name: 'the gateway selected by a label',
    rule: 'policy-gateway',
    failure: 21,
    edit: (files) =>
      files.replace(
        at.echoPolicy,
        '    - fromEntities:\n        - ingress\n',
        '    - fromEndpoints:\n        - matchLabels:\n            io.cilium.gateway: "true"\n',
      ),
  },
  {
    name: 'names without a rule that learns them',
    rule: 'policy-names',
    failure: 21,
    edit: (files) => {
      files.replace(at.allowDns, /\n {10}rules:\n[\s\S]*$/, '\n');
      files.append(
        at.echoPolicy,
        `---\n${policy('CiliumNetworkPolicy', 'spec:\n  endpointSelector: {}\n  egress:\n    - toFQDNs:\n        - matchName: example.com\n      toPorts:\n        - ports:\n            - {port: "443", protocol: TCP}\n')}`,
      );
    },
  },
  {
    name: 'a workload without default deny',
    rule: 'default-deny',
    edit: (files) => files.replace(at.echo, /\ncomponents:\n.*netpol-baseline/, ''),
  },
  {
    name: 'apps asks its own DNS for the door of the bot',
    rule: 'webhook-names',
    edit: (files) =>
      files.replace(at.appsSettings, 'INFRA_DNS_IP: 10.25.21.10', 'INFRA_DNS_IP: 10.25.22.10'),
  },
  {
    name: 'apps sends its events to a door that is not there',
    rule: 'webhook-names',
    edit: (files) =>
      files.replace(at.appsSettings, 'CHATOPS_HOST: chatops.infra.', 'CHATOPS_HOST: bot.infra.'),
  },
  {
    name: 'a certificate that does not name the door of the bot',
    rule: 'webhook-names',
    edit: (files) => files.replace(at.certificate, /\n {4}- "\*\..*/, ''),
  },
  {
    name: 'no route for the events of Flux',
    rule: 'webhook-path',
    edit: (files) => files.replace(at.chatopsRoute, 'value: /webhooks', 'value: /hooks'),
  },
  {
    name: 'no policy for the events of Flux',
    rule: 'webhook-path',
    edit: (files) => files.replace(at.chatopsPolicy, '        - ingress\n', '        - host\n'),
  },
];
