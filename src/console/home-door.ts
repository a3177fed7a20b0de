import type { Converse } from '#src/console/console.ts';
import type { Homes } from '#src/console/homes.ts';
import type { Log } from '#src/log.ts';
import type { IncomingClick, IncomingHome } from '#src/slack/inbound.ts';
import type { Slack } from '#src/slack/slack.ts';

export interface HomeDoorOptions {
  readonly converse: Converse;
  readonly homes: Homes;
  readonly slack: Pick<Slack, 'directChannel'>;
  readonly log: Log;
  /** The workspace whose people are answered. */
  readonly team: () => string;
}

const sayFailed = 'Slack does not let the bot write to you just now, so nothing was done.';

/**
 * Takes what people do in the Home tab. A click there has no channel:
 * its answer comes as a message between the bot and that person, where a card can be followed to its end.
 */
export const createHomeDoor = ({ converse, homes, slack, log, team: ours }: HomeDoorOptions) => {
  const click = async (incoming: IncomingClick): Promise<void> => {
    const { team, user } = incoming;
    if (incoming.request.answer === 'in-place') {
      return homes.show({ team, user });
    }
    const direct = await slack.directChannel(user);
    if (!direct.ok) {
      log.warn({ failure: direct.failure, user }, 'a click in a Home could not be answered');
      return homes.show({ team, user }, [sayFailed]);
    }
    await converse({ ...incoming, channel: direct.value });
    return homes.show({ team, user });
  };

  const opened = async ({ workspace, team, user }: IncomingHome): Promise<void> => {
    if (workspace === ours()) {
      return homes.show({ team, user });
    }
    log.warn({ team: workspace, user }, 'a person was refused');
  };

  return { opened, click };
};
