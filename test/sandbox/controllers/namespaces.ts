import { recordAt } from '#test/sandbox/api/json.ts';
import { isTerminating } from '#test/sandbox/api/namespaces.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const lookAgainMs = 250;

/**
 * Stands in for the namespace controller: a namespace that is deleted takes with it what is in it, and is
 * gone when the last of it is, finalizers included.
 * @returns the way to stop
 */
export const startNamespaces = (world: World): (() => void) => {
  const { server, clock } = world;
  const namespaces = world.kindNamed('', 'Namespace');

  /** Deletes all in it; says whether something still holds on. */
  const empty = (namespace: string): boolean => {
    let isHeld = false;
    for (const kind of server.kinds.all().filter((one) => one.namespaced)) {
      for (const { metadata } of server.storage.list(kind, namespace)) {
        server.api.remove(kind, { namespace, name: metadata.name });
        isHeld ||= server.storage.read(kind, namespace, metadata.name) !== undefined;
      }
    }
    return isHeld;
  };

  const finish = (name: string): void => {
    const live = server.storage.read(namespaces, undefined, name);
    if (live === undefined || !isTerminating(live)) {
      return;
    }
    if (empty(name)) {
      clock.after(lookAgainMs, () => finish(name));
      return;
    }
    const freed = { ...live, spec: { ...recordAt(live, 'spec'), finalizers: [] } };
    server.api.replace(namespaces, freed, { manager: 'kube-controller-manager' });
  };

  return server.storage.subscribe(namespaces, {
    changed: ({ type, object, previous }) => {
      if (type !== 'DELETED' && isTerminating(object) && !isTerminating(previous)) {
        clock.after(5, () => finish(object.metadata.name));
      }
    },
    ended: () => undefined,
  });
};
