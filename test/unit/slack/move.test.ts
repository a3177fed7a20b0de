import { describe, expect, it } from 'vitest';
import type { CardRecord } from '#src/slack/card.ts';
import { edited, isClean, isTooLate, posted, problemOf } from '#src/slack/card-changes.ts';
import { comesBack, doubtOf, type Move, nextMove, rankOf } from '#src/slack/move.ts';
import { cardRecord, claim, start, suspect, unposted } from '#test/fakes/card-records.ts';

const desired = (version: number) => ({ ...cardRecord().desired, version });
const gone = { version: 2, at: start };

const move = (
  card: CardRecord,
  now = start,
  more: { readonly root?: string; readonly doubtfulSince?: number } = {},
): Move => nextMove(card, { root: more.root, now, doubtfulSince: more.doubtfulSince ?? start });

describe('the next move for a card', () => {
  it('is none where its message is as desired', () => {
    expect(move(cardRecord())).toEqual({ kind: 'settled' });
    expect(move(unposted({ desired: gone }))).toEqual({ kind: 'settled' });
  });

  it('is to post, edit or remove its message', () => {
    expect(move(unposted())).toEqual({ kind: 'post', thread: undefined });
    expect(move(cardRecord({ desired: desired(2), priority: 'resolve' }))).toEqual({
      kind: 'update',
      ts: '17.1',
    });
    expect(move(cardRecord({ desired: gone }))).toEqual({ kind: 'remove', ts: '17.1' });
  });

  it('is to post under the message of its root, once that is there', () => {
    const reply = unposted({ thread: 'root' });
    expect(move(reply)).toEqual({ kind: 'wait-for-root' });
    expect(move(reply, start, { root: '16.9' })).toEqual({ kind: 'post', thread: '16.9' });
    expect(move({ ...reply, claim: claim() }, start + 60_000)).toEqual({ kind: 'wait-for-root' });
    expect(move({ ...reply, claim: claim() }, start + 60_000, { root: '16.9' })).toMatchObject({
      kind: 'look',
      thread: '16.9',
    });
  });

  it('is to edit a card in progress once a second', () => {
    const running = cardRecord({ desired: desired(2) });
    expect(move(running, start + 999)).toEqual({ kind: 'wait', until: start + 1_000 });
    expect(move(running, start + 1_000)).toMatchObject({ kind: 'update' });
    // a time ahead of ours is of another clock
    expect(move(running, start - 1)).toMatchObject({ kind: 'update' });
    expect(move({ ...running, priority: 'resolve' }, start + 1)).toMatchObject({ kind: 'update' });
  });

  it('is none before the time that a refusal set', () => {
    const refused = unposted({ notBefore: start + 5 });
    expect(move(refused, start + 4)).toEqual({ kind: 'wait', until: start + 5 });
    expect(move(refused, start + 5)).toMatchObject({ kind: 'post' });
  });

  it('is none where it is too late to post it, and nothing of it is in Slack', () => {
    const late = unposted({ until: start });
    expect(move(late, start)).toEqual({ kind: 'settled' });
    expect(move(late, start - 1)).toMatchObject({ kind: 'post' });
    expect(isTooLate(cardRecord({ until: start }), start)).toBe(false);
    expect(isTooLate({ ...late, claim: claim() }, start)).toBe(false);
    expect(isTooLate({ ...late, suspect: suspect() }, start)).toBe(false);
    expect(isTooLate(unposted(), start)).toBe(false);
  });
});

describe('an attempt whose outcome is not known', () => {
  it.each([
    [0, 2_000],
    [1, 10_000],
    [2, 60_000],
    [3, 60_000],
  ])('is looked for, after %i looks, %i ms after it was first seen in doubt', (looks, due) => {
    const card = unposted({ claim: claim({ looks, at: start - 7 }) });
    expect(move(card, start + due - 1)).toEqual({ kind: 'wait', until: start + due });
    expect(move(card, start + due)).toEqual({
      kind: 'look',
      thread: undefined,
      oldest: start - 7 - 330_000,
    });
  });

  it.each([
    [0, 2_000],
    [1, 10_000],
    [2, 60_000],
    [3, 120_000],
    [4, 120_000],
  ])(
    'is looked for once more, after %i looks, after %i ms, once there was another one',
    (looks, due) => {
      const card = cardRecord({ suspect: suspect({ looks, since: start - 7 }) });
      expect(move(card, start + due - 1)).toEqual({ kind: 'wait', until: start + due });
      expect(move(card, start + due)).toMatchObject({ kind: 'look', oldest: start - 7 - 330_000 });
    },
  );

  it('does not keep what is desired now waiting', () => {
    const newer = { desired: desired(2), priority: 'resolve', suspect: suspect() } as const;
    expect(move(cardRecord(newer), start + 60_000)).toMatchObject({ kind: 'update' });
    expect(move(unposted({ suspect: suspect() }), start + 60_000)).toMatchObject({ kind: 'post' });
  });

  it('is waited for until the first of what can be done', () => {
    const running = cardRecord({ desired: desired(2), suspect: suspect() });
    expect(move(running, start + 1)).toEqual({ kind: 'wait', until: start + 1_000 });
    const soon = { doubtfulSince: start - 1_500 };
    expect(move(running, start + 1, soon)).toEqual({ kind: 'wait', until: start + 500 });
    expect(move(running, start + 600, soon)).toMatchObject({ kind: 'look' });
  });

  it('of an edit is made once more after a quarter of a minute', () => {
    const sent = { version: 1, ts: '17.1', at: start, repeat: true } as const;
    expect(move(cardRecord({ sent }), start + 14_999)).toEqual({
      kind: 'wait',
      until: start + 15_000,
    });
    expect(move(cardRecord({ sent }), start + 15_000)).toEqual({ kind: 'update', ts: '17.1' });
  });

  it('is the same doubt as long as it is named the same', () => {
    expect(doubtOf(cardRecord())).toBeUndefined();
    expect(doubtOf(unposted({ claim: claim(), suspect: suspect() }))).toBe('a1');
    const first = doubtOf(cardRecord({ suspect: suspect() }));
    expect(doubtOf(cardRecord({ suspect: suspect({ looks: 2 }) }))).toBe(first);
    expect(doubtOf(cardRecord({ suspect: suspect({ from: start + 1 }) }))).not.toBe(first);
    const edit = (version: number) =>
      doubtOf(cardRecord({ sent: { version, ts: '17.1', at: start, repeat: true } }));
    expect(edit(1)).toBeDefined();
    expect(edit(1)).not.toBe(edit(2));
  });
});

describe('what goes first', () => {
  it('is an approval, then what is new, then what ended, then progress, then the rest', () => {
    const order = (['approval', 'new-incident', 'resolve', 'progress', 'digest'] as const).map(
      (priority) => rankOf(cardRecord({ priority })),
    );
    expect(order).toEqual(order.toSorted((left, right) => left - right));
    expect(new Set(order).size).toBe(5);
  });

  it('is a root that changed before it could be posted, and not its thread', () => {
    const first = rankOf(cardRecord({ priority: 'new-incident' }));
    expect(rankOf(unposted())).toBe(first);
    expect(rankOf(unposted({ thread: 'root' }))).toBe(rankOf(cardRecord()));
    expect(rankOf(unposted({ priority: 'resolve' }))).toBeGreaterThan(first);
  });
});

describe('a message that somebody deleted', () => {
  it('comes back unless it is over anyway', () => {
    const back = (priority: CardRecord['priority']) => comesBack(cardRecord({ priority }));
    expect([back('approval'), back('new-incident'), back('progress')]).toEqual([true, true, true]);
    expect([back('resolve'), back('digest')]).toEqual([false, false]);
  });
});

describe('a card', () => {
  it('is clean where nothing is to be done and nothing in doubt', () => {
    expect(isClean(cardRecord())).toBe(true);
    expect(isClean(unposted({ desired: gone }))).toBe(true);
    for (const card of [
      unposted(),
      cardRecord({ desired: gone }),
      cardRecord({ desired: desired(2) }),
      cardRecord({ claim: claim() }),
      cardRecord({ suspect: suspect() }),
      cardRecord({ sent: { version: 1, ts: '17.1', at: start, repeat: true } }),
    ]) {
      expect(isClean(card)).toBe(false);
    }
  });

  const sent = { version: 1, ts: '17.2', at: start + 9 };

  it('has nothing in its way once it is posted', () => {
    const card = unposted({ claim: claim(), problem: 'not invited', notBefore: start });
    expect(posted(card, sent)).toEqual(cardRecord({ sent }));
  });

  it('is looked for anew where it is posted after an attempt that may come late', () => {
    const doubtful = unposted({ claim: claim(), suspect: suspect({ since: start - 9, looks: 3 }) });
    expect(posted(doubtful, sent).suspect).toEqual({ since: start - 9, from: start + 9, looks: 0 });
    // an edit is no new message
    const edit = cardRecord({ suspect: suspect({ looks: 3 }) });
    expect(posted(edit, sent).suspect).toEqual(suspect({ looks: 3 }));
  });

  it('is edited once more where an edit before this one may come late, and not a third time', () => {
    const doubtful = cardRecord({ sent: { version: 1, ts: '17.1', at: start, repeat: true } });
    const newer = { version: 2, ts: '17.1', at: start + 9 };
    const once = edited(doubtful, newer);
    expect(once.sent).toEqual({ ...newer, repeat: true });
    expect(edited(once, { ...newer, at: start + 20 }).sent).toEqual({ ...newer, at: start + 20 });
    expect(edited(cardRecord(), newer).sent).toEqual(newer);
  });

  it('says what stands in its way, and for how long it is left alone', () => {
    expect(problemOf({ code: 'not-in-channel', channel: 'C1' }, start)).toEqual({
      problem: 'The bot is not in C1; invite it there.',
      notBefore: start + 60_000,
    });
    expect(problemOf({ code: 'channel-gone', channel: 'C1', error: 'is_archived' }, start)).toEqual(
      {
        problem: 'C1 cannot be posted to (is_archived).',
        notBefore: start + 60_000,
      },
    );
    expect(
      problemOf({ code: 'refused', method: 'chat.update', error: 'invalid_blocks' }, start),
    ).toEqual({
      problem: 'Slack refuses chat.update (invalid_blocks).',
      notBefore: start + 300_000,
    });
    expect(problemOf({ code: 'no-reply', detail: 'time-out' }, start)).toBeUndefined();
  });
});
