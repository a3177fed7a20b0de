import { z } from 'zod';
import type { ObjectLock } from '#src/cluster/cluster.ts';
import type { ObjectChange } from '#src/cluster/lock.ts';

export interface PatchOperation {
  readonly op: 'test' | 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** Of the object as it was just read, what decides how a patch must be written. */
export const PatchTarget = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.object({ suspend: z.boolean().optional() }).optional(),
});
export type PatchTarget = z.output<typeof PatchTarget>;

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const annotationOperations = (
  held: Readonly<Record<string, string>> | undefined,
  wanted: ObjectChange['annotations'],
): readonly PatchOperation[] => {
  const set = Object.entries(wanted).filter(([, value]) => value !== null);
  if (held === undefined) {
    // adding one annotation needs the map; the test keeps us from overwriting one that has come since
    return set.length === 0
      ? []
      : [
          { op: 'test', path: '/metadata/annotations', value: null },
          { op: 'add', path: '/metadata/annotations', value: Object.fromEntries(set) },
        ];
  }
  return Object.entries(wanted).flatMap(([key, value]): readonly PatchOperation[] => {
    const path = `/metadata/annotations/${escaped(key)}`;
    if (value !== null) {
      return [{ op: 'add', path, value }];
    }
    return key in held ? [{ op: 'remove', path }] : [];
  });
};

const annotationTest = (
  held: Readonly<Record<string, string>> | undefined,
  lock: ObjectLock['annotation'],
): readonly PatchOperation[] =>
  // without any annotations the map itself is tested, where one is set
  lock === undefined || held === undefined
    ? []
    : [
        {
          op: 'test',
          path: `/metadata/annotations/${escaped(lock.key)}`,
          value: lock.value ?? null,
        },
      ];

const suspendOperations = (
  held: boolean | undefined,
  wanted: boolean | undefined,
): readonly PatchOperation[] => {
  if (wanted === true && held !== true) {
    return [{ op: 'add', path: '/spec/suspend', value: true }];
  }
  // absent, never false: Flux and whoever owns the manifest then agree again
  return wanted === false && held !== undefined ? [{ op: 'remove', path: '/spec/suspend' }] : [];
};

/**
 * Writes a change as a JSON patch that the API server applies only while the lock holds. Status writes
 * do not disturb it, as they would a lock on the resource version.
 * @param target - the object as just read; when it has changed since, the API server answers 422
 * @see https://datatracker.ietf.org/doc/html/rfc6902
 */
export const patchOperations = (
  target: PatchTarget,
  change: ObjectChange,
  lock: ObjectLock,
): readonly PatchOperation[] => {
  const suspend = target.spec?.suspend;
  return [
    { op: 'test', path: '/metadata/uid', value: lock.uid },
    ...(lock.generation === undefined
      ? []
      : [{ op: 'test' as const, path: '/metadata/generation', value: lock.generation }]),
    // a test for null passes on what is absent
    ...(lock.suspended === undefined
      ? []
      : [{ op: 'test' as const, path: '/spec/suspend', value: suspend ?? null }]),
    ...annotationTest(target.metadata.annotations, lock.annotation),
    ...suspendOperations(suspend, change.suspended),
    ...annotationOperations(target.metadata.annotations, change.annotations),
  ];
};
