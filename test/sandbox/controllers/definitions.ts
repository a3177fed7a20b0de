import type { KubeObject } from '#test/sandbox/api/json.ts';
import { kindFromDefinition } from '#test/sandbox/api/kinds.ts';
import { isTerminating } from '#test/sandbox/api/namespaces.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const finalizer = 'customresourcecleanup.apiextensions.k8s.io';
const manager = 'kube-apiserver';

// as long as a recorded one took, during which nothing could be created of its kind
const cleanupMs = 170;

/**
 * Stands in for the cleaner of custom resources: a CustomResourceDefinition that is deleted first loses all
 * objects of its kind, and is gone a moment later.
 * @returns the way to stop
 */
export const startDefinitions = (world: World): (() => void) => {
  const { server, clock } = world;
  const definitions = world.kindNamed('apiextensions.k8s.io', 'CustomResourceDefinition');

  const setFinalizers = (name: string, change: (others: readonly string[]) => string[]): void => {
    const live = server.storage.read(definitions, undefined, name);
    if (live === undefined) {
      return;
    }
    const others = (live.metadata.finalizers ?? []).filter((one) => one !== finalizer);
    const metadata = { ...live.metadata, finalizers: change(others) };
    server.api.replace(definitions, { ...live, metadata }, { manager });
  };

  const clean = (definition: KubeObject): void => {
    const kind = kindFromDefinition(definition);
    for (const { metadata } of kind === undefined ? [] : server.storage.list(kind)) {
      if (kind !== undefined) {
        server.api.remove(kind, { namespace: metadata.namespace, name: metadata.name });
      }
    }
    clock.after(cleanupMs, () => setFinalizers(definition.metadata.name, (others) => [...others]));
  };

  return server.storage.subscribe(definitions, {
    changed: ({ type, object, previous }) => {
      if (type === 'ADDED' && !isTerminating(object)) {
        clock.after(5, () =>
          setFinalizers(object.metadata.name, (others) => [...others, finalizer]),
        );
      } else if (type !== 'DELETED' && isTerminating(object) && !isTerminating(previous)) {
        clock.after(5, () => clean(object));
      }
    },
    ended: () => undefined,
  });
};
