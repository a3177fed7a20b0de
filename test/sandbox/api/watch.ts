import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { Match } from '#test/sandbox/api/selectors.ts';
import { expired, invalid, type Status, tooLarge } from '#test/sandbox/api/status.ts';
import { bookmark, type Change, type Storage } from '#test/sandbox/api/storage.ts';
import type { SandboxClock } from '#test/sandbox/clock.ts';

export interface WatchRequest {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly match: Match;
  readonly params: URLSearchParams;
  /** The object as the client wants it, as JSON. */
  readonly text: (object: KubeObject) => string;
}

export interface WatchSink {
  line(text: string): void;
  end(): void;
  /** Cuts the connection without an end. */
  cut(): void;
}

const bookmarkEveryMs = 60_000;
const lastBookmarkMs = 2_000;
const defaultTimeoutSeconds = 1_800;

const yes = (value: string | null): boolean => value === 'true' || value === '1';

/** Refuses (422) what a real server refuses of a streaming list. */
const checkStreamingList = (kind: ResourceKind, params: URLSearchParams): void => {
  const match = params.get('resourceVersionMatch');
  if (yes(params.get('sendInitialEvents')) && match !== 'NotOlderThan') {
    throw invalid(
      { ...kind, kind: 'ListOptions', group: 'meta.k8s.io' },
      '',
      'resourceVersionMatch',
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
};

const errorLine = (answer: Status): string => JSON.stringify({ type: 'ERROR', object: answer });

/** What a change is to one who sees only what matches; undefined when nothing. */
const seen = (change: Change, match: Match): Change['type'] | undefined => {
  const is = change.type !== 'DELETED' && match(change.object);
  const was = change.previous !== undefined && match(change.previous);
  if (is) {
    return was ? 'MODIFIED' : 'ADDED';
  }
  return was ? 'DELETED' : undefined;
};

const readParams = (params: URLSearchParams) => {
  const asked = params.get('resourceVersion') ?? '';
  return {
    streaming: yes(params.get('sendInitialEvents')),
    bookmarks: yes(params.get('allowWatchBookmarks')),
    asked,
    from: asked === '' || asked === '0' ? undefined : Number(asked),
    timeoutMs: Number(params.get('timeoutSeconds') ?? defaultTimeoutSeconds) * 1000,
  };
};

/** Bookmarks come about every minute, and shortly before the end. */
const markTimes = (
  clock: SandboxClock,
  timeoutMs: number,
  cleanUps: (() => void)[],
  mark: () => void,
): void => {
  const markLater = (): void => {
    cleanUps.push(
      clock.after(bookmarkEveryMs, () => {
        mark();
        markLater();
      }),
    );
  };
  markLater();
  cleanUps.push(clock.after(Math.max(0, timeoutMs - lastBookmarkMs), mark));
};

/**
 * Serves one watch: from a version, from now (with what is there first), or as a streaming list.
 * A version from the future is accepted and silent until the counter has passed it (access.md §9).
 * @returns the way to end it from our side
 */
export const serveWatch = (
  storage: Storage,
  clock: SandboxClock,
  request: WatchRequest,
  sink: WatchSink,
): (() => void) => {
  const { kind, namespace, params } = request;
  checkStreamingList(kind, params);
  const { streaming, bookmarks, asked, from, timeoutMs } = readParams(params);
  const match: Match = (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) && request.match(object);

  const cleanUps: (() => void)[] = [];
  let open = true;
  const close = (): void => {
    open = false;
    for (const cleanUp of cleanUps.splice(0)) {
      cleanUp();
    }
  };
  const finish = (): void => {
    if (open) {
      close();
      sink.end();
    }
  };
  const fail = (answer: Status): void => {
    sink.line(errorLine(answer));
    finish();
  };
  const send = (type: string, object: KubeObject): void =>
    sink.line(`{"type":"${type}","object":${request.text(object)}}`);

  if (streaming && from !== undefined && from > storage.version()) {
    cleanUps.push(clock.after(3_000, () => fail(tooLarge(from, storage.version()))));
    return close;
  }

  const start = streaming || from === undefined ? storage.version() : from;
  if (streaming || from === undefined) {
    for (const object of storage.list(kind, namespace).filter(match)) {
      send('ADDED', object);
    }
  }
  if (streaming && bookmarks) {
    sink.line(bookmark(kind, storage.version(), true));
  }

  const tell = (change: Change): void => {
    const type = change.version > start ? seen(change, match) : undefined;
    if (type !== undefined) {
      send(type, change.object);
    }
  };
  const backlog = storage.since(kind, start);
  if (backlog === undefined) {
    fail(expired(asked, String(storage.oldest() || storage.version())));
    return close;
  }
  backlog.forEach(tell);

  cleanUps.push(
    storage.subscribe(kind, {
      changed: tell,
      ended: (why) => {
        if (why === 'expired') {
          fail(expired(asked === '' ? '1' : asked, String(storage.version())));
        } else {
          close();
          sink.cut();
        }
      },
    }),
  );
  if (bookmarks) {
    markTimes(clock, timeoutMs, cleanUps, () => {
      if (start <= storage.version()) {
        sink.line(bookmark(kind, storage.version(), false));
      }
    });
  }
  cleanUps.push(clock.after(timeoutMs, finish));
  return close;
};
