import { incidentCard, movedCard, storyReply } from '#src/incident/card.ts';
import { causeOf, type Incident } from '#src/incident/incident.ts';
import { intoRollUp, RollUp, rollUpCard, rollUpCardId, rollUpKey } from '#src/incident/roll-up.ts';
import {
  type CardPriority,
  CardRecord,
  type CardWrite,
  cardKey,
  desireCard,
  loose,
} from '#src/slack/card.ts';
import type { Batch, Store, Versioned } from '#src/store/store.ts';

/** Channel that the incidents of a cluster go to; undefined: none. */
export type ChannelOf = (cluster: string) => string | undefined;

/** Where people look an incident up by its object. */
export const rootCardId = (incident: string, channel: string): string => `${incident}@${channel}`;

const storedCard = (found: Versioned | undefined) =>
  found === undefined
    ? undefined
    : { record: CardRecord.parse(found.value), version: found.version };

const priorityOf = (before: Incident | undefined, after: Incident): CardPriority => {
  if (before === undefined) {
    return 'new-incident';
  }
  return before.state === after.state ? 'progress' : 'resolve';
};

interface CardsInput {
  readonly store: Store;
  readonly before: Incident | undefined;
  readonly after: Incident;
  readonly channel: string;
  readonly now: number;
}

type CardWrites = Required<Pick<Batch, 'put' | 'index'>>;

const writesOf = (cards: readonly CardWrite[]): CardWrites => ({
  put: cards.map((card) => card.put),
  index: cards.map((card) => card.index),
});

const withLoose = (writes: CardWrites, ids: readonly string[], now: number): CardWrites => ({
  ...writes,
  index: [...writes.index, ...ids.map((id) => loose(id, now))],
});

/** The writes for the channel's roll-up, where the incident is or was on it. */
const rollUpWrites = async (input: CardsInput): Promise<CardWrites> => {
  const { store, before, after, channel, now } = input;
  if (!(after.rolledUp || before?.rolledUp === true)) {
    return writesOf([]);
  }
  const found = await store.read(rollUpKey(channel));
  const rollUp = intoRollUp(found === undefined ? undefined : RollUp.parse(found.value), after);
  const id = rollUpCardId(channel, rollUp.number);
  const card = desireCard(
    storedCard(await store.read(cardKey(id))),
    { id, channel, priority: 'new-incident', view: rollUpCard(rollUp) },
    now,
  );
  const writes = withLoose(writesOf(card === undefined ? [] : [card]), [id], now);
  const own = { key: rollUpKey(channel), value: rollUp, expect: found?.version ?? 0 };
  return { ...writes, put: [own, ...writes.put] };
};

/** The writes for the incident's card in a channel and for what is new in its thread. */
const ownCardWrites = async (input: CardsInput): Promise<CardWrites> => {
  const { store, before, after, channel, now } = input;
  if (after.rolledUp) {
    return writesOf([]);
  }
  const root = rootCardId(after.id, channel);
  const known = new Set(before?.story.map((entry) => entry.id));
  const wishes = [
    { id: root, channel, priority: priorityOf(before, after), view: incidentCard(after) },
    ...after.story
      .filter((entry) => !known.has(entry.id))
      .flatMap((entry) => {
        const view = storyReply(entry, causeOf(after));
        return view === undefined
          ? []
          : [
              {
                id: `${root}/${entry.id}`,
                channel,
                thread: root,
                priority: 'progress' as const,
                view,
              },
            ];
      }),
  ];
  const current = await store.readAll(wishes.map((wish) => cardKey(wish.id)));
  const writes = writesOf(
    wishes.flatMap((wish, position) => desireCard(storedCard(current[position]), wish, now) ?? []),
  );
  const replies = wishes.map((wish) => wish.id).filter((id) => id !== root);
  return withLoose(writes, replies, now);
};

/** The writes for a channel that the incident's card is leaving. */
const leavingWrites = async (input: CardsInput): Promise<CardWrites> => {
  const { store, after, channel, now } = input;
  const id = rootCardId(after.id, channel);
  const stood = storedCard(await store.read(cardKey(id)));
  const wish = { id, channel, priority: 'progress' as const, view: movedCard(after) };
  const card = stood === undefined ? undefined : desireCard(stood, wish, now);
  const rollUp = await rollUpWrites(input);
  const own = writesOf(card === undefined ? [] : [card]);
  return { put: [...own.put, ...rollUp.put], index: [...own.index, ...rollUp.index] };
};

/** The channels that an incident's card belongs in by now. */
export const channelsOf = (
  { members }: Pick<Incident, 'members'>,
  channelOf: ChannelOf,
): readonly string[] => {
  const clusters = new Set(members.map((member) => member.cluster));
  return [...new Set([...clusters].flatMap((cluster) => channelOf(cluster) ?? []))];
};

const leaves = (before: Incident | undefined, channels: readonly string[]): readonly string[] =>
  (before?.channels ?? []).filter((channel) => !channels.includes(channel));

/** The incident with where its card stands; one that moves leaves the roll-up of its old channel. */
export const placed = (
  channelOf: ChannelOf,
  before: Incident | undefined,
  incident: Incident,
): Incident => {
  const channels = channelsOf(incident, channelOf);
  if (channels.length === 0) {
    // a cluster that is configured no more: nothing says where else
    return incident;
  }
  const moves = leaves(before, channels).length > 0;
  return { ...incident, channels: [...channels], rolledUp: incident.rolledUp && !moves };
};

interface Rewritten {
  readonly before: Incident | undefined;
  readonly after: Incident;
  readonly channelOf: ChannelOf;
  readonly now: number;
}

/** What is written of cards together with an incident, in every channel that it concerns. */
export const cardWrites = async (
  store: Store,
  { before, after, channelOf, now }: Rewritten,
): Promise<CardWrites> => {
  const channels = channelsOf(after, channelOf);
  const left = channels.length === 0 ? [] : leaves(before, channels);
  const inputFor = (channel: string): CardsInput => ({ store, before, after, channel, now });
  // a channel that it comes to has it on a card of its own
  const arriving = (channel: string): boolean => before?.channels?.includes(channel) === false;
  const written = await Promise.all([
    ...channels.map((channel) => ownCardWrites(inputFor(channel))),
    ...channels
      .filter((channel) => !arriving(channel))
      .map((channel) => rollUpWrites(inputFor(channel))),
    ...left.map((channel) => leavingWrites(inputFor(channel))),
  ]);
  return {
    put: written.flatMap((one) => one.put),
    index: written.flatMap((one) => one.index),
  };
};
