import type { KubeObject } from '#src/render/objects.ts';
import { type Need, object } from '#test/platform/world/need.ts';
import { fluxReaders } from '#test/platform/world/needs-flux.ts';
import { objectReaders } from '#test/platform/world/needs-objects.ts';
import { groupOf } from '#test/platform/world/world.ts';

/** Groups that every Kubernetes serves. */
export const isBuiltIn = (group: string): boolean =>
  group === '' ||
  ['apps', 'batch', 'autoscaling', 'policy'].includes(group) ||
  (group.endsWith('.k8s.io') &&
    !['gateway.networking.k8s.io', 'snapshot.storage.k8s.io'].includes(group));

/** Groups that are there before anything is applied: bootstrap installs Flux, and Flux is what applies. */
export const isFlux = (group: string): boolean => group.endsWith('.toolkit.fluxcd.io');

/** Namespaces that exist before Flux applies anything. */
const givenNamespaces: ReadonlySet<string> = new Set(['kube-system', 'flux-system', 'default']);

/** Everything that one object needs from others in its cluster. */
export const needsOf = (item: KubeObject): readonly Need[] => {
  const group = groupOf(item.apiVersion);
  const { namespace } = item.metadata;
  const kind = `${group}/${item.kind}`;
  const read = fluxReaders[kind] ?? objectReaders[kind];
  return [
    ...(isBuiltIn(group) || isFlux(group)
      ? []
      : [{ id: `crds ${group}`, by: 'its kind', first: true }]),
    ...(namespace === undefined || givenNamespaces.has(namespace)
      ? []
      : object('', 'Namespace', undefined, namespace, 'metadata.namespace')),
    ...(read === undefined ? [] : read(item)),
  ];
};
