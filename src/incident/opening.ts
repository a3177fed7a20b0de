import { type ChannelOf, channelsOf } from '#src/incident/card-writes.ts';
import { createCrowd } from '#src/incident/crowd.ts';
import type { Decision } from '#src/incident/decide.ts';
import { hasEnded, type Incident, keyOf } from '#src/incident/incident.ts';
import {
  changeIncident,
  type IncidentWriter,
  type Numbering,
  openIncident,
  type Written,
} from '#src/incident/records.ts';
import { rolledUpMs } from '#src/incident/roll-up.ts';
import type { Store } from '#src/store/store.ts';

/** An old failure, found and not seen to happen, opens without a stir; ms. */
const lateMs = 60_000;

export interface Opening {
  /**
   * Opens an incident; where its channel is crowded with new ones, on the roll-up card.
   * For `known` see {@link openIncident}.
   */
  open(
    writer: IncidentWriter,
    decision: Extract<Decision, { kind: 'open' }>,
    known: Numbering,
    now: number,
  ): Promise<Written>;
}

/** Incidents that have been on a roll-up card for long enough, and get a card of their own. */
export const dueToUnroll = (incidents: Iterable<Incident>, now: number): readonly Incident[] =>
  [...incidents].filter(
    (incident) => incident.rolledUp && !hasEnded(incident) && now - incident.openedAt >= rolledUpMs,
  );

/** Incidents whose clusters report to another channel than their cards stand in. */
export const dueToMove = (
  incidents: Iterable<Incident>,
  channelOf: ChannelOf,
): readonly Incident[] =>
  [...incidents].filter((incident) => {
    const channels = channelsOf(incident, channelOf);
    return (
      !hasEnded(incident) &&
      channels.length > 0 &&
      (channels.length !== incident.channels?.length ||
        channels.some((channel) => incident.channels?.includes(channel) !== true))
    );
  });

/** Lets the card of an incident follow its cluster to another channel. */
export const move = (writer: IncidentWriter, { id }: Incident, now: number): Promise<Written> =>
  changeIncident(writer, id, { story: [], at: now, flap: false });

/** Takes an incident off the roll-up card. */
export const unroll = (writer: IncidentWriter, { id }: Incident, now: number): Promise<Written> =>
  changeIncident(writer, id, { story: [], unroll: true, at: now, flap: false });

export const createOpening = (store: Store): Opening => {
  const crowd = createCrowd(store);
  return {
    open: async (writer, { member, story, found }, known, now) => {
      const channel = writer.channelOf(member.cluster);
      const rolledUp = channel !== undefined && (await crowd.isFull(channel));
      const written = await openIncident(
        writer,
        {
          state: member.standing === 'suspended' ? 'suspended' : 'open',
          cause: keyOf(member),
          members: [member],
          blocked: [],
          openedAt: now,
          flaps: 0,
          foundLate: found && now - member.failingSince > lateMs,
          rolledUp,
          story: [story],
        },
        known,
        now,
      );
      if (written.kind === 'written' && channel !== undefined && !rolledUp) {
        crowd.add(channel, written.incident.id);
      }
      return written;
    },
  };
};
