import type { Converse } from '#src/console/console.ts';
import type { Homes } from '#src/console/homes.ts';
import { refusals } from '#src/console/identify.ts';
import type { RefusePerson } from '#src/console/refusal.ts';
import type { Log } from '#src/log.ts';
import type { IncomingClick, IncomingHome } from '#src/slack/incoming.ts';
import type { Slack } from '#src/slack/slack.ts';

export interface HomeDoorOptions {
  readonly converse: Converse;
  readonly homes: Homes;
  readonly slack: Pick<Slack, 'directChannel'>;
  readonly log: Log;
  readonly refusePerson: RefusePerson;
  /** The workspace whose people are answered. */
  readonly team: () => string;
}

const sayFailed = 'Slack does not let the bot write to you just now, so nothing was done.';

/**
 * Takes what people do in the Home tab. A click there has no channel:
 * its answer comes as a message between the bot and that person, where a card can be followed to its end.
 */
export const createHomeDoor = (options: HomeDoorOptions) => {
  const { converse, homes, slack, log, refusePerson, team: ours } = options;

  const show = async (incoming: IncomingClick | IncomingHome): Promise<void> => {
    const { team, user } = incoming;
    const failure = await homes.show({ team, user });
    if (failure !== undefined) {
      await refusePerson(incoming, failure);
    }
  };

  const click = async (incoming: IncomingClick): Promise<void> => {
    const { team, user } = incoming;
    if (incoming.request.answer === 'in-place') {
      return show(incoming);
    }
    const direct = await slack.directChannel(user);
    if (!direct.ok) {
      log.warn({ failure: direct.failure, user }, 'a click in a Home could not be answered');
      await homes.show({ team, user }, [sayFailed]);
      return;
    }
    await converse({ ...incoming, channel: direct.value });
    await homes.show({ team, user });
  };

  const opened = (incoming: IncomingHome): Promise<void> =>
    incoming.workspace === ours()
      ? show(incoming)
      : refusePerson(incoming, { code: 'refused-person', why: refusals.external });

  return { opened, click };
};
