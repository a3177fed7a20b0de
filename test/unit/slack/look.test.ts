import { describe, expect, it } from 'vitest';
import type { CardRecord } from '#src/slack/card.ts';
import { afterCensus, afterLook } from '#src/slack/look.ts';
import type { OwnMessage } from '#src/slack/slack.ts';
import { cardRecord, claim, start, suspect, unposted } from '#test/fakes/card-records.ts';

const now = start + 5_000;
const message = (ts: string, attempt = 'a1', card = 'INC-1@C1'): OwnMessage => ({
  ts,
  card,
  attempt,
  channel: 'C1',
});
const foreign = message('16.0', 'a9', 'INC-9@C1');
const sentAt = (ts: string, version = 1) => ({ version, ts, at: now });

describe('a look for an attempt whose outcome is not known', () => {
  const card = unposted({ claim: claim({ version: 3 }) });

  it('finds its message', () => {
    expect(afterLook(card, [foreign, message('17.1')], now)).toEqual({
      card: unposted({ sent: sentAt('17.1', 3) }),
      extra: [],
    });
  });

  it('finds that of another attempt, which may say something older', () => {
    expect(afterLook(card, [message('17.1', 'a0')], now).card.sent).toEqual(sentAt('17.1', 0));
  });

  it('keeps the oldest where there are several, removes the others, and looks again later', () => {
    const found = [message('9.5', 'a0'), message('10.1'), message('9.7', 'a2')];
    expect(afterLook(card, found, now)).toEqual({
      card: unposted({
        sent: sentAt('9.5', 0),
        suspect: { since: start, from: now, looks: 0 },
      }),
      extra: ['9.7', '10.1'],
    });
  });

  it('goes on looking for a message of an earlier attempt', () => {
    const before = suspect({ since: start - 90_000, looks: 3 });
    expect(afterLook({ ...card, suspect: before }, [message('17.1')], now).card.suspect).toEqual({
      since: start - 90_000,
      from: now,
      looks: 0,
    });
  });

  it('gives it up after three looks, and goes on being wary', () => {
    expect(afterLook(card, [foreign], now)).toEqual({
      card: unposted({ claim: claim({ version: 3, looks: 1 }) }),
      extra: [],
    });
    const third = unposted({ claim: claim({ looks: 2 }) });
    expect(afterLook(third, [], now)).toEqual({
      card: unposted({ suspect: { since: start, from: now, looks: 0 } }),
      extra: [],
    });
    const wary = { ...third, suspect: suspect({ since: start - 90_000, looks: 2 }) };
    expect(afterLook(wary, [], now).card.suspect).toEqual({
      since: start - 90_000,
      from: now,
      looks: 0,
    });
  });
});

describe('a look for a message that came late', () => {
  const card = (looks = 0): CardRecord => cardRecord({ suspect: suspect({ looks }) });

  it('removes whatever is not the recorded one, and begins anew', () => {
    expect(afterLook(card(3), [message('18.2', 'a0'), message('17.1')], now)).toEqual({
      card: cardRecord({ suspect: suspect({ from: now }) }),
      extra: ['18.2'],
    });
  });

  it('ends after four that find nothing', () => {
    const [first, second, third] = [0, 1, 2].map((looks) =>
      afterLook(card(looks), [message('17.1'), foreign], now),
    );
    expect(first).toEqual({ card: card(1), extra: [] });
    expect(second).toEqual({ card: card(2), extra: [] });
    expect(third).toEqual({ card: card(3), extra: [] });
    expect(afterLook(card(3), [message('17.1')], now)).toEqual({ card: cardRecord(), extra: [] });
  });

  it('posts anew where the recorded one is gone for good, and not where it may only be late', () => {
    expect(afterLook(card(1), [], now)).toEqual({ card: card(2), extra: [] });
    expect(afterLook(card(2), [], now)).toEqual({
      card: unposted({ suspect: suspect({ looks: 2 }) }),
      extra: [],
    });
    expect(afterLook(card(2), [message('18.2')], now)).toMatchObject({ extra: ['18.2'] });
    expect(afterLook(card(2), [message('18.2')], now).card.sent).toBeUndefined();
  });

  it('takes it for its own where there is none', () => {
    const lost = unposted({ suspect: suspect({ looks: 3 }) });
    expect(afterLook(lost, [message('18.2'), message('17.9')], now)).toEqual({
      card: unposted({ sent: sentAt('17.9', 0), suspect: suspect({ from: now }) }),
      extra: ['18.2'],
    });
    expect(afterLook(lost, [], now).card).toEqual(unposted());
  });

  it('changes nothing of a card that nothing is in doubt of', () => {
    expect(afterLook(cardRecord(), [message('18.2')], now)).toEqual({
      card: cardRecord(),
      extra: [],
    });
  });
});

describe('a comparison of a channel with the records', () => {
  const since = start - 900_000;

  it('finds the message that a record does not know', () => {
    expect(afterCensus(unposted(), [foreign, message('17.1')], since, now)).toEqual(
      unposted({ sent: sentAt('17.1', 0) }),
    );
  });

  it('finds one too many beside the recorded one, whichever is older', () => {
    const wary = cardRecord({ suspect: { since, from: now, looks: 0 } });
    expect(afterCensus(cardRecord(), [message('17.1'), message('16.1')], since, now)).toEqual(wary);
    expect(afterCensus(cardRecord(), [message('18.1')], since, now)).toEqual(wary);
  });

  it('takes the oldest of several that a record does not know', () => {
    expect(afterCensus(unposted(), [message('10.1'), message('9.9')], since, now)).toEqual(
      unposted({ sent: sentAt('9.9', 0), suspect: { since, from: now, looks: 0 } }),
    );
  });

  it('changes nothing where all is as recorded, nothing is there, or an attempt is under way', () => {
    expect(afterCensus(cardRecord(), [message('17.1'), foreign], since, now)).toBeUndefined();
    expect(afterCensus(unposted(), [foreign], since, now)).toBeUndefined();
    expect(
      afterCensus(unposted({ claim: claim() }), [message('17.1')], since, now),
    ).toBeUndefined();
  });
});
