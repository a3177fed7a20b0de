import { describe, expect, it } from 'vitest';
import { fail, ok, type Result } from '#src/result.ts';
import { createPulse } from '#src/slack/pulse.ts';
import type { SlackFailure } from '#src/slack/slack.ts';

const start = () => {
  let now = 0;
  let asked = 0;
  let answer: Result<unknown, SlackFailure> = ok({});
  let open = true;
  const pulse = createPulse({
    ask: async () => {
      asked += 1;
      return answer;
    },
    listening: () => open,
    clock: { now: () => now },
  });
  return {
    pulse,
    asked: () => asked,
    pass: (ms: number) => {
      now += ms;
    },
    answer: (next: Result<unknown, SlackFailure>) => {
      answer = next;
    },
    hang: () => {
      open = false;
    },
  };
};

describe('the pulse of Slack', () => {
  it('is asked for once in a while, however often somebody looks', async () => {
    const { pulse, asked, pass } = start();

    for (let second = 0; second < 60; second += 1) {
      expect(await pulse()).toEqual({ up: true });
      pass(1_000);
    }

    expect(asked()).toBe(3);
  });

  it('shows a token that was revoked after it had worked, and that it works again', async () => {
    const { pulse, pass, answer } = start();
    await pulse();

    answer(fail({ code: 'token-rejected', error: 'token_revoked' }));
    pass(20_000);
    expect(await pulse()).toEqual({
      up: false,
      detail: "Slack does not accept the bot's token (token_revoked).",
    });
    answer(ok({}));
    pass(5_000);
    expect(await pulse()).toEqual({ up: true });
  });

  it('tells a socket that is not open from a Slack that is away', async () => {
    const { pulse, hang, answer, pass } = start();

    hang();
    expect(await pulse()).toEqual({ up: false, detail: 'The socket to Slack is not open.' });
    answer(fail({ code: 'unreachable', detail: 'connect ECONNREFUSED' }));
    pass(20_000);
    expect(await pulse()).toEqual({
      up: false,
      detail: 'Slack cannot be reached (connect ECONNREFUSED).',
    });
  });
});
