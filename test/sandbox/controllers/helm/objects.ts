import { equal, isRecord, type KubeObject, without } from '#test/sandbox/api/json.ts';
import { statusOf } from '#test/sandbox/api/status.ts';
import { shown } from '#test/sandbox/controllers/kustomize/inventory.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const manager = 'helm-controller';

interface Counts {
  readonly additions: number;
  readonly changes: number;
  readonly removals: number;
}

/** Counts the differing leaves, as Helm's drift report does. */
const countDifferences = (live: unknown, wanted: unknown): Counts => {
  if (!isRecord(live) || !isRecord(wanted)) {
    return { additions: 0, changes: equal(live, wanted) ? 0 : 1, removals: 0 };
  }
  const parts = Object.keys({ ...live, ...wanted }).map((key): Counts => {
    if (!(key in live)) {
      return { additions: 1, changes: 0, removals: 0 };
    }
    return key in wanted
      ? countDifferences(live[key], wanted[key])
      : { additions: 0, changes: 0, removals: 1 };
  });
  const sum = (key: keyof Counts): number => parts.reduce((total, part) => total + part[key], 0);
  return { additions: sum('additions'), changes: sum('changes'), removals: sum('removals') };
};

const bare = (object: KubeObject): unknown => ({
  ...without(object, 'status'),
  metadata: without(object.metadata, 'managedFields', 'resourceVersion', 'generation'),
});

export interface Drift {
  readonly object: KubeObject;
  readonly isGone: boolean;
  /** `Deployment/ns/name changed (0 additions, 1 changes, 0 removals)`. */
  readonly text: string;
}

/** Writes, compares and removes the objects of a release. */
export const createReleaseObjects = (world: World) => {
  const { server } = world;

  const target = (object: KubeObject) => {
    const kind = server.kinds.byObject(object.apiVersion, object.kind);
    const { namespace, name } = object.metadata;
    return kind === undefined ? undefined : { kind, address: { namespace, name } };
  };

  const write = (object: KubeObject, dryRun: boolean): KubeObject | undefined => {
    const found = target(object);
    return found === undefined
      ? undefined
      : server.api.patch(found.kind, found.address, 'apply', object, {
          manager,
          force: true,
          dryRun,
        });
  };

  const tryWrite = (object: KubeObject): string | undefined => {
    try {
      write(object, false);
      return undefined;
    } catch (error) {
      const answer = statusOf(error);
      if (answer === undefined) {
        throw error;
      }
      const { apiVersion, kind, metadata } = object;
      const group = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
      const named = `${metadata.namespace ?? ''}/${metadata.name} ${group}, Kind=${kind}`;
      return `server-side apply failed for object ${named}: ${answer.message}`;
    }
  };

  const liveOf = (object: KubeObject): KubeObject | undefined => {
    const found = target(object);
    return found === undefined
      ? undefined
      : server.storage.read(found.kind, found.address.namespace, found.address.name);
  };

  return {
    /** Writes them one after the other; gives why one was refused, in Helm's words. */
    apply: (objects: readonly KubeObject[]): string | undefined => {
      for (const object of objects) {
        const refused = tryWrite(object);
        if (refused !== undefined) {
          return refused;
        }
      }
      return undefined;
    },
    remove: (objects: readonly KubeObject[]): void => {
      for (const object of objects.toReversed()) {
        const found = target(object);
        if (found !== undefined && liveOf(object) !== undefined) {
          server.api.remove(found.kind, found.address);
        }
      }
    },
    /** What is not as the release has it. */
    drift: (objects: readonly KubeObject[]): readonly Drift[] =>
      objects.flatMap((object): readonly Drift[] => {
        const live = liveOf(object);
        if (live === undefined) {
          return [{ object, isGone: true, text: `${shown(object)} removed` }];
        }
        const next = write(object, true) ?? live;
        const { additions, changes, removals } = countDifferences(bare(live), bare(next));
        const isSame = additions + changes + removals === 0;
        const counts = `${additions} additions, ${changes} changes, ${removals} removals`;
        return isSame
          ? []
          : [{ object, isGone: false, text: `${shown(object)} changed (${counts})` }];
      }),
  };
};

export type ReleaseObjects = ReturnType<typeof createReleaseObjects>;
