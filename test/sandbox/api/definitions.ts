import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type Kinds, kindFromDefinition, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import { isTerminating } from '#test/sandbox/api/namespaces.ts';
import { refusal, status } from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';

/** What follows from CustomResourceDefinitions: the kinds that are served, and the objects of them. */
export const createDefinitions = (storage: Storage, kinds: Kinds) => {
  const definedBy = (kind: ResourceKind, object: KubeObject): ResourceKind | undefined =>
    kind.kind === 'CustomResourceDefinition' ? kindFromDefinition(object) : undefined;

  return {
    /** Serves what was just defined. */
    written: (kind: ResourceKind, object: KubeObject): void => {
      const defined = definedBy(kind, object);
      if (defined !== undefined) {
        kinds.add(defined);
      }
    },
    /** Serves no longer what a definition that is gone had defined; its objects go with it. */
    gone: (kind: ResourceKind, object: KubeObject): void => {
      const defined = definedBy(kind, object);
      if (defined === undefined) {
        return;
      }
      for (const { metadata } of storage.list(defined)) {
        storage.remove(defined, metadata.namespace, metadata.name);
      }
      kinds.remove(defined);
    },
    /** Refuses (403) a new object of a kind whose definition is on its way out. */
    checkStays: (kind: ResourceKind, name: string): void => {
      const definitions = kinds.byPlural('apiextensions.k8s.io', 'customresourcedefinitions');
      const resource = `${kind.plural}.${kind.group}`;
      const definition =
        definitions === undefined ? undefined : storage.read(definitions, undefined, resource);
      if (isTerminating(definition)) {
        const why = 'create not allowed while custom resource definition is terminating';
        throw refusal(status(403, 'Forbidden', `${resource} "${name}" is forbidden: ${why}`));
      }
    },
  };
};
