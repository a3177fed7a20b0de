import { describe, expect, it } from 'vitest';
import type { Slack } from '#src/slack/slack.ts';
import { createBench } from '#test/fakes/outbox-bench.ts';

describe('an edit that was not answered', () => {
  it('does not stay over the next one when Slack carries it out late', async () => {
    const bench = createBench();
    const { slack, clock } = bench;
    let edits = 0;
    const update: Slack['update'] = async (message) => {
      edits += 1;
      if (edits > 1) {
        return slack.update(message);
      }
      void clock.wait(6_000).then(() => slack.update(message));
      return { ok: false, failure: { code: 'no-reply', detail: 'time-out' } };
    };
    bench.start({ slack: { ...slack, update } });
    await bench.want('a', 'fails');
    await clock.advance(1_000);
    await bench.want('a', 'is suspended', { priority: 'resolve' });
    await clock.advance(100);
    await bench.want('a', 'is well again', { priority: 'resolve' });

    await clock.advance(60_000);

    expect(bench.texts()).toEqual(['is well again']);
    expect((await bench.card('a'))?.sent?.repeat).toBeUndefined();
  });
});
