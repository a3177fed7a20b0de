import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

/** Pins, sources, provenance, lockdown and the gate. */
export const supplyMutations: readonly Mutation[] = [
  {
    name: 'a table of versions that cannot be read',
    rule: 'versions-table',
    edit: (files) => files.replace(at.versions, 'components:\n', 'components: []\nothers:\n'),
  },
  {
    name: 'a chart by a moving tag',
    rule: 'pins-exact',
    edit: (files) => files.replace(at.ciliumSource, /tag: \S+/, 'tag: "1.20"'),
  },
  {
    name: 'a chart version with a range',
    rule: 'pins-exact',
    edit: (files) => files.replace(at.dnsRelease, /version: \S+/, 'version: 1.x.x'),
  },
  {
    name: 'another repository by tag only',
    rule: 'pins-exact',
    edit: (files) => files.replace(at.gatewayApi, /\n {4}commit: \w+/, ''),
  },
  {
    name: 'a chart newer than the table says',
    rule: 'pins-listed',
    failure: 8,
    edit: (files) => files.replace(at.ciliumSource, /tag: \S+/, 'tag: 99.0.0'),
  },
  {
    name: 'a Kubernetes that a vendor does not name',
    rule: 'pins-compatible',
    edit: (files) => files.replace(at.versions, /(kubernetes:\n {4}version:) \S+/, '$1 1.99.0'),
  },
  {
    name: 'an operator and a cluster of two releases',
    rule: 'pins-compatible',
    edit: (files) =>
      files.replace(at.versions, /(rook-ceph-cluster:\n[\s\S]*?)version: \S+/, '$1version: v1.0.0'),
  },
  {
    name: 'a FluxInstance that downgrades Flux',
    rule: 'pins-flux',
    failure: 8,
    says: /distribution.version/,
    edit: (files) => files.replace(at.fluxInstance, /version: \S+/, 'version: 2.7.5'),
  },
  {
    name: 'a chart from the wrong registry',
    rule: 'sources-allowed',
    failure: 3,
    edit: (files) =>
      files.replace(
        at.ciliumSource,
        'oci://quay.io/cilium/charts/cilium',
        'oci://ghcr.io/cilium/charts/cilium',
      ),
  },
  {
    name: 'an image by latest',
    rule: 'images-pinned',
    edit: (files) => files.replace(at.block, /busybox:\S+/, 'busybox:latest'),
  },
  {
    name: 'an image from elsewhere',
    rule: 'images-pinned',
    edit: (files) =>
      files.replace(at.echoDeployment, 'registry.k8s.io/e2e-test-images/', 'docker.io/someone/'),
  },
  {
    name: 'a chart without its layer selected',
    rule: 'chart-layer',
    failure: 2,
    edit: (files) =>
      files.replace(
        at.ciliumSource.replace('ocirepository', 'kustomization'),
        /\ncomponents:\n.*helm-release/,
        '',
      ),
  },
  {
    name: 'a signed chart that is not verified',
    rule: 'provenance',
    edit: (files) => files.replace(at.ciliumSource, /\n {2}verify:[\s\S]*$/, '\n'),
  },
  {
    name: 'a chart that the table does not judge',
    rule: 'provenance',
    edit: (files) =>
      files.replace(
        at.versions,
        /\n {4}verify: \{method: none, why: upstream does not sign its chart\}/,
        '',
      ),
  },
  {
    name: 'a CRD that was copied into the tree',
    rule: 'crds-not-copied',
    edit: (files) =>
      files.add(
        'kubernetes/infrastructure/crds/gateway-api/httproutes.yaml',
        'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: httproutes.gateway.networking.k8s.io\n',
      ),
  },
  {
    name: 'clusters with two versions of Cilium',
    rule: 'clusters-aligned',
    edit: (files) =>
      files.append(
        at.apps,
        'patches:\n  - target: {kind: Kustomization, name: cilium}\n    patch: |-\n      - op: add\n        path: /spec/patches\n        value:\n          - target: {kind: OCIRepository}\n            patch: |-\n              - {op: replace, path: /spec/ref/tag, value: 1.0.0}\n',
      ),
  },
  {
    name: 'a source in another namespace',
    rule: 'no-cross-namespace',
    failure: 1,
    edit: (files) =>
      files.replace(
        at.spegel,
        '    name: spegel\n  values',
        '    name: spegel\n    namespace: flux-system\n  values',
      ),
  },
  {
    name: 'a Kustomization that acts as nobody',
    rule: 'service-accounts',
    edit: (files) => files.replace(at.poolKs, '  serviceAccountName: kustomize-controller\n', ''),
  },
  {
    name: 'a Flux without its lockdown',
    rule: 'flux-locked',
    edit: (files) => files.replace(at.fluxInstance, 'multitenant: true', 'multitenant: false'),
  },
  {
    name: 'a controller that may refer across namespaces',
    rule: 'flux-locked',
    edit: (files) =>
      files.replace(
        at.fluxInstance,
        '(kustomize-controller|helm-controller|notification-controller)',
        '(kustomize-controller|helm-controller)',
      ),
  },
  {
    name: '`ref: main` instead of `refs/heads/main`',
    rule: 'flux-sync',
    failure: 8,
    says: /sync.ref "main"/,
    edit: (files) =>
      files.replace(
        at.infraSettings,
        'GIT_REPOSITORY_REF: refs/heads/main',
        'GIT_REPOSITORY_REF: main',
      ),
  },
  {
    name: 'a second owner of the FluxInstance',
    rule: 'flux-sync',
    failure: 8,
    says: /2 owners/,
    edit: (files) => {
      files.replace(
        at.fluxInstanceApp,
        '  - ocirepository.yaml\n',
        '  - ocirepository.yaml\n  - second.yaml\n',
      );
      files.add(
        at.fluxInstanceApp.replace('kustomization.yaml', 'second.yaml'),
        'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata:\n  name: flux\n',
      );
    },
  },
  {
    name: 'a remote base in a kustomization that no cluster reaches',
    rule: 'no-remote-bases',
    edit: (files) =>
      files.add(
        'kubernetes/components/unused/kustomization.yaml',
        'resources:\n  - https://example.com/all.yaml\n',
      ),
  },
  {
    name: 'a SOPS file',
    rule: 'no-sops',
    edit: (files) => files.add('kubernetes/.sops.yaml', 'creation_rules: []\n'),
  },
  {
    name: 'a Kustomization that decrypts',
    rule: 'no-sops',
    edit: (files) =>
      files.replace(
        at.poolKs,
        '  wait: true\n',
        '  wait: true\n  decryption:\n    provider: sops\n',
      ),
  },
  {
    name: 'a namespace that pruning may take',
    rule: 'data-is-kept',
    edit: (files) => files.replace(at.cnpgNamespace, /\n {2}annotations:\n.*disabled/, ''),
  },
  {
    name: 'Ceph deleted with its line',
    rule: 'data-is-kept',
    edit: (files) => files.replace(at.cephKs, '  deletionPolicy: Orphan\n', ''),
  },
  {
    name: 'CI that skips kinds',
    rule: 'gate-honest',
    failure: 18,
    edit: (files) =>
      files.add(
        '.github/workflows/validate.yaml',
        'jobs:\n  a:\n    steps:\n      - run: kubeconform -strict -skip HelmRelease,Kustomization kubernetes\n',
      ),
  },
  {
    name: 'CI that forgives flux diff',
    rule: 'gate-honest',
    failure: 18,
    edit: (files) =>
      files.add(
        '.github/workflows/diff.yaml',
        'jobs:\n  a:\n    steps:\n      - run: flux diff kustomization apps || true\n',
      ),
  },
  {
    name: 'CI that calls a script that is not there',
    rule: 'gate-scripts',
    failure: 18,
    says: /validate.sh is not here/,
    edit: (files) =>
      files.add(
        '.github/workflows/check.yaml',
        'jobs:\n  a:\n    steps:\n      - run: ./scripts/validate.sh\n',
      ),
  },
];
