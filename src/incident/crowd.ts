import { rootCardId } from '#src/incident/card-writes.ts';
import { crowdLimit } from '#src/incident/roll-up.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import type { Store } from '#src/store/store.ts';

/** Which new cards still wait to be posted, by channel; asked when another one is to be made. */
export interface Crowd {
  add(channel: string, incident: string): void;
  /** Whether so many wait for the channel that a further one would be noise. */
  isFull(channel: string): Promise<boolean>;
}

export const createCrowd = (store: Pick<Store, 'readAll'>): Crowd => {
  const waiting = new Map<string, Set<string>>();

  const refresh = async (channel: string, incidents: Set<string>): Promise<void> => {
    const names = [...incidents];
    const cards = await store.readAll(names.map((name) => cardKey(rootCardId(name, channel))));
    names.forEach((name, at) => {
      const card = CardRecord.safeParse(cards[at]?.value);
      if (!card.success || card.data.sent !== undefined) {
        incidents.delete(name);
      }
    });
  };

  return {
    add: (channel, incident) => {
      waiting.set(channel, (waiting.get(channel) ?? new Set()).add(incident));
    },
    isFull: async (channel) => {
      const incidents = waiting.get(channel);
      if (incidents === undefined || incidents.size < crowdLimit) {
        return false;
      }
      await refresh(channel, incidents);
      return incidents.size >= crowdLimit;
    },
  };
};
