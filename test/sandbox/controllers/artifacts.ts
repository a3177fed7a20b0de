import { createHash } from 'node:crypto';
import type { Tree } from '#src/render/tree.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';

/** What a source keeps in storage for those who consume it. */
export interface Artifact {
  readonly revision: string;
  readonly digest: string;
  /** Undefined for an index or a chart: nothing that is built from. */
  readonly tree: Tree | undefined;
  readonly chart?: ChartPackage | undefined;
}

import type { ChartPackage } from '#test/sandbox/controllers/helm/package.ts';

const keyOf = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

// source-controller's default
const keptMs = 60_000;

/** The storage of source-controller, by source; and who waits for a new revision. */
export const createArtifacts = () => {
  const kept = new Map<string, Artifact>();
  // when each artifact that was superseded since had been stored
  const old = new Map<string, number[]>();
  const storedAt = new Map<string, number>();
  const listeners = new Set<(kind: string, namespace: string, name: string) => void>();
  return {
    put: (source: KubeObject, artifact: Artifact, nowMs: number): void => {
      const { namespace = '', name } = source.metadata;
      const key = keyOf(source.kind, namespace, name);
      const before = storedAt.get(key);
      old.set(key, [...(old.get(key) ?? []), ...(before === undefined ? [] : [before])]);
      storedAt.set(key, nowMs);
      kept.set(key, artifact);
    },
    /** Takes away what was superseded and is older than a minute; gives how many. */
    collect: (source: KubeObject, nowMs: number): number => {
      const { namespace = '', name } = source.metadata;
      const key = keyOf(source.kind, namespace, name);
      const all = old.get(key) ?? [];
      const young = all.filter((at) => nowMs - at < keptMs);
      old.set(key, young);
      return all.length - young.length;
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
