import { failureView } from '#src/console/failure-view.ts';
import { type Identify, refusals } from '#src/console/identify.ts';
import { messageShortcuts } from '#src/console/offer.ts';
import type { Offering } from '#src/console/offering.ts';
import type { RefusePerson } from '#src/console/refusal.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import type { IncomingShortcut } from '#src/slack/incoming.ts';
import type { Slack } from '#src/slack/slack.ts';
import { isStoreUnavailable } from '#src/store/store.ts';
import type { SayTime } from '#src/text/plain.ts';
import type { View } from '#src/view.ts';

export interface ShortcutDoorOptions {
  readonly slack: Pick<Slack, 'respond'>;
  readonly identify: Identify;
  readonly offer: Offering;
  readonly log: Log;
  readonly refusePerson: RefusePerson;
  /** The workspace whose people are answered. */
  readonly team: () => string;
  readonly sayTime?: SayTime | undefined;
}

/** Answers a message shortcut: what can be done about the incident of that message, to whoever asked. */
export const createShortcutDoor = (options: ShortcutDoorOptions) => {
  const { slack, identify, offer, log, refusePerson, team, sayTime } = options;

  const refuse = async (incoming: IncomingShortcut, why: string): Promise<View> => {
    const failure: Failure = { code: 'refused-person', why };
    await refusePerson(incoming, failure);
    return failureView(failure, undefined);
  };

  const answerTo = async (incoming: IncomingShortcut): Promise<View> => {
    if (incoming.workspace !== team()) {
      return refuse(incoming, refusals.external);
    }
    const person = await identify({ team: incoming.team, user: incoming.user });
    switch (person.kind) {
      case 'known':
        return offer(person.actor, incoming.channel, incoming.root);
      case 'refused':
        return refuse(incoming, person.why);
      case 'unknown':
        return refuse(incoming, 'Slack cannot be asked who you are just now, so nothing was done.');
      default:
        return person satisfies never;
    }
  };

  const orFailure = async (incoming: IncomingShortcut): Promise<View> => {
    try {
      return await answerTo(incoming);
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      return failureView({ code: 'store-unavailable' }, undefined);
    }
  };

  return async (incoming: IncomingShortcut): Promise<void> => {
    const { responseUrl, thread, delivery, callbackId } = incoming;
    if (!messageShortcuts.some((one) => one.callbackId === callbackId)) {
      log.warn({ callbackId }, 'Slack sent a shortcut that is not ours');
      return;
    }
    const told = await slack.respond({
      responseUrl,
      audience: 'asker',
      ...(thread === undefined ? {} : { thread }),
      ...renderMessage(await orFailure(incoming), sayTime),
    });
    if (!told.ok) {
      log.warn({ failure: told.failure, delivery }, 'an answer did not get through');
    }
  };
};
