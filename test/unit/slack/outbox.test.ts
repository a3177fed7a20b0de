import { describe, expect, it } from 'vitest';
import { type LogFields, silentLog } from '#src/log.ts';
import { cardKey, dirtyCards } from '#src/slack/card.ts';
import type { OutboxProblem } from '#src/slack/outbox.ts';
import { type Json, storeUnavailable } from '#src/store/store.ts';
import { createBench, desire, saying } from '#test/fakes/outbox-bench.ts';

const once = <Value>(value: Value): (() => Value | undefined) => {
  let left: Value | undefined = value;
  return () => {
    const taken = left;
    left = undefined;
    return taken;
  };
};

describe('the outbox', () => {
  it('posts a card, edits it, and takes it away', async () => {
    const bench = createBench();
    bench.start();

    await bench.want('a', 'fails');
    await bench.clock.advance(100);
    const [posted] = bench.slack.messages();
    await bench.want('a', 'healthy', { priority: 'resolve' });
    await bench.clock.advance(100);
    const [edited] = bench.slack.messages();
    await bench.want('a', undefined);
    await bench.clock.advance(100);

    expect(posted?.text).toBe('fails');
    expect(edited).toMatchObject({ text: 'healthy', ts: posted?.ts });
    expect(bench.slack.messages()).toEqual([]);
    expect(await bench.store.count(dirtyCards)).toBe(0);
  });

  it('sends the latest of many wishes, not all of them', async () => {
    const bench = createBench();
    bench.start();

    for (let step = 0; step < 40; step += 1) {
      await bench.want('a', `step ${step}`, { priority: 'progress' });
      await bench.clock.advance(100);
    }
    await bench.clock.advance(2_000);

    expect(bench.texts()).toEqual(['step 39']);
    expect(bench.callsOf('update').length).toBeLessThanOrEqual(5);
  });

  it('finds a card whose wake-up was lost', async () => {
    const bench = createBench();
    bench.start();
    await bench.clock.advance(100);
    const wish = {
      id: 'a',
      channel: 'C1',
      priority: 'new-incident',
      view: saying('fails'),
    } as const;
    await desire(bench.store, wish, bench.clock.now());

    await bench.clock.advance(5_100);

    expect(bench.texts()).toEqual(['fails']);
  });

  it('posts the others though records cannot be read, and says so once of each', async () => {
    const bench = createBench();
    const said: string[] = [];
    await bench.want('a', 'was here before');
    bench.start().wake();
    await bench.clock.advance(100);
    await bench.store.commit({
      put: [
        { key: cardKey('a'), value: 'of another version' },
        { key: cardKey('b'), value: 'of another version' },
      ],
      index: [{ index: dirtyCards, member: 'b', score: 1 }],
    });
    await bench.clock.advance(11_000);

    const again = createBench();
    const log = {
      ...silentLog,
      error: (fields: LogFields, message: string) => said.push(`${fields['card']} ${message}`),
    };
    again.start({ store: bench.store, slack: bench.slack, log });
    await desire(
      bench.store,
      { id: 'c', channel: 'C1', priority: 'new-incident', view: saying('fails') },
      again.clock.now(),
    );
    await again.clock.advance(60_000);

    expect(bench.texts()).toEqual(['was here before', 'fails']);
    expect(said).toEqual(['b card cannot be read']);
  });

  it('puts a reply under its root, and waits for the root', async () => {
    const bench = createBench();
    bench.start();

    await bench.want('a/1', 'the story', { thread: 'a', priority: 'progress' });
    await bench.clock.advance(6_000);
    const early = bench.texts();
    await bench.want('a', 'fails');
    await bench.clock.advance(6_000);

    const [root, reply] = bench.slack.messages();
    expect(early).toEqual([]);
    expect(root).toMatchObject({ text: 'fails', thread: undefined });
    expect(reply).toMatchObject({ text: 'the story', thread: root?.ts });
  });

  it('posts what is urgent first within what Slack allows', async () => {
    const bench = createBench();
    await bench.want('digest', 'digest', { priority: 'digest' });
    for (let index = 0; index < 5; index += 1) {
      await bench.want(`incident-${index}`, `incident ${index}`);
    }
    await bench.want('approval', 'approval', { priority: 'approval' });

    bench.start();
    await bench.clock.advance(10_000);

    expect(bench.texts()[0]).toBe('approval');
    expect(bench.texts().at(-1)).toBe('digest');
    const times = bench.callsOf('post').map(({ at }) => at);
    expect(times.filter((at) => at - (times[0] ?? 0) < 3_500).length).toBeLessThanOrEqual(6);
  });

  it('lets one channel wait without holding back another', async () => {
    const bench = createBench();
    bench.slack.interfere((verb, channel) =>
      verb === 'post' && channel === 'C1'
        ? { failure: { code: 'rate-limited', retryAfterMs: 30_000 } }
        : undefined,
    );
    bench.start();
    await bench.want('a', 'one', { channel: 'C1' });
    await bench.want('b', 'two', { channel: 'C2' });

    await bench.clock.advance(500);
    expect(bench.texts('C2')).toEqual(['two']);
    await bench.clock.advance(29_000);
    expect(bench.callsOf('post').filter(({ channel }) => channel === 'C1')).toHaveLength(1);
    bench.slack.interfere(() => undefined);
    await bench.clock.advance(1_500);
    expect(bench.texts('C1')).toEqual(['one']);
  });

  describe('with a channel that is archived for months', () => {
    const archived = {
      failure: { code: 'channel-gone', channel: 'C1', error: 'is_archived' },
    } as const;
    const gather = async (bench: ReturnType<typeof createBench>, count: number) => {
      for (let at = 0; at < count; at++) {
        const thread = at % 2 === 0 ? {} : { thread: `old-${at - 1}` };
        await bench.want(`old-${at}`, `old ${at}`, { channel: 'C1', ...thread });
      }
      await bench.clock.advance(60_000);
    };

    it('posts to the others however much waits for it', async () => {
      const bench = createBench();
      bench.slack.interfere((_, channel) => (channel === 'C1' ? archived : undefined));
      await gather(bench, 10_100);
      bench.start();
      await bench.clock.advance(30_000);

      await bench.want('new', 'fails', { channel: 'C2' });
      await bench.clock.advance(10_000);

      expect(bench.texts('C2')).toEqual(['fails']);
    });

    it('posts all that waited once it takes messages again', async () => {
      const bench = createBench();
      bench.slack.interfere((_, channel) => (channel === 'C1' ? archived : undefined));
      await gather(bench, 120);
      const outbox = bench.start();
      await bench.clock.advance(10 * 60_000);
      expect(outbox.status().behind).toBeLessThanOrEqual(50);

      bench.slack.interfere(() => undefined);
      await bench.clock.advance(10 * 60_000);

      expect(bench.texts('C1').length).toBe(120);
      expect(await bench.store.count(dirtyCards)).toBe(0);
    });
  });

  it('finds its message after a lost reply instead of posting again', async () => {
    const bench = createBench();
    const lost = once({ failure: { code: 'no-reply', detail: 'reset' } as const, after: true });
    bench.slack.interfere((verb) => (verb === 'post' ? lost() : undefined));
    bench.slack.setHistoryDelay(4_000);
    bench.start();
    await bench.want('a', 'fails');

    await bench.clock.advance(9_000);
    await bench.want('a', 'healthy', { priority: 'resolve' });
    await bench.clock.advance(5_000);

    expect(bench.texts()).toEqual(['healthy']);
    expect(bench.callsOf('post')).toHaveLength(1);
    expect((await bench.card('a'))?.claim).toBeUndefined();
  });

  it('posts again after three looks that find nothing, and removes what turns up late', async () => {
    const bench = createBench();
    const lost = once({ failure: { code: 'no-reply', detail: 'reset' } as const, after: true });
    bench.slack.interfere((verb) => (verb === 'post' ? lost() : undefined));
    bench.slack.setHistoryDelay(70_000);
    bench.start();
    await bench.want('a', 'fails');

    await bench.clock.advance(61_000);
    // The first search compares the channel with the records, before anything is posted.
    expect(
      bench
        .callsOf('ownMessages')
        .slice(1)
        .map(({ at }) => at - (bench.callsOf('post')[0]?.at ?? 0)),
    ).toEqual([2_000, 10_000, 60_000]);
    expect(bench.texts()).toHaveLength(2);
    await bench.clock.advance(240_000);

    expect(bench.texts()).toEqual(['fails']);
    expect((await bench.card('a'))?.suspect).toBeUndefined();
    expect(await bench.store.count(dirtyCards)).toBe(0);
  });

  it('posts an open card anew when somebody deleted it, and lets a resolved one go', async () => {
    const bench = createBench();
    bench.start();
    await bench.want('open', 'fails');
    await bench.want('over', 'failed');
    await bench.clock.advance(2_000);
    for (const { ts } of bench.slack.messages()) {
      bench.slack.deleteMessage(ts);
    }

    await bench.want('open', 'still fails', { priority: 'progress' });
    await bench.want('over', 'healthy', { priority: 'resolve' });
    await bench.clock.advance(5_000);

    expect(bench.texts()).toEqual(['still fails']);
    expect(await bench.store.count(dirtyCards)).toBe(0);
  });

  it('posts the root anew when a reply finds it deleted', async () => {
    const bench = createBench();
    bench.start();
    await bench.want('a', 'fails');
    await bench.clock.advance(2_000);
    bench.slack.deleteMessage(bench.slack.messages()[0]?.ts ?? '');

    await bench.want('a/1', 'the story', { thread: 'a', priority: 'progress' });
    await bench.clock.advance(10_000);

    const [root, reply] = bench.slack.messages();
    expect(root?.text).toBe('fails');
    expect(reply).toMatchObject({ text: 'the story', thread: root?.ts });
  });

  it.each(['not-joined', 'archived'] as const)(
    'tells the operators of a channel that is %s, and posts once it is mended',
    async (state) => {
      const bench = createBench();
      const told: (OutboxProblem | undefined)[] = [];
      bench.slack.setChannel('C1', state);
      const outbox = bench.start({ onProblem: (_, problem) => told.push(problem) });
      await bench.want('a', 'one');
      await bench.want('b', 'two');

      await bench.clock.advance(30_000);
      const during = { problems: outbox.status().problems, card: await bench.card('a') };
      const tries = bench.slack.calls().length;
      bench.slack.setChannel('C1', 'joined');
      await bench.clock.advance(65_000);

      expect(tries).toBe(1);
      expect(during.problems).toMatchObject([{ channel: 'C1' }]);
      expect(during.card?.problem).toContain('C1');
      expect(bench.texts()).toEqual(['one', 'two']);
      expect(told.map((problem) => problem?.failure.code)).toEqual([
        state === 'archived' ? 'channel-gone' : 'not-in-channel',
        undefined,
      ]);
      expect((await bench.card('a'))?.problem).toBeUndefined();
      expect(outbox.status()).toMatchObject({ problems: [], behind: 0 });
    },
  );

  it('sends a message that Slack refuses for its blocks as text', async () => {
    const bench = createBench();
    const refused = once({
      failure: { code: 'refused', method: 'chat.postMessage', error: 'invalid_blocks' } as const,
    });
    bench.slack.interfere((verb) => (verb === 'post' ? refused() : undefined));
    bench.start();
    await bench.want('a', 'fails');

    await bench.clock.advance(100);

    expect(bench.slack.messages()).toMatchObject([{ text: 'fails', blocks: [] }]);
  });

  it('backs off while Slack cannot be reached, and loses nothing', async () => {
    const bench = createBench();
    bench.slack.interfere(() => ({ failure: { code: 'unreachable', detail: 'refused' } }));
    const outbox = bench.start();
    await bench.want('a', 'fails');
    await bench.clock.advance(120_000);
    const tries = bench.slack.calls().length;
    const during = outbox.status().problems;
    bench.slack.interfere(() => undefined);
    await bench.clock.advance(31_000);

    expect(tries).toBeLessThan(12);
    expect(during).toMatchObject([{ channel: '*', failure: { code: 'unreachable' } }]);
    expect(bench.texts()).toEqual(['fails']);
    expect(outbox.status().problems).toEqual([]);
  });

  it('goes on when the store comes back', async () => {
    const bench = createBench();
    const away = new Set<string>();
    const store = {
      ...bench.store,
      range: (...parameters: Parameters<typeof bench.store.range>) =>
        away.has('store')
          ? Promise.reject(storeUnavailable('gone'))
          : bench.store.range(...parameters),
    };
    bench.start({ store });
    await bench.clock.advance(100);
    away.add('store');
    await bench.want('a', 'fails');
    await bench.clock.advance(20_000);
    const during = bench.texts();
    away.clear();
    await bench.clock.advance(3_000);

    expect(during).toEqual([]);
    expect(bench.texts()).toEqual(['fails']);
  });

  it('finds its messages again when the store has lost its last writes', async () => {
    const bench = createBench();
    const first = bench.start();
    await bench.want('a', 'fails');
    await bench.clock.advance(1_000);
    const [message] = bench.slack.messages();
    const closing = first.close();
    await bench.clock.advance(1_000);
    await closing;
    const lost = await bench.card('a');
    const { sent: _, ...before } = lost ?? {};
    await bench.store.commit({
      put: [{ key: cardKey('a'), value: before as unknown as Json }],
      index: [{ index: dirtyCards, member: 'a', score: 0 }],
    });

    bench.start();
    await bench.clock.advance(1_000);
    await bench.want('a', 'healthy', { priority: 'resolve' });
    await bench.clock.advance(1_000);

    expect(bench.callsOf('post')).toHaveLength(1);
    expect(bench.slack.messages()).toMatchObject([{ ts: message?.ts, text: 'healthy' }]);
  });

  it('removes the younger of two messages that the store does not know to be two', async () => {
    const bench = createBench();
    const outbox = bench.start();
    await bench.want('a', 'fails');
    await bench.clock.advance(1_000);
    const [recorded] = bench.slack.messages();
    await bench.slack.post({
      channel: 'C1',
      text: 'fails',
      blocks: [],
      card: { card: 'a', attempt: 'forgotten' },
    });

    outbox.recount();
    await bench.want('b', 'fails too');
    await bench.clock.advance(10_000);

    expect(bench.texts()).toEqual(['fails', 'fails too']);
    expect(bench.slack.messages()[0]?.ts).toBe(recorded?.ts);
  });

  describe('when a writer stands still past its lease and goes on', () => {
    /** Stops the calls of `verb` on a port, from the `nth` on, until `go`. */
    const stopFrom = <Port extends object>(port: Port, verb: keyof Port, nth = 1) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let calls = 0;
      const original = port[verb] as (...parameters: unknown[]) => Promise<unknown>;
      const stopping = async (...parameters: unknown[]): Promise<unknown> => {
        calls += 1;
        if (calls >= nth) {
          await promise;
        }
        return original(...parameters);
      };
      return { port: { ...port, [verb]: stopping } as Port, go: resolve };
    };

    it('does not post once another one has taken over', async () => {
      const bench = createBench();
      // Its fourth look at the lease: at the start, before the census, before the claim, and (here) after it.
      const { port, go } = stopFrom(bench.store, 'lease', 4);
      bench.start({ store: port });
      await bench.want('a', 'fails');
      await bench.clock.advance(1_000);
      bench.start();
      await bench.clock.advance(90_000);
      const byTheOther = bench.texts();
      go();
      await bench.clock.advance(1_000);

      expect(byTheOther).toEqual(['fails']);
      expect(bench.callsOf('post')).toHaveLength(1);
    });

    it('takes its own message back when the card has another one by then', async () => {
      const bench = createBench();
      const { port, go } = stopFrom(bench.slack, 'post');
      const { port: store, go: goLease } = stopFrom(bench.store, 'lease', 5);
      bench.start({ slack: port, store });
      await bench.want('a', 'fails');
      await bench.clock.advance(1_000);
      bench.start();
      await bench.clock.advance(90_000);
      const byTheOther = bench.slack.messages();
      go();
      await bench.clock.advance(100);
      const after = bench.slack.messages();
      goLease();
      await bench.clock.advance(200_000);

      expect(bench.callsOf('post')).toHaveLength(2);
      expect(byTheOther).toHaveLength(1);
      expect(after).toEqual(byTheOther);
      expect(bench.slack.messages()).toEqual(byTheOther);
    });

    it('has an edit that came too late put right', async () => {
      const bench = createBench();
      const { port, go } = stopFrom(bench.slack, 'update');
      const { port: store } = stopFrom(bench.store, 'lease', 7);
      bench.start({ slack: port, store });
      await bench.want('a', 'fails');
      await bench.clock.advance(1_000);
      await bench.want('a', 'fails twice');
      await bench.clock.advance(1_000);
      bench.start();
      await bench.clock.advance(20_000);
      await bench.want('a', 'healthy', { priority: 'resolve' });
      await bench.clock.advance(10_000);
      const before = bench.texts();
      go();
      await bench.clock.advance(0);
      const during = bench.texts();
      await bench.clock.advance(2_000);

      expect(before).toEqual(['healthy']);
      expect(during).toEqual(['fails twice']);
      expect(bench.texts()).toEqual(['healthy']);
    });
  });

  it('has one writer among several, and another one when it leaves', async () => {
    const bench = createBench();
    const outboxes = [bench.start(), bench.start(), bench.start()];
    await bench.clock.advance(100);
    expect(outboxes.map((outbox) => outbox.status().leading)).toEqual([true, false, false]);
    await bench.want('a', 'one');
    await bench.clock.advance(100);

    const closing = outboxes[0]?.close();
    await bench.clock.advance(100);
    await closing;
    await bench.want('b', 'two');
    await bench.clock.advance(6_000);

    expect(bench.texts()).toEqual(['one', 'two']);
    expect(bench.callsOf('post')).toHaveLength(2);
  });
});
