import { describe, expect, it } from 'vitest';
import { createTell } from '#src/console/tell.ts';
import { silentLog } from '#src/log.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';

const createBench = (isStoreAway: boolean) => {
  const slack = createFakeSlack({ clock: createVirtualClock() });
  const warned: unknown[] = [];
  const answers = {
    post: async () => {
      if (isStoreAway) {
        throw storeUnavailable('away');
      }
      return true;
    },
    placed: async () => ({ kind: 'waiting' as const }),
  };
  const log = { ...silentLog, warn: (fields: unknown) => void warned.push(fields) };
  const tell = createTell({ slack, answers, log });
  const inHome = { delivery: 'D1', user: 'U1', channel: 'DU1', home: true };
  return { slack, warned, tell: () => tell(inHome, { summary: 'well', parts: [] }) };
};

describe('an answer to what was asked in a Home', () => {
  it('is left to the outbox', async () => {
    const { slack, tell } = createBench(false);

    expect(await tell()).toBe(true);
    expect(slack.messages()).toEqual([]);
  });

  it('is posted at once while the store is away', async () => {
    const { slack, tell } = createBench(true);

    expect(await tell()).toBe(true);
    expect(slack.messages()).toMatchObject([{ channel: 'DU1', text: 'well' }]);
  });

  it('has not got through where Slack does not take it then either, and the log says so', async () => {
    const { slack, tell, warned } = createBench(true);
    const failure = { code: 'unreachable', detail: 'reset' } as const;
    slack.interfere(() => ({ failure }));

    expect(await tell()).toBe(false);
    expect(warned).toEqual([{ failure, delivery: 'D1' }]);
  });
});
