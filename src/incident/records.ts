import { type ChannelOf, cardWrites, placed } from '#src/incident/card-writes.ts';
import { foldIncident, Incident, type IncidentChange } from '#src/incident/incident.ts';
import type { Batch, Fence, Json, Store, Versioned } from '#src/store/store.ts';

export const incidentKey = (id: string): string => `incident/${id}`;
/** Incidents that are open or suspended; score = ms when opened. */
export const openIncidents = 'incidents/open';
/** Incidents that ended; score = ms when they ended. */
export const endedIncidents = 'incidents/ended';
export const incidentCounter = 'incident-counter';
export interface StoredIncident {
  readonly incident: Incident;
  readonly version: number;
}

export const readIncident = (found: Versioned | undefined): StoredIncident | undefined =>
  found === undefined
    ? undefined
    : { incident: Incident.parse(found.value), version: found.version };

/** Told of a record that cannot be read: another version of the bot wrote it, or somebody by hand. */
export type Unreadable = (id: string, error: unknown) => void;

/**
 * All that are open, and those that ended since `endedAfter` (ms). One that cannot be read is left out, so
 * that it does not take the others with it.
 */
export const loadIncidents = async (
  store: Store,
  endedAfter: number,
  unreadable: Unreadable = () => undefined,
): Promise<readonly StoredIncident[]> => {
  const everything = { limit: 100_000 };
  // in this order one that is taken up again meanwhile is in both
  const ended = await store.range(endedIncidents, { ...everything, from: endedAfter });
  const open = await store.range(openIncidents, everything);
  const ids = [...new Set([...open, ...ended].map((scored) => scored.member))];
  const found = await store.readAll(ids.map(incidentKey));
  return found.flatMap((versioned, at) => {
    try {
      return readIncident(versioned) ?? [];
    } catch (error) {
      unreadable(ids[at] ?? '', error);
      return [];
    }
  });
};

const incidentWrites = (
  before: StoredIncident | undefined,
  after: Incident,
): Pick<Batch, 'put' | 'index' | 'unindex'> => {
  const ended = after.endedAt !== undefined;
  return {
    put: [
      {
        key: incidentKey(after.id),
        value: after as unknown as Json,
        expect: before?.version ?? 0,
      },
    ],
    index: [
      ended
        ? { index: endedIncidents, member: after.id, score: after.endedAt ?? 0 }
        : { index: openIncidents, member: after.id, score: after.openedAt },
    ],
    unindex: [{ index: ended ? openIncidents : endedIncidents, member: after.id }],
  };
};

export interface IncidentWriter {
  readonly store: Store;
  readonly fence: Fence;
  readonly channelOf: ChannelOf;
  /** Whether the lease is still ours, as far as is known; asked before each of many writes. */
  readonly stillLeads: () => boolean;
}

export type Written =
  | { readonly kind: 'written'; readonly incident: Incident }
  | { readonly kind: 'fenced' }
  /** The store does not have what this rests on; nothing was written. Load and decide anew. */
  | { readonly kind: 'stale' };

/** The counter of incidents as it stood at one moment. */
export interface Numbering {
  readonly count: number;
  readonly version: number;
}

export const readNumbering = async (store: Store): Promise<Numbering> => {
  const counter = await store.read(incidentCounter);
  return {
    count: typeof counter?.value === 'number' ? counter.value : 0,
    version: counter?.version ?? 0,
  };
};

const attempts = 10;

/**
 * Makes a new incident of `draft`.
 * @param known - read before the incidents that the decision to open rests on
 * @returns `stale` when an incident was opened since then, which may be this very one: a write whose reply
 *   got lost, or one that the store carried out late. Nothing was written; load and decide anew.
 */
export const openIncident = async (
  writer: IncidentWriter,
  draft: Omit<Incident, 'id'>,
  known: Numbering,
  now: number,
): Promise<Written> => {
  if (!writer.stillLeads()) {
    return { kind: 'fenced' };
  }
  const number = known.count + 1;
  const incident = placed(writer.channelOf, undefined, { ...draft, id: `INC-${number}` });
  const written = await commitIncident(writer, undefined, incident, now, {
    put: [{ key: incidentCounter, value: number, expect: known.version }],
  });
  switch (written) {
    case 'committed':
      return { kind: 'written', incident };
    case 'fenced':
      return { kind: 'fenced' };
    case 'conflict':
      return { kind: 'stale' };
    default:
      return written satisfies never;
  }
};

/**
 * Folds a change into a stored incident, on top of whatever stands in the store by now.
 * @returns `stale` when the store lost the incident, as it may in a fail-over
 */
export const changeIncident = async (
  writer: IncidentWriter,
  id: string,
  change: IncidentChange & { readonly flap: boolean },
): Promise<Written> => {
  if (!writer.stillLeads()) {
    return { kind: 'fenced' };
  }
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = readIncident(await writer.store.read(incidentKey(id)));
    if (before === undefined) {
      return { kind: 'stale' };
    }
    const known = change.story.every((entry) =>
      before.incident.story.some((old) => old.id === entry.id),
    );
    const folded = foldIncident(before.incident, change);
    const after = placed(
      writer.channelOf,
      before.incident,
      change.flap && !known ? { ...folded, flaps: folded.flaps + 1 } : folded,
    );
    if (JSON.stringify(after) === JSON.stringify(before.incident)) {
      return { kind: 'written', incident: after };
    }
    const written = await commitIncident(writer, before, after, change.at, {});
    if (written !== 'conflict') {
      return written === 'fenced' ? { kind: 'fenced' } : { kind: 'written', incident: after };
    }
  }
  throw new Error(`${id} changed ten times in a row`);
};

const commitIncident = async (
  writer: IncidentWriter,
  before: StoredIncident | undefined,
  after: Incident,
  now: number,
  further: Pick<Batch, 'put'>,
) => {
  const { store, fence, channelOf } = writer;
  const cards = await cardWrites(store, { before: before?.incident, after, channelOf, now });
  const own = incidentWrites(before, after);
  return store.commit({
    fence,
    put: [...(own.put ?? []), ...(further.put ?? []), ...cards.put],
    index: [...(own.index ?? []), ...cards.index],
    unindex: own.unindex ?? [],
  });
};
