/** A kind that no cluster has until it is defined. */
export const filmDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'films.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Film', plural: 'films' },
    versions: [{ name: 'v1', served: true, storage: true }],
  },
} as const;
