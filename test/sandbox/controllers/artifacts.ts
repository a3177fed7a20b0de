import { createHash } from 'node:crypto';
import type { Tree } from '#src/render/tree.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';

/** What a source keeps in storage for those who consume it. */
export interface Artifact {
  readonly revision: string;
  readonly digest: string;
  /** Undefined for an index or a chart: nothing that is built from. */
  readonly tree: Tree | undefined;
}

const keyOf = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

/** The storage of source-controller, by source; and who waits for a new revision. */
export const createArtifacts = () => {
  const kept = new Map<string, Artifact>();
  const listeners = new Set<(kind: string, namespace: string, name: string) => void>();
  return {
    put: (source: KubeObject, artifact: Artifact): void => {
      const { namespace = '', name } = source.metadata;
      kept.set(keyOf(source.kind, namespace, name), artifact);
    },
    get: (kind: string, namespace: string, name: string): Artifact | undefined =>
      kept.get(keyOf(kind, namespace, name)),
    remove: (source: KubeObject): void => {
      const { namespace = '', name } = source.metadata;
      kept.delete(keyOf(source.kind, namespace, name));
    },
    /** Tells the consumers: the source's status shows a new artifact. */
    announce: (source: KubeObject): void => {
      for (const listener of listeners) {
        listener(source.kind, source.metadata.namespace ?? '', source.metadata.name);
      }
    },
    onNew: (listener: (kind: string, namespace: string, name: string) => void): void => {
      listeners.add(listener);
    },
  };
};

export type Artifacts = ReturnType<typeof createArtifacts>;

export const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
