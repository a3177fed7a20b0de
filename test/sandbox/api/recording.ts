import type { RecordedChange } from '#test/fixtures/recordings.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';

/** Does to a server what a recorded change did: objects as recorded, uid and status included. */
export const applyChange = (server: ApiServer, change: RecordedChange): void => {
  const { name, namespace } = change.object.metadata;
  const { apiVersion, kind, metadata } = change.object;
  if (change.type === 'BOOKMARK' || name === undefined) {
    return;
  }
  if (change.type === 'DELETED') {
    server.objects.remove({ apiVersion, kind, namespace, name });
  } else {
    server.objects.put({ ...change.object, metadata: { ...metadata, name } as never });
  }
};

export interface PlayOptions {
  /** How many times faster than it happened; Infinity, the default, is at once. */
  readonly speed?: number;
  /** Only what was seen on this cluster; the server's own name when left out. */
  readonly cluster?: string;
}

/**
 * Feeds recorded changes of one cluster into a server, in order of arrival.
 * @returns when all are in, and the way to stop earlier
 */
export const playRecording = (
  server: ApiServer,
  watch: readonly RecordedChange[],
  { speed = Number.POSITIVE_INFINITY, cluster = server.name }: PlayOptions = {},
): { readonly done: Promise<void>; readonly stop: () => void } => {
  const changes = watch.filter((change) => change.cluster === cluster);
  if (speed === Number.POSITIVE_INFINITY) {
    for (const change of changes) {
      applyChange(server, change);
    }
    return { done: Promise.resolve(), stop: () => undefined };
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  let cancel = (): void => undefined;
  const startedAt = server.clock.now();
  const next = (index: number): void => {
    const change = changes[index];
    if (change === undefined) {
      resolve();
      return;
    }
    const due = startedAt + change.atMs / speed;
    cancel = server.clock.after(due - server.clock.now(), () => {
      applyChange(server, change);
      next(index + 1);
    });
  };
  next(0);
  return {
    done: promise,
    stop: () => {
      cancel();
      resolve();
    },
  };
};
