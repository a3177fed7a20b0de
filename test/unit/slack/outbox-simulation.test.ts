import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '#src/clock.ts';
import { silentLog } from '#src/log.ts';
import type { CardPriority } from '#src/slack/card.ts';
import { startOutbox } from '#src/slack/outbox.ts';
import type { SlackFailure } from '#src/slack/slack.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { countingIds, createVirtualClock } from '#test/fakes/clock.ts';
import { desire, saying } from '#test/fakes/outbox-bench.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';

/*
 * Several outboxes on one store and one Slack, in virtual time. At each call of a port a process may crash
 * (it is replaced), or stand still past its lease and go on as if nothing had been; Slack limits, loses
 * replies and shows its history late; clocks differ by up to five minutes. Two minutes after all that ends,
 * Slack shows each card once, with its last text.
 */

/** Chance from a seed: the same seed, the same run. */
const createChance = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

type Call = (...parameters: never[]) => unknown;

interface Process {
  readonly alive: () => boolean;
  readonly wake: () => void;
}

const simulate = async (seed: number) => {
  const chance = createChance(seed);
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const slack = createFakeSlack({ clock });
  const trouble = new Set(['on']);
  /** Under 1 while there is trouble: what happens next. */
  const luck = (): number => (trouble.has('on') ? chance() : 1);
  const pick = (most: number): number => Math.floor(chance() * most);
  slack.setHistoryDelay(pick(5_000));

  slack.interfere((verb) => {
    const roll = luck();
    const failures: readonly [number, SlackFailure, boolean][] = [
      [0.04, { code: 'rate-limited', retryAfterMs: 1_000 + pick(8_000) }, false],
      [0.07, { code: 'no-reply', detail: 'never arrived' }, false],
      [0.14, { code: 'no-reply', detail: 'reply lost' }, true],
      [0.17, { code: 'unreachable', detail: 'refused' }, false],
    ];
    const [, failure, after] = failures.find(([below]) => roll < below) ?? [];
    return failure === undefined || verb === 'person'
      ? undefined
      : { failure, after: after === true };
  });

  const startProcess = (name: string): Process => {
    const skew = pick(600_000) - 300_000;
    let dead = false;
    let stillUntil = 0;
    // Who stands still past its lease in the middle of an edit, and dies before it has noticed, leaves an
    // old text that nobody knows of: Slack cannot be fenced. That one case is left out.
    let spared = 0;

    const strike = (roll: number): void => {
      spared -= 1;
      if (roll < 0.006 && spared < 0) {
        dead = true;
      } else if (roll < 0.012) {
        stillUntil = clock.now() + 5_000 + pick(40_000);
        spared = 300;
      }
    };
    const pass = async (): Promise<void> => {
      strike(luck());
      while (clock.now() < stillUntil && trouble.has('on')) {
        await clock.wait(500);
      }
      if (dead) {
        await new Promise(() => undefined);
      }
    };
    const gated = <Port extends object>(port: Port, slow: boolean): Port => {
      const through = Object.entries(port).map(([verb, call]: [string, Call]) => [
        verb,
        async (...parameters: never[]) => {
          await pass();
          await clock.wait(slow ? pick(400) : 0);
          const result = await call(...parameters);
          await pass();
          return result;
        },
      ]);
      return Object.fromEntries(through) as Port;
    };
    const own: Clock = {
      now: () => clock.now() + skew,
      wait: async (ms, signal) => {
        await clock.wait(ms, signal);
        await pass();
      },
    };
    const outbox = startOutbox({
      store: gated(store, false),
      slack: gated(slack, true),
      clock: own,
      ids: countingIds(name),
      log: silentLog,
    });
    return { alive: () => !dead, wake: outbox.wake };
  };

  const processes = [startProcess('a'), startProcess('b')];
  const priorities: readonly CardPriority[] = ['approval', 'new-incident', 'progress'];
  const wanted = new Map<string, string | undefined>();
  const want = async (id: string, thread: string | undefined, gone: boolean): Promise<void> => {
    const text = gone ? undefined : `${id} at ${clock.now()}`;
    wanted.set(id, text);
    const wish = {
      id,
      channel: id.startsWith('card-0') ? 'C2' : 'C1',
      thread,
      priority: priorities[pick(3)] ?? 'progress',
      view: text === undefined ? undefined : saying(text),
    };
    await desire(store, wish, clock.now());
    for (const process of processes) {
      process.wake();
    }
  };
  /** A new text for some card: one that comes and goes, a root, or a reply under a root. */
  const wish = async (): Promise<void> => {
    const root = `card-${pick(3)}`;
    const kind = pick(4);
    if (kind === 0) {
      await want('fleeting', undefined, chance() < 0.5);
    } else {
      await want(root, undefined, false);
    }
    if (kind === 1) {
      await want(`${root}/${pick(3)}`, root, false);
    }
  };

  for (let step = 0; step < 60; step += 1) {
    if (chance() < 0.4) {
      await wish();
    }
    await clock.advance(1_500);
    processes.forEach((process, index) => {
      if (!process.alive()) {
        processes[index] = startProcess(`${step}-${index}`);
      }
    });
  }
  trouble.clear();
  await clock.advance(120_000);
  return { wanted, shown: slack.messages() };
};

it('shows each card once with its last text, whatever happens to the processes and to Slack', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
      const { wanted, shown } = await simulate(seed);

      const texts = new Map(
        [...wanted.keys()].map((id) => [
          id,
          shown.filter(({ card }) => card.card === id).map(({ text }) => text),
        ]),
      );
      const expected = new Map(
        [...wanted].map(([id, text]) => [id, text === undefined ? [] : [text]]),
      );
      expect(texts).toEqual(expected);
    }),
    { numRuns: Number(process.env['OUTBOX_RUNS'] ?? 25), endOnFailure: true },
  );
}, 600_000);
