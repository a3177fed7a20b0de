import { randomUUID } from 'node:crypto';
import { withDefaults } from '#test/sandbox/api/defaults.ts';
import { equal, type KubeObject, without } from '#test/sandbox/api/json.ts';
import { type Kinds, kindFromDefinition, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';
import { type SandboxClock, timestamp } from '#test/sandbox/clock.ts';

export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

const desired = (object: KubeObject) => without(object, 'metadata', 'status');

/**
 * The test's own hand in the storage: puts objects as they are wanted, status, uid and (where it is newer
 * than all) version included; what is left out is filled in. Namespaces come into being as needed.
 */
export const createShelf = (storage: Storage, kinds: Kinds, clock: SandboxClock) => {
  const kindFor = (apiVersion: string, kind: string): ResourceKind => {
    const found = kinds.byObject(apiVersion, kind);
    if (found === undefined) {
      throw new Error(`the sandbox serves no ${kind} of ${apiVersion}; register its kind`);
    }
    return found;
  };

  const generationOf = (kind: ResourceKind, object: KubeObject, live: KubeObject | undefined) => {
    const given = object.metadata.generation;
    if (given !== undefined || !kind.generation) {
      return given === undefined ? {} : { generation: given };
    }
    const before = live?.metadata.generation ?? 0;
    const same = live !== undefined && equal(desired(live), desired(object));
    return { generation: same ? before : before + 1 };
  };

  const put = (wanted: KubeObject): KubeObject => {
    const kind = kindFor(wanted.apiVersion, wanted.kind);
    const object = withDefaults(kind, wanted);
    const { namespace, name } = object.metadata;
    const namespaces = kinds.byPlural('', 'namespaces');
    const homeless =
      namespace !== undefined &&
      namespaces !== undefined &&
      storage.read(namespaces, undefined, namespace) === undefined;
    if (homeless) {
      put({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } },
        status: { phase: 'Active' },
      });
    }
    const live = storage.read(kind, namespace, name);
    const defined =
      kind.kind === 'CustomResourceDefinition' ? kindFromDefinition(object) : undefined;
    if (defined !== undefined && kinds.byPlural(defined.group, defined.plural) === undefined) {
      kinds.add(defined);
    }
    return storage.put(
      kind,
      {
        ...object,
        metadata: {
          uid: live?.metadata.uid ?? randomUUID(),
          creationTimestamp: live?.metadata.creationTimestamp ?? timestamp(clock.now()),
          ...object.metadata,
          ...generationOf(kind, object, live),
        },
      },
      true,
    );
  };

  return {
    put,
    /** Takes it away at once, finalizers or not; gives what it was. */
    remove: ({ apiVersion, kind, namespace, name }: ObjectName): KubeObject | undefined =>
      storage.remove(kindFor(apiVersion, kind), namespace, name),
    get: ({ apiVersion, kind, namespace, name }: ObjectName): KubeObject | undefined =>
      storage.read(kindFor(apiVersion, kind), namespace, name),
    list: (apiVersion: string, kind: string, namespace?: string): readonly KubeObject[] =>
      storage.list(kindFor(apiVersion, kind), namespace),
  };
};
