import type { Observation } from '#src/cluster/cluster.ts';
import { compareVersions, newerVersion } from '#src/cluster/versions.ts';
import type { FluxObject } from '#src/flux/object.ts';
import type { FluxKind, FluxRef } from '#src/flux/ref.ts';

/** What one cluster holds, as last heard, and the telling of every change in it. */
export interface ObjectCache {
  objects(): readonly FluxObject[];
  get(ref: FluxRef): FluxObject | undefined;
  epoch(): number;
  subscribe(listener: (observation: Observation) => void): () => void;
  /** A watch said: this is how it is now. */
  put(object: FluxObject): void;
  /** A watch said: this was deleted, at this version. */
  remove(object: FluxObject): void;
  /** A watch said: all up to this version has been told. */
  reached(kind: FluxKind, version: string): void;
  /**
   * A complete, consistent list: what differs is told, then what is gone, then `listed`.
   * @returns whether its versions went back, which starts a new epoch
   */
  replace(kind: FluxKind, objects: readonly FluxObject[], version: string): boolean;
  /** The server was seen at an older version than ours: the next list starts a new epoch. */
  wentBack(kind: FluxKind): void;
  /** The newest version that was heard of; where a watch goes on. */
  version(kind: FluxKind): string | undefined;
  /** The kind is not served: all its objects are gone, as if by a list without any. */
  drop(kind: FluxKind): void;
}

interface KindState {
  readonly byName: Map<string, FluxObject>;
  version: string | undefined;
  seenBehind: boolean;
}

const keyOf = (ref: FluxRef): string => `${ref.namespace}/${ref.name}`;

const isNews = (held: FluxObject, object: FluxObject): boolean => {
  const same = held.uid === object.uid && held.resourceVersion === object.resourceVersion;
  return !same && compareVersions(object.resourceVersion, held.resourceVersion) >= 0;
};

/** Makes the cache of one cluster; the first epoch is 1. */
export const createObjectCache = (cluster: string): ObjectCache => {
  const kinds = new Map<FluxKind, KindState>();
  const listeners = new Set<{ readonly hear: (observation: Observation) => void }>();
  let epoch = 1;

  const stateOf = (kind: FluxKind): KindState => {
    const known = kinds.get(kind);
    if (known !== undefined) {
      return known;
    }
    const fresh: KindState = { byName: new Map(), version: undefined, seenBehind: false };
    kinds.set(kind, fresh);
    return fresh;
  };

  const tell = (observation: Observation): void => {
    for (const listener of [...listeners]) {
      try {
        listener.hear(observation);
      } catch (error) {
        // a listener's bug must neither stop the watch nor be swallowed by whoever feeds us
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };

  const tellGone = (object: FluxObject): void =>
    tell({ type: 'gone', cluster, epoch, ref: object.ref, uid: object.uid });

  const store = (state: KindState, object: FluxObject): void => {
    const held = state.byName.get(keyOf(object.ref));
    state.byName.set(keyOf(object.ref), object);
    if (held !== undefined && held.uid !== object.uid) {
      tellGone(held);
    }
    tell({ type: 'object', cluster, epoch, object });
  };

  const wentBack = (state: KindState, objects: readonly FluxObject[], version: string): boolean => {
    if (state.version !== undefined && compareVersions(version, state.version) < 0) {
      return true;
    }
    return objects.some((object) => {
      const held = state.byName.get(keyOf(object.ref));
      return (
        held?.uid === object.uid &&
        compareVersions(object.resourceVersion, held.resourceVersion) < 0
      );
    });
  };

  const replace = (kind: FluxKind, objects: readonly FluxObject[], version: string): boolean => {
    const state = stateOf(kind);
    const restored = state.seenBehind || wentBack(state, objects, version);
    state.seenBehind = false;
    epoch += restored ? 1 : 0;
    state.version = version;
    const listed = new Set(objects.map((object) => keyOf(object.ref)));
    for (const object of objects) {
      const held = state.byName.get(keyOf(object.ref));
      const same = held?.uid === object.uid && held.resourceVersion === object.resourceVersion;
      // in a new epoch each object is said again, since its old version no longer compares
      if (restored || !same) {
        store(state, object);
      }
    }
    for (const [key, held] of [...state.byName]) {
      if (!listed.has(key)) {
        state.byName.delete(key);
        tellGone(held);
      }
    }
    tell({ type: 'listed', cluster, epoch, kind });
    return restored;
  };

  return {
    objects: () => [...kinds.values()].flatMap((state) => [...state.byName.values()]),
    get: (ref) => kinds.get(ref.kind)?.byName.get(keyOf(ref)),
    epoch: () => epoch,
    subscribe: (hear) => {
      const listener = { hear };
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    put: (object) => {
      const state = stateOf(object.ref.kind);
      const held = state.byName.get(keyOf(object.ref));
      state.version = newerVersion(state.version, object.resourceVersion);
      if (held === undefined || isNews(held, object)) {
        store(state, object);
      }
    },
    remove: (object) => {
      const state = stateOf(object.ref.kind);
      const held = state.byName.get(keyOf(object.ref));
      state.version = newerVersion(state.version, object.resourceVersion);
      if (held?.uid === object.uid) {
        state.byName.delete(keyOf(object.ref));
        tellGone(held);
      }
    },
    reached: (kind, version) => {
      const state = stateOf(kind);
      state.version = newerVersion(state.version, version);
    },
    replace,
    wentBack: (kind) => {
      stateOf(kind).seenBehind = true;
    },
    version: (kind) => kinds.get(kind)?.version,
    drop: (kind) => {
      const state = kinds.get(kind);
      kinds.delete(kind);
      for (const held of state?.byName.values() ?? []) {
        tellGone(held);
      }
      tell({ type: 'listed', cluster, epoch, kind });
    },
  };
};
