import type { CardRecord } from '#src/slack/card.ts';

/** When the cards of these tests were wished for; ms. */
export const start = 1_795_000_000_000;

/** A card that is posted as it should be, unless said. */
export const cardRecord = (change: Partial<CardRecord> = {}): CardRecord => ({
  id: 'INC-1@C1',
  channel: 'C1',
  priority: 'progress',
  desired: { version: 1, view: { summary: 'one', parts: [] }, at: start },
  sent: { version: 1, ts: '17.1', at: start },
  ...change,
});

/** The same without its message. */
export const unposted = (change: Partial<CardRecord> = {}): CardRecord => {
  const { sent: _, ...card } = cardRecord();
  return { ...card, ...change };
};

export const claim = (change: Partial<NonNullable<CardRecord['claim']>> = {}) => ({
  attempt: 'a1',
  at: start,
  version: 1,
  looks: 0,
  ...change,
});

export const suspect = (change: Partial<NonNullable<CardRecord['suspect']>> = {}) => ({
  since: start,
  from: start,
  looks: 0,
  ...change,
});
