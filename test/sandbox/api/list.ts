import { randomUUID } from 'node:crypto';
import type { JsonRecord, KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { Match } from '#test/sandbox/api/selectors.ts';
import { type Status, status, tooLarge } from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';

export interface ListRequest {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly match: Match;
  readonly params: URLSearchParams;
}

export type ListAnswer =
  | { readonly metadata: JsonRecord; readonly items: readonly KubeObject[] }
  /** `afterMs`: a real server waits for the version to come before it gives up. */
  | { readonly refused: Status; readonly afterMs: number };

interface Snapshot {
  readonly version: number;
  readonly items: readonly KubeObject[];
}

const snapshotsKept = 100;

const goneMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Lists, in pages where a limit is given; each page shows the moment of the first one. */
export const createLists = (storage: Storage) => {
  const snapshots = new Map<string, Snapshot>();

  const take = ({ kind, namespace, match }: ListRequest): Snapshot => ({
    version: storage.version(),
    items: storage.list(kind, namespace).filter(match),
  });

  const keep = (snapshot: Snapshot): string => {
    const id = randomUUID();
    snapshots.set(id, snapshot);
    for (const oldest of [...snapshots.keys()].slice(0, -snapshotsKept)) {
      snapshots.delete(oldest);
    }
    return id;
  };

  const page = (snapshot: Snapshot, start: number, limit: number, known?: string): ListAnswer => {
    const items = snapshot.items.slice(start, start + limit);
    const left = snapshot.items.length - start - items.length;
    const resourceVersion = String(snapshot.version);
    if (left <= 0) {
      return { metadata: { resourceVersion }, items };
    }
    const token = `${known ?? keep(snapshot)}.${start + limit}`;
    return {
      metadata: {
        resourceVersion,
        continue: Buffer.from(token).toString('base64url'),
        remainingItemCount: left,
      },
      items,
    };
  };

  const goOn = (request: ListRequest, token: string, limit: number): ListAnswer => {
    const [id = '', start = '0'] = Buffer.from(token, 'base64url').toString('utf8').split('.');
    const snapshot = snapshots.get(id);
    if (snapshot !== undefined) {
      return page(snapshot, Number(start), limit, id);
    }
    const fresh = Buffer.from(`${keep(take(request))}.${start}`).toString('base64url');
    return {
      refused: { ...status(410, 'Expired', goneMessage), metadata: { continue: fresh } },
      afterMs: 0,
    };
  };

  return {
    list: (request: ListRequest): ListAnswer => {
      const { params } = request;
      const limit = Number(params.get('limit') ?? 0) || Number.POSITIVE_INFINITY;
      const token = params.get('continue') ?? '';
      if (token !== '') {
        return goOn(request, token, limit);
      }
      const asked = Number(params.get('resourceVersion') ?? 0);
      if (asked > storage.version()) {
        return { refused: tooLarge(asked, storage.version()), afterMs: 3_000 };
      }
      if (params.get('resourceVersionMatch') === 'Exact' && asked !== storage.version()) {
        const message = `The resourceVersion for the provided list is too old.`;
        return { refused: status(410, 'Expired', message), afterMs: 0 };
      }
      return page(take(request), 0, limit);
    },
    /** Forgets all pages that are still to be read. */
    expire: (): void => snapshots.clear(),
  };
};
