import { rootCardId } from '#src/incident/card-writes.ts';
import type { Incident } from '#src/incident/incident.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { RollUp, rollUpCardId, rollUpKey } from '#src/incident/roll-up.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import type { Store } from '#src/store/store.ts';

/** What a message in Slack stands for. */
export type CardSubject =
  | { readonly kind: 'incident'; readonly incident: Incident }
  | { readonly kind: 'roll-up'; readonly open: number };

/** An incident may end before its card could be posted; a card is not posted later than this. ms */
const postedAfterEndMs = 24 * 60 * 60_000;
/** Roll-up cards before the newest one stand for what has ended. */
const olderRollUps = 20;

/** The cards among `ids` whose message this is, by the record of what was sent. */
const cardAt = async (
  store: Pick<Store, 'readAll'>,
  ids: readonly string[],
  ts: string,
): Promise<string | undefined> => {
  const found = await store.readAll(ids.map(cardKey));
  const at = found.findIndex(
    (versioned) =>
      versioned !== undefined && CardRecord.safeParse(versioned.value).data?.sent?.ts === ts,
  );
  return ids[at];
};

/**
 * Finds what the message at `ts` in a channel stands for, from the records of our cards alone: what the
 * message says may have been written by anybody.
 * @param ts - of the root message, where it stands in a thread
 */
export const findCardSubject = async (
  store: Store,
  channel: string,
  ts: string,
): Promise<CardSubject | undefined> => {
  const stored = await loadIncidents(store, Number(ts) * 1_000 - postedAfterEndMs);
  const incidents = stored.map(({ incident }) => incident);
  const byCard = new Map(
    incidents.map((incident) => [rootCardId(incident.id, channel), incident] as const),
  );
  const card = await cardAt(store, [...byCard.keys()], ts);
  const incident = card === undefined ? undefined : byCard.get(card);
  return incident === undefined ? findRollUp(store, channel, ts) : { kind: 'incident', incident };
};

const findRollUp = async (
  store: Store,
  channel: string,
  ts: string,
): Promise<CardSubject | undefined> => {
  const found = await store.read(rollUpKey(channel));
  const rollUp = found === undefined ? undefined : RollUp.parse(found.value);
  if (rollUp === undefined) {
    return undefined;
  }
  const numbers = Array.from({ length: olderRollUps }, (_, back) => rollUp.number - back);
  const ids = numbers.filter((number) => number > 0).map((one) => rollUpCardId(channel, one));
  const card = await cardAt(store, ids, ts);
  if (card === undefined) {
    return undefined;
  }
  const newest = card === rollUpCardId(channel, rollUp.number);
  const open = rollUp.entries.filter((entry) => entry.state === 'open').length;
  return { kind: 'roll-up', open: newest ? open : 0 };
};
