import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

const extra = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: external-secrets\n${more}`;

/** Rendering, identity, references, order. */
export const structureMutations: readonly Mutation[] = [
  {
    name: 'an undefined variable',
    rule: 'renders',
    edit: (files) => files.replace(at.coredns, '${CLUSTER_DNS_IP}', '${CLUSTER_DNS_ADDRESS}'),
  },
  {
    name: 'a remote base in a reached kustomization',
    rule: 'renders',
    edit: (files) =>
      files.replace(
        at.pool.replace('pool.yaml', 'kustomization.yaml'),
        '- pool.yaml',
        '- https://example.com/pool.yaml',
      ),
  },
  {
    name: 'a Kustomization without substitution over a tree with variables',
    rule: 'no-token-left',
    edit: (files) => files.replace(at.poolKs, /\n {2}postBuild:[\s\S]*$/, '\n'),
  },
  {
    name: 'a manifest that no kustomization lists',
    rule: 'reaches-everything',
    edit: (files) =>
      files.add(
        'kubernetes/infrastructure/networking/cilium-ipam/app/second-pool.yaml',
        extra('forgotten'),
      ),
  },
  {
    name: 'a manifest of the bot that no kustomization lists',
    rule: 'reaches-everything',
    edit: (files) => files.add('deploy/bot/forgotten.yaml', extra('forgotten')),
  },
  {
    name: "a cluster with the other one's settings",
    rule: 'entries',
    edit: (files) => files.replace(at.appsSettings, 'CLUSTER_NAME: apps', 'CLUSTER_NAME: infra'),
  },
  {
    name: 'a Kustomization outside flux-system',
    rule: 'entries',
    edit: (files) => files.replace(at.poolKs, 'namespace: flux-system', 'namespace: networking'),
  },
  {
    name: 'one object in two Kustomizations',
    rule: 'unique-objects',
    failure: 6,
    edit: (files) => {
      files.replace(at.storesApp, 'resources:\n', 'resources:\n  - twice.yaml\n');
      files.add(
        at.storesApp.replace('kustomization.yaml', 'twice.yaml'),
        'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: external-secrets\n',
      );
    },
  },
  {
    name: 'an object without its namespace',
    rule: 'namespaces-given',
    failure: 6,
    edit: (files) => files.replace(at.canary, '  namespace: external-secrets\n', ''),
  },
  {
    name: 'a chart source in flux-system, its release elsewhere',
    rule: 'references-resolve',
    failure: 1,
    says: /OCIRepository\/kube-system\/cilium/,
    edit: (files) => {
      files.replace(at.ciliumSource, 'namespace: kube-system', 'namespace: flux-system');
      files.replace(
        at.ciliumSource.replace('ocirepository', 'kustomization'),
        'namespace: kube-system\n',
        '',
      );
    },
  },
  {
    name: 'a store that does not exist',
    rule: 'references-resolve',
    says: /ClusterSecretStore\/\/vault/,
    edit: (files) => files.replace(at.canary, 'name: onepassword', 'name: vault'),
  },
  {
    name: 'an issuer that does not exist',
    rule: 'references-resolve',
    says: /ClusterIssuer\/\/letsencrypt,/,
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'ACME_ISSUER: letsencrypt-production',
        'ACME_ISSUER: letsencrypt',
      ),
  },
  {
    name: 'a storage class that does not exist',
    rule: 'references-resolve',
    says: /StorageClass\/\/fast/,
    edit: (files) =>
      files.replace(at.block, 'storageClassName: ceph-block', 'storageClassName: fast'),
  },
  {
    name: 'a dependency that does not exist',
    rule: 'references-resolve',
    says: /Kustomization\/flux-system\/network/,
    edit: (files) => files.replace(at.poolKs, '- name: cilium', '- name: network'),
  },
  {
    name: 'a namespace that nobody makes',
    rule: 'namespaces-exist',
    edit: (files) => files.replace(at.namespaces, /\n {2}- cnpg-system/, ''),
  },
  {
    name: 'advertisements with a label that no peer selects',
    rule: 'bgp-advertisements',
    edit: (files) =>
      files.replace(at.bgp, /labels:\n {4}advertise: bgp/, 'labels:\n    advertise: other'),
  },
  {
    name: 'a BGP selector at the wrong level',
    rule: 'bgp-advertisements',
    failure: 4,
    edit: (files) =>
      files.replace(
        at.bgp,
        /\n {6}# Every Service[\s\S]*$/,
        '\n  selector:\n    matchLabels:\n      a: b\n',
      ),
  },
  {
    name: 'a route to a listener that does not exist',
    rule: 'route-listeners',
    edit: (files) => files.replace(at.echoRoute, 'sectionName: https', 'sectionName: web'),
  },
  {
    name: 'a route from a namespace that the listener does not let in',
    rule: 'route-listeners',
    edit: (files) =>
      files.replace(
        'kubernetes/workloads/platform/echo/base/namespace.yaml',
        '    platform/gateway-internal: enabled\n',
        '',
      ),
  },
  {
    name: 'routes before the CRDs of Gateway API',
    rule: 'no-missing-depends-on',
    failure: 7,
    says: /HTTPRoute\/echo\/echo needs crds gateway/,
    edit: (files) =>
      files.replace(
        'kubernetes/workloads/platform/echo/ks.yaml',
        /\n {2}dependsOn:\n {4}- name: gateways/,
        '',
      ),
  },
  {
    name: 'an issuer in the Kustomization that installs its kinds',
    rule: 'no-missing-depends-on',
    failure: 7,
    says: /ks\/cert-manager: .*needs webhook cert-manager/,
    edit: (files) => {
      files.replace(
        at.certManager.replace('helmrelease', 'kustomization'),
        '  - helmrelease.yaml\n',
        '  - helmrelease.yaml\n  - issuer.yaml\n',
      );
      files.add(
        at.certManager.replace('helmrelease', 'issuer'),
        'apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata:\n  name: early\nspec:\n  selfSigned: {}\n',
      );
    },
  },
  {
    name: 'a webhook that nobody waits for before objects are sent through it',
    rule: 'references-resolve',
    says: /needs webhook cert-manager/,
    edit: (files) =>
      files.replace(
        at.certManagerKs,
        /\n {4}- apiVersion: apps\/v1\n {6}kind: Deployment\n {6}namespace: cert-manager\n {6}name: cert-manager-webhook/,
        '',
      ),
  },
  {
    name: 'the mesh before any pool of addresses',
    rule: 'no-missing-depends-on',
    failure: 11,
    says: /needs load balancer addresses/,
    edit: (files) => files.replace(at.meshKs, '    - name: cilium-ipam\n', ''),
  },
  {
    name: 'secrets before their store',
    rule: 'no-missing-depends-on',
    says: /needs object external-secrets.io\/ClusterSecretStore/,
    edit: (files) => files.replace(at.bgpKs, '    - name: secret-stores\n', ''),
  },
  {
    name: 'claims before their storage class',
    rule: 'no-missing-depends-on',
    says: /needs object storage.k8s.io\/StorageClass/,
    edit: (files) =>
      files.replace(at.testsKs, /\n {2}dependsOn:\n {4}- name: rook-ceph-cluster/, ''),
  },
  {
    name: 'two Kustomizations that wait for each other',
    rule: 'no-cycles',
    edit: (files) =>
      files.replace(
        at.storesKs,
        '- name: external-secrets\n',
        '- name: external-secrets\n    - name: chatops-keys\n',
      ),
  },
  {
    name: 'an order that nothing asks for',
    rule: 'no-needless-depends-on',
    edit: (files) =>
      files.replace(
        'kubernetes/infrastructure/storage/rook-ceph-operator/ks.yaml',
        '- name: namespaces',
        '- name: namespaces\n    - name: monitoring-crds',
      ),
  },
];
