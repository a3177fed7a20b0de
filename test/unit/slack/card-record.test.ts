import { describe, expect, it } from 'vitest';
import { CardRecord, desireCard, dirtyCards, loose, looseCards } from '#src/slack/card.ts';
import { unanswered } from '#src/slack/card-changes.ts';
import { cardRecord, claim, start, unposted } from '#test/fakes/card-records.ts';

const view = { summary: 'two', parts: [] };
const wish = { id: 'INC-1@C1', channel: 'C1', priority: 'resolve', view } as const;
const now = start + 9;

describe('what a card should say', () => {
  it('is written with the decision that it follows from, and is behind then', () => {
    expect(desireCard(undefined, wish, now)).toEqual({
      put: {
        key: 'card/INC-1@C1',
        value: {
          id: 'INC-1@C1',
          channel: 'C1',
          priority: 'resolve',
          desired: { version: 1, view, at: now },
        },
        expect: 0,
      },
      index: { index: dirtyCards, member: 'INC-1@C1', score: now },
    });
  });

  it('is not written again while it is the same', () => {
    const record = cardRecord({ desired: { version: 3, view, at: start } });
    expect(desireCard({ record, version: 7 }, wish, now)).toBeUndefined();
    const gone = unposted({ desired: { version: 3, at: start } });
    expect(
      desireCard({ record: gone, version: 7 }, { ...wish, view: undefined }, now),
    ).toBeUndefined();
  });

  it('changes with all that is known of its message kept', () => {
    const record = cardRecord({ claim: claim(), problem: 'not invited', notBefore: start });
    const written = desireCard({ record, version: 7 }, wish, now);
    expect(written?.put).toEqual({
      key: 'card/INC-1@C1',
      value: { ...record, priority: 'resolve', desired: { version: 2, view, at: now } },
      expect: 7,
    });
  });

  it('may be that it is not there', () => {
    const written = desireCard(
      { record: cardRecord(), version: 7 },
      { ...wish, view: undefined },
      now,
    );
    expect(CardRecord.parse(written?.put.value)).toEqual(
      cardRecord({ priority: 'resolve', desired: { version: 2, at: now } }),
    );
  });

  it('says where it stands and until when it is news', () => {
    const placed = { thread: 'root', under: '15.1', until: now + 5 };
    expect(desireCard(undefined, { ...wish, ...placed }, now)?.put.value).toMatchObject(placed);
    for (const name of Object.keys(placed)) {
      expect(desireCard(undefined, wish, now)?.put.value).not.toHaveProperty(name);
    }
  });
});

describe('a card that hangs on no record of its own', () => {
  it('is remembered by when it was wished for', () => {
    expect(loose('roll-up-1@C1', now)).toEqual({
      index: looseCards,
      member: 'roll-up-1@C1',
      score: now,
    });
  });
});

describe('an edit that was not answered', () => {
  it('is made once more, where there is a message', () => {
    expect(unanswered(cardRecord()).sent).toEqual({
      version: 1,
      ts: '17.1',
      at: start,
      repeat: true,
    });
    expect(unanswered(unposted())).toEqual(unposted());
  });
});
