import type { RecordedFile } from '#test/fixtures/recordings.ts';

/** The commit that takes the CRD out of Git; 12-storm names it in its steps. */
const bad = '4d42d61e';

const resources = (...names: readonly string[]): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${names.map((name) => `  - ${name}`).join('\n')}
`;

const configMap = (name: string): string =>
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  log-level: info
`;

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: certificates.cert-manager.io
spec:
  group: cert-manager.io
  scope: Namespaced
  names:
    kind: Certificate
    listKind: CertificateList
    plural: certificates
    singular: certificate
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-preserve-unknown-fields: true
`;

const deployment = (tag: string): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cert-manager
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: cert-manager
  template:
    metadata:
      labels:
        app.kubernetes.io/name: cert-manager
    spec:
      containers:
        - name: main
          image: example.com/cert-manager:${tag}
`;

const certificate = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
spec:
  secretName: web-tls
`;

const crds = 'infrastructure/cert-manager/crds';
const controller = 'infrastructure/cert-manager/controller';
const tenant = 'workloads/tenant';

/**
 * What was in Git in 12-storm, as far as it matters: its files were not kept, but paths, names and kinds
 * are in its specs, inventories and messages; contents are not, nor do they show in any of them.
 */
export const stormFiles: readonly RecordedFile[] = [
  [`${crds}/kustomization.yaml`, undefined, resources('certificates.yaml', 'config.yaml')],
  [`${crds}/certificates.yaml`, undefined, definition],
  [`${crds}/config.yaml`, undefined, configMap('cert-manager-crds')],
  [`${controller}/kustomization.yaml`, undefined, resources('config.yaml', 'deployment.yaml')],
  [`${controller}/config.yaml`, undefined, configMap('cert-manager-config')],
  [`${controller}/deployment.yaml`, undefined, deployment('v1.19.2')],
  [`${tenant}/kustomization.yaml`, undefined, resources('settings.yaml', 'web.yaml')],
  [`${tenant}/settings.yaml`, undefined, configMap('settings')],
  [`${tenant}/web.yaml`, undefined, certificate],
  [`${crds}/kustomization.yaml`, bad, resources('config.yaml')],
  [`${controller}/deployment.yaml`, bad, deployment('v1.20.0-broken')],
].map(([path = '', commit, text = '']) => ({ path, commit, text }));
