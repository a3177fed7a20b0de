import { z } from 'zod';
import type { WatchEvent } from '#src/cluster/api.ts';
import type { ServedKind } from '#src/cluster/discovery.ts';
import type { Outcome } from '#src/cluster/reflection.ts';
import { troubleFromStatus } from '#src/cluster/trouble.ts';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import type { FluxKind } from '#src/flux/ref.ts';

/** The metadata of a list and of a bookmark. */
export const ListMeta = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).catch({}),
    continue: z.string().optional(),
  }),
});

/** What has come of one stream so far. */
export interface Hearing {
  /** Lines since the list was complete. */
  lines: number;
  listed: boolean;
  /** ms since the epoch, of the last line or the start. */
  at: number;
  /** What ended the stream from within. */
  verdict: Outcome | undefined;
}

export interface ListenerParts {
  readonly parse: (item: object) => FluxObject | undefined;
  readonly now: () => number;
  readonly heard: () => void;
  readonly changed: (object: FluxObject) => void;
  readonly deleted: (object: FluxObject) => void;
  readonly reached: (version: string) => void;
  readonly listed: (objects: readonly FluxObject[], version: string) => void;
  /** The stream is of no more use. */
  readonly end: () => void;
}

/** @param listed - the stream goes on from a list; otherwise it is to begin with one */
export const startHearing = (listed: boolean, now: number): Hearing => ({
  lines: 0,
  listed,
  at: now,
  verdict: undefined,
});

/** Reads an object of a list or stream; items of a list may leave out what the list says of all. */
export const parseItem = (
  kind: FluxKind,
  served: ServedKind,
  item: object,
): FluxObject | undefined =>
  parseFluxObject({ apiVersion: `${served.group}/${served.version}`, kind, ...item });

/**
 * Makes sense of the events of one stream, which may begin with a list: objects, then a bookmark that
 * says the list is complete.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
 */
export const createListener = (
  hearing: Hearing,
  parts: ListenerParts,
): ((event: WatchEvent) => void) => {
  const pending: FluxObject[] = [];

  const stop = (verdict: Outcome): void => {
    hearing.verdict = verdict;
    parts.end();
  };

  const takeBookmark = (object: unknown): void => {
    const mark = ListMeta.safeParse(object);
    if (!mark.success) {
      return;
    }
    const { annotations, resourceVersion } = mark.data.metadata;
    if (hearing.listed) {
      parts.reached(resourceVersion);
    } else if (annotations['k8s.io/initial-events-end'] === 'true') {
      hearing.listed = true;
      parts.listed(pending.splice(0), resourceVersion);
    } else {
      stop({ type: 'no-streaming' });
    }
  };

  const takeObject = (type: string, object: FluxObject): void => {
    if (hearing.listed) {
      const tell = type === 'DELETED' ? parts.deleted : parts.changed;
      tell(object);
    } else if (type === 'ADDED') {
      pending.push(object);
    } else {
      // a streamed list only adds; an API server that does not know the wish goes on with other events
      stop({ type: 'no-streaming' });
    }
  };

  const take = (event: WatchEvent): void => {
    parts.heard();
    if (event.type === 'BOOKMARK') {
      takeBookmark(event.object);
      return;
    }
    const object =
      typeof event.object === 'object' && event.object !== null
        ? parts.parse(event.object)
        : undefined;
    if (object !== undefined) {
      takeObject(event.type, object);
    }
  };

  return (event) => {
    // lines that were already under way when the stream was given up
    if (hearing.verdict !== undefined) {
      return;
    }
    hearing.at = parts.now();
    if (event.type === 'ERROR') {
      const trouble = troubleFromStatus(event.object);
      const { lines, listed } = hearing;
      stop({ type: 'trouble', trouble, heard: lines > 0, listed });
      return;
    }
    hearing.lines += hearing.listed ? 1 : 0;
    take(event);
  };
};
