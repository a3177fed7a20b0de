import type { Clock } from '#src/clock.ts';
import { ok, type Result } from '#src/result.ts';
import { saySlackFailure } from '#src/slack/say-failure.ts';
import type { SlackFailure } from '#src/slack/slack.ts';

/** An answer tells this long that Slack is there and knows us. */
const wellForMs = 20_000;
const unwellForMs = 5_000;

export interface PulseOptions {
  /** Asks Slack who we are, each time anew. */
  readonly ask: () => Promise<Result<unknown, SlackFailure>>;
  /** Whether what Slack sends reaches us. */
  readonly listening: () => boolean;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Whether Slack is there, and why not, in words. Seldom asked: an answer counts for a while, so that
 * whoever looks often costs Slack little, and a token that is revoked or a Slack that is away still shows.
 */
export const createPulse = ({ ask, listening, clock }: PulseOptions) => {
  let last: Result<unknown, SlackFailure> = ok(undefined);
  let freshUntil = Number.NEGATIVE_INFINITY;

  return async (): Promise<{ readonly up: boolean; readonly detail?: string }> => {
    if (clock.now() >= freshUntil) {
      last = await ask();
      freshUntil = clock.now() + (last.ok ? wellForMs : unwellForMs);
    }
    if (!last.ok) {
      return { up: false, detail: saySlackFailure(last.failure) };
    }
    return listening() ? { up: true } : { up: false, detail: 'The socket to Slack is not open.' };
  };
};
