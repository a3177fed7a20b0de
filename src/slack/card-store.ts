import { CardRecord, cardKey, dirtyCards } from '#src/slack/card.ts';
import { isClean } from '#src/slack/card-changes.ts';
import type { Fence, Json, Store } from '#src/store/store.ts';

export interface StoredCard {
  readonly card: CardRecord;
  readonly version: number;
}

export type Amended = {
  readonly kind: 'written' | 'dropped';
  readonly card: CardRecord | undefined;
};

/** Card records with the list of those that are behind, which follows from each write. */
export const createCardStore = (store: Store) => {
  /** Undefined also where it cannot be read: it must not take what stands beside it with it. */
  const load = async (id: string): Promise<StoredCard | undefined> => {
    const found = await store.read(cardKey(id));
    const parsed = CardRecord.safeParse(found?.value);
    return found === undefined || !parsed.success
      ? undefined
      : { card: parsed.data, version: found.version };
  };

  const write = (card: CardRecord, version: number, fence: Fence | undefined) =>
    store.commit({
      fence,
      put: [{ key: cardKey(card.id), value: card as unknown as Json, expect: version }],
      ...(isClean(card)
        ? { unindex: [{ index: dirtyCards, member: card.id }] }
        : { index: [{ index: dirtyCards, member: card.id, score: card.desired.at }] }),
    });

  /**
   * Changes the record as it stands, again until no other write comes between.
   * `dropped`: the change does not apply any more, or the fence has moved on.
   */
  const amend = async (
    id: string,
    change: (card: CardRecord) => CardRecord | undefined,
    fence: Fence | undefined,
  ): Promise<Amended> => {
    for (;;) {
      const stored = await load(id);
      const next = stored === undefined ? undefined : change(stored.card);
      if (stored === undefined || next === undefined || next === stored.card) {
        return { kind: 'dropped', card: stored?.card };
      }
      const result = await write(next, stored.version, fence);
      if (result === 'committed') {
        return { kind: 'written', card: next };
      }
      if (result === 'fenced') {
        return { kind: 'dropped', card: stored.card };
      }
    }
  };

  return { load, write, amend };
};

export type CardStore = ReturnType<typeof createCardStore>;
