import { type KubeObject, listAt } from '#test/sandbox/api/json.ts';
import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';
import { refusal, status } from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';

const isNamespace = ({ kind, apiVersion }: KubeObject): boolean =>
  kind === 'Namespace' && apiVersion === 'v1';

/** What must be taken from an object before it goes; a namespace keeps another list in its spec. */
export const finalizersOf = (object: KubeObject): readonly unknown[] => [
  ...(object.metadata.finalizers ?? []),
  ...(isNamespace(object) ? listAt(object, 'spec', 'finalizers') : []),
];

export const isTerminating = (object: KubeObject | undefined): boolean =>
  object?.metadata.deletionTimestamp !== undefined;

/** A namespace that goes says so in its phase too. */
export const leaving = (object: KubeObject): KubeObject =>
  isNamespace(object) ? { ...object, status: { phase: 'Terminating' } } : object;

/** Refuses (403) what would come to be in a namespace that is on its way out. */
export const checkNotLeaving = (
  storage: Storage,
  kinds: Kinds,
  kind: ResourceKind,
  name: string,
  namespace: string | undefined,
): void => {
  const namespaces = kinds.byPlural('', 'namespaces');
  const home =
    namespace === undefined || namespaces === undefined
      ? undefined
      : storage.read(namespaces, undefined, namespace);
  if (isTerminating(home)) {
    const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw refusal(status(403, 'Forbidden', `${resource} "${name}" is forbidden: ${why}`));
  }
};
