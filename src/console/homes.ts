import type { Clock } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { ActorNow } from '#src/command/context.ts';
import { failureView } from '#src/console/failure-view.ts';
import type { GatherHome, HomeData } from '#src/console/home-data.ts';
import { homeView } from '#src/console/home-view.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import { renderHome } from '#src/slack/home-blocks.ts';
import type { Slack, SlackUser } from '#src/slack/slack.ts';
import type { Line, View } from '#src/view.ts';

/**
 * The Homes of people. One is published when it is opened and after each click in it; for a quarter of an
 * hour after that, again whenever something that it shows has changed: whoever follows a failure leaves it
 * open, and a list that is no longer true misleads. Each says as of when it is, for whoever comes later.
 */
export interface Homes {
  /** Shows a person the Home as it is now, and follows it. @returns why the person is refused, if so */
  show(user: SlackUser, notice?: Line): Promise<Failure | undefined>;
  /** Keeps open Homes true until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export interface HomesOptions {
  readonly slack: Pick<Slack, 'publishHome'>;
  readonly identify: (user: SlackUser) => Promise<ActorNow>;
  readonly gather: GatherHome;
  readonly clock: Clock;
  readonly log: Log;
}

/** views.publish takes more than a hundred a minute; opening one must always be possible. */
const followEveryMs = 5_000;
const mostPerRound = 4;
const mostFollowed = 20;
const followMs = 15 * 60_000;

interface Followed {
  readonly user: SlackUser;
  readonly seenAt: number;
  /** What the Home shows, but for the time of looking. */
  readonly shown: string;
}

type Found =
  | { readonly kind: 'home'; readonly data: HomeData }
  | { readonly kind: 'refused'; readonly failure: Failure };

const refused = (why: string): Found => ({
  kind: 'refused',
  failure: { code: 'refused-person', why },
});

export const createHomes = ({ slack, identify, gather, clock, log }: HomesOptions): Homes => {
  const followed = new Map<string, Followed>();
  let notBefore = 0;

  const find = async (user: SlackUser): Promise<Found> => {
    const now = await identify(user);
    switch (now.kind) {
      case 'known':
        return { kind: 'home', data: await gather(now.actor satisfies Actor) };
      case 'refused':
        return refused(now.why);
      case 'unknown':
        return refused('Slack cannot be asked who you are just now.');
      default:
        return now satisfies never;
    }
  };

  const viewOf = (found: Found, notice: Line | undefined): View =>
    found.kind === 'home'
      ? homeView(found.data, clock.now(), notice)
      : failureView(found.failure, undefined);

  const publish = async (user: SlackUser, found: Found, notice?: Line): Promise<boolean> => {
    const blocks = renderHome(viewOf(found, notice));
    const published = await slack.publishHome(user.user, blocks);
    if (!published.ok) {
      const { failure } = published;
      if (failure.code === 'rate-limited') {
        notBefore = clock.now() + failure.retryAfterMs;
      }
      log.warn({ failure, user: user.user }, 'a Home could not be shown');
    }
    return published.ok;
  };

  const follow = (user: SlackUser, found: Found, seenAt: number): void => {
    followed.delete(user.user);
    followed.set(user.user, { user, seenAt, shown: JSON.stringify(found) });
    const [oldest] = followed.keys();
    if (followed.size > mostFollowed && oldest !== undefined) {
      followed.delete(oldest);
    }
  };

  /** @returns whether Slack was called */
  const keepTrue = async ({ user, seenAt, shown }: Followed): Promise<boolean> => {
    const found = await find(user);
    if (JSON.stringify(found) === shown) {
      return false;
    }
    if (await publish(user, found)) {
      follow(user, found, seenAt);
    }
    return true;
  };

  const round = async (): Promise<void> => {
    let calls = 0;
    for (const one of [...followed.values()]) {
      if (clock.now() - one.seenAt > followMs) {
        followed.delete(one.user.user);
      } else if (calls < mostPerRound && clock.now() >= notBefore) {
        calls += (await keepTrue(one)) ? 1 : 0;
      }
    }
  };

  return {
    show: async (user, notice) => {
      const found = await find(user);
      if (await publish(user, found, notice)) {
        follow(user, found, clock.now());
      }
      return found.kind === 'refused' ? found.failure : undefined;
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.wait(followEveryMs, signal);
        try {
          await round();
        } catch (error) {
          log.error({ error }, 'Homes could not be kept true');
        }
      }
    },
  };
};
