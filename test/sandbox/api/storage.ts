import type { KubeObject } from '#test/sandbox/api/json.ts';
import { apiVersionOf, type ResourceKind } from '#test/sandbox/api/kinds.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** What it was before; undefined when added. */
  readonly previous: KubeObject | undefined;
  readonly version: number;
}

export interface Subscriber {
  changed(change: Change): void;
  /** The history that it follows is no more: the server was restored, or its watches were ended. */
  ended(why: 'restored' | 'expired' | 'dropped'): void;
}

interface Shelf {
  readonly objects: Map<string, KubeObject>;
  history: Change[];
  readonly subscribers: Set<Subscriber>;
  /** The newest version that was forgotten because there were too many. */
  forgotten: number;
}

const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

const keyFor = (object: KubeObject): string =>
  keyOf(object.metadata.namespace, object.metadata.name);

const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);

const withVersion = (object: KubeObject, version: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version) },
});

/**
 * Objects by kind under one growing version, as etcd holds them, with the changes that led here. It knows
 * no rule of Kubernetes: whatever is put is stored.
 * @param historySize - changes kept per kind; a watch from before them is told 410
 */
export const createStorage = ({ historySize = 20_000, firstVersion = 1 } = {}) => {
  const shelves = new Map<string, Shelf>();
  const json = new WeakMap<KubeObject, string>();
  let version = firstVersion;
  // the oldest version from which a watch may go on: what was before the first is not known
  let oldest = firstVersion > 1 ? firstVersion : 0;

  const shelf = (kind: ResourceKind): Shelf => {
    const key = `${kind.group}/${kind.plural}`;
    const found = shelves.get(key) ?? {
      objects: new Map(),
      history: [],
      subscribers: new Set(),
      forgotten: 0,
    };
    shelves.set(key, found);
    return found;
  };

  const record = (place: Shelf, change: Change): void => {
    place.history.push(change);
    if (place.history.length > historySize * 1.25) {
      place.forgotten = place.history.at(-historySize - 1)?.version ?? 0;
      place.history = place.history.slice(-historySize);
    }
    for (const subscriber of [...place.subscribers]) {
      subscriber.changed(change);
    }
  };

  const everySubscriber = (why: 'restored' | 'expired' | 'dropped'): void => {
    for (const { subscribers } of shelves.values()) {
      for (const subscriber of [...subscribers]) {
        subscriber.ended(why);
      }
    }
  };

  const undo = (place: Shelf, change: Change): void => {
    if (change.previous === undefined) {
      place.objects.delete(keyFor(change.object));
    } else {
      place.objects.set(keyFor(change.previous), change.previous);
    }
  };

  return {
    version: (): number => version,
    read: (kind: ResourceKind, namespace: string | undefined, name: string) =>
      shelf(kind).objects.get(keyOf(namespace, name)),
    list: (kind: ResourceKind, namespace?: string): readonly KubeObject[] => {
      const all = [...shelf(kind).objects.entries()];
      const wanted =
        namespace === undefined ? all : all.filter(([key]) => key.startsWith(`${namespace}/`));
      return wanted.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
    },
    /** Stores it under a new version, or under its own where that is `verbatim` and newer than all. */
    put: (kind: ResourceKind, object: KubeObject, verbatim = false): KubeObject => {
      const own = versionOf(object);
      version = verbatim && own > version ? own : version + 1;
      const place = shelf(kind);
      const previous = place.objects.get(keyFor(object));
      const stored = withVersion(object, version);
      place.objects.set(keyFor(object), stored);
      const type = previous === undefined ? 'ADDED' : 'MODIFIED';
      record(place, { type, object: stored, previous, version });
      return stored;
    },
    remove: (kind: ResourceKind, namespace: string | undefined, name: string) => {
      const place = shelf(kind);
      const previous = place.objects.get(keyOf(namespace, name));
      if (previous === undefined) {
        return undefined;
      }
      version += 1;
      place.objects.delete(keyOf(namespace, name));
      const object = withVersion(previous, version);
      record(place, { type: 'DELETED', object, previous, version });
      return object;
    },
    subscribe: (kind: ResourceKind, subscriber: Subscriber): (() => void) => {
      const { subscribers } = shelf(kind);
      subscribers.add(subscriber);
      return () => {
        subscribers.delete(subscriber);
      };
    },
    /** Changes after a version; undefined when they are no longer known. */
    since: (kind: ResourceKind, from: number): readonly Change[] | undefined => {
      const { history, forgotten } = shelf(kind);
      return from < oldest || from < forgotten
        ? undefined
        : history.filter((change) => change.version > from);
    },
    oldest: (): number => oldest,
    /** Forgets all history: watches from before now, and those that run, are told 410. */
    expire: (): void => {
      oldest = version;
      everySubscriber('expired');
    },
    drop: (): void => everySubscriber('dropped'),
    /** Goes back to what was at a version, counter included, as an etcd restored from a snapshot. */
    restore: (to: number): void => {
      for (const place of shelves.values()) {
        const late = place.history.filter((change) => change.version > to);
        for (const change of late.toReversed()) {
          undo(place, change);
        }
        place.history = place.history.filter((change) => change.version <= to);
      }
      version = to;
      everySubscriber('restored');
    },
    /** The object as text; made once per version. */
    text: (object: KubeObject): string => {
      const known = json.get(object) ?? JSON.stringify(object);
      json.set(object, known);
      return known;
    },
  };
};

export type Storage = ReturnType<typeof createStorage>;

/** The object that a bookmark carries. */
export const bookmark = (kind: ResourceKind, version: number, last: boolean): string =>
  JSON.stringify({
    type: 'BOOKMARK',
    object: {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: {
        resourceVersion: String(version),
        ...(last ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      },
    },
  });
