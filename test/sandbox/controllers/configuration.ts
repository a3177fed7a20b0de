import { type KubeObject, listAt, textAt } from '#test/sandbox/api/json.ts';
import { type Ref, refOf, type World } from '#test/sandbox/controllers/world.ts';

interface Wakeable {
  wake(ref: Ref): void;
}

const watchLabel = 'reconcile.fluxcd.io/watch';

const isWatched = (object: KubeObject): boolean =>
  object.metadata.labels?.[watchLabel]?.toLowerCase() === 'enabled';

const names = (references: readonly unknown[], config: KubeObject): boolean =>
  references.some(
    (one) => textAt(one, 'kind') === config.kind && textAt(one, 'name') === config.metadata.name,
  );

/**
 * Wakes those who read a ConfigMap or Secret that carries Flux's watch label, when it changes.
 * @returns the way to stop
 */
export const followConfiguration = (
  world: World,
  kustomize: Wakeable,
  helm: Wakeable,
): (() => void) => {
  const { server } = world;
  const readers = [
    {
      worker: kustomize,
      kind: world.kindNamed('kustomize.toolkit.fluxcd.io', 'Kustomization'),
      references: (object: KubeObject) => listAt(object, 'spec', 'postBuild', 'substituteFrom'),
    },
    {
      worker: helm,
      kind: world.kindNamed('helm.toolkit.fluxcd.io', 'HelmRelease'),
      references: (object: KubeObject) => listAt(object, 'spec', 'valuesFrom'),
    },
  ];
  const tell = (config: KubeObject): void => {
    for (const { worker, kind, references } of readers) {
      for (const object of server.storage.list(kind, config.metadata.namespace)) {
        if (names(references(object), config)) {
          worker.wake(refOf(object));
        }
      }
    }
  };
  const stops = ['ConfigMap', 'Secret'].map((name) =>
    server.storage.subscribe(world.kindNamed('', name), {
      changed: ({ object }) => {
        if (isWatched(object)) {
          tell(object);
        }
      },
      ended: () => undefined,
    }),
  );
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
};
