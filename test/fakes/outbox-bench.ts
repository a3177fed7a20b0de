import type { Ids } from '#src/clock.ts';
import { silentLog } from '#src/log.ts';
import { CardRecord, type CardWish, cardKey, desireCard } from '#src/slack/card.ts';
import { type Outbox, type OutboxOptions, startOutbox } from '#src/slack/outbox.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';
import { countingIds, createVirtualClock } from '#test/fakes/clock.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';

export const saying = (text: string): View => ({
  summary: text,
  parts: [{ kind: 'text', line: [text] }],
});

/** Makes `wish` the desired state of its card, as a decision would. */
export const desire = async (store: Store, wish: CardWish, now: number): Promise<void> => {
  for (;;) {
    const found = await store.read(cardKey(wish.id));
    const current = found && { record: CardRecord.parse(found.value), version: found.version };
    const write = desireCard(current, wish, now);
    if (
      write === undefined ||
      (await store.commit({ put: [write.put], index: [write.index] })) === 'committed'
    ) {
      return;
    }
  }
};

/** An outbox in virtual time on a store in memory and a Slack in memory. */
export const createBench = () => {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const slack = createFakeSlack({ clock });
  const ids: Ids = countingIds('id');
  const running: Outbox[] = [];

  return {
    clock,
    store,
    slack,
    start: (options: Partial<OutboxOptions> = {}): Outbox => {
      const outbox = startOutbox({ store, slack, clock, ids, log: silentLog, ...options });
      running.push(outbox);
      return outbox;
    },
    want: async (
      id: string,
      text: string | undefined,
      wish: Partial<Omit<CardWish, 'id' | 'view'>> = {},
    ): Promise<void> => {
      await desire(
        store,
        {
          id,
          channel: 'C1',
          priority: 'new-incident',
          ...wish,
          view: text === undefined ? undefined : saying(text),
        },
        clock.now(),
      );
      for (const outbox of running) {
        outbox.wake();
      }
    },
    card: async (id: string): Promise<CardRecord | undefined> => {
      const found = await store.read(cardKey(id));
      return found && CardRecord.parse(found.value);
    },
    texts: (channel = 'C1'): readonly string[] =>
      slack
        .messages()
        .filter((message) => message.channel === channel)
        .map(({ text }) => text),
    callsOf: (verb: string) => slack.calls().filter((call) => call.verb === verb),
  };
};
