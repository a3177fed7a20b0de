import { durationMs } from '#src/flux/duration.ts';
import type { VariableSource } from '#src/render/render.ts';
import { type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

// kustomize-controller waits for no less
const leastTimeoutMs = 30_000;

export const timeoutOf = (object: KubeObject): number => {
  const interval = durationMs(textAt(object, 'spec', 'interval')) ?? 600_000;
  const timeout = durationMs(textAt(object, 'spec', 'timeout')) ?? interval - 30_000;
  return Math.max(timeout, leastTimeoutMs);
};

export const sourceRefOf = (
  object: KubeObject,
): { kind: string; namespace: string; name: string } => ({
  kind: textAt(object, 'spec', 'sourceRef', 'kind') ?? 'GitRepository',
  namespace: textAt(object, 'spec', 'sourceRef', 'namespace') ?? object.metadata.namespace ?? '',
  name: textAt(object, 'spec', 'sourceRef', 'name') ?? '',
});

export const intervalMs = (object: KubeObject): number =>
  durationMs(textAt(object, 'spec', 'interval')) ?? 600_000;

export const retryMs = (object: KubeObject): number =>
  durationMs(textAt(object, 'spec', 'retryInterval')) ?? intervalMs(object);

/** What `postBuild.substituteFrom` names, from the cluster. */
export const variablesOf =
  (world: World): VariableSource =>
  (reference, namespace) => {
    const found = world.server.storage.read(
      world.kindNamed('', reference.kind),
      namespace,
      reference.name,
    );
    if (found === undefined) {
      return undefined;
    }
    const decode = (value: unknown): string =>
      reference.kind === 'Secret'
        ? Buffer.from(String(value), 'base64').toString('utf8')
        : String(value);
    const data = Object.entries(recordAt(found, 'data')).map(([key, value]) => [
      key,
      decode(value),
    ]);
    return Object.fromEntries([...data, ...Object.entries(recordAt(found, 'stringData'))]);
  };
