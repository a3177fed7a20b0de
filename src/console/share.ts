import { hash } from 'node:crypto';
import type { Clock } from '#src/clock.ts';
import { type Actor, actorName } from '#src/command/actor.ts';
import type { Reply } from '#src/command/dispatch.ts';
import { canonical } from '#src/command/journal.ts';
import type { Answers, Placed } from '#src/console/answers.ts';
import { ButtonValue } from '#src/slack/button.ts';
import type { IncomingClick } from '#src/slack/incoming.ts';
import type { SlackFailure } from '#src/slack/slack.ts';
import type { Button, Line, View } from '#src/view.ts';

export type ReadReply = Extract<Reply, { kind: 'view' }>;

/** Somebody waits for it; what appears hours later, when the bot is invited at last, helps nobody. */
const shareWithinMs = 10 * 60_000;
const patienceMs = 3_000;

const Input = ButtonValue.shape.i;

/** A view with further buttons beside the ones it has; in a row of their own where it has several rows. */
const withButton = (view: View, button: Button): View => {
  const rows = view.parts.filter((part) => part.kind === 'buttons');
  const [row] = rows;
  if (row !== undefined && rows.length === 1) {
    const wider = { ...row, buttons: [...row.buttons, button] };
    return { ...view, parts: view.parts.map((part) => (part === row ? wider : part)) };
  }
  return { ...view, parts: [...view.parts, { kind: 'buttons', buttons: [button] }] };
};

const withSmall = (view: View, line: Line): View => ({
  ...view,
  parts: [...view.parts, { kind: 'small', line }],
});

/**
 * An answer with a button that shows it to the whole channel. The button asks the same anew, as whoever
 * clicks it. Not in a conversation of two, where there is nobody else.
 */
export const shareable = (reply: ReadReply, channel: string): View => {
  const input = Input.safeParse(reply.asked.input);
  const { command } = reply.asked;
  return input.success && !channel.startsWith('D')
    ? withButton(reply.view, { label: 'Share', command, input: input.data, answer: 'in-channel' })
    : reply.view;
};

/** An answer as the channel sees it. */
export const sharedView = (view: View, user: string, name: string): View => ({
  ...withSmall(view, ['shared by ', { kind: 'person', user, name, notify: false }]),
  summary: `${view.summary} (shared by @${name})`,
});

/** Why a message of ours does not stand in a channel, and what helps. */
export const whyNotShown = (
  failure: SlackFailure | undefined,
  problem: string | undefined,
  botName: string,
): Line => {
  // a private channel that the bot is not in does not exist for it
  const hidden = failure?.code === 'channel-gone' && failure.error === 'channel_not_found';
  if (failure?.code === 'not-in-channel' || hidden) {
    return [
      'The bot is not a member here. Invite it with ',
      { kind: 'code', text: `/invite @${botName}` },
      '; what waits for it is then posted within a minute.',
    ];
  }
  return failure?.code === 'channel-gone'
    ? ['This channel is archived or closed to the bot.']
    : [problem ?? 'Slack does not take messages just now; it is tried again.'];
};

/** An answer in a channel that the bot is known not to be in: it hears and posts nothing there. */
export const withInvitation = (
  view: View,
  failure: SlackFailure | undefined,
  botName: string,
): View =>
  failure?.code === 'not-in-channel'
    ? withSmall(view, whyNotShown(failure, undefined, botName))
    : view;

export interface ShareOptions {
  readonly answers: Answers;
  readonly clock: Clock;
  readonly botName: string;
  readonly channelProblem: (channel: string) => SlackFailure | undefined;
}

/** One answer and one click on it are one shared message, also when the click comes twice. */
const shareId = (incoming: IncomingClick): string => {
  const what = canonical({
    answer: incoming.message ?? incoming.delivery,
    user: incoming.user,
    command: incoming.request.command,
    input: { ...incoming.request.input },
  });
  return `shared-${hash('sha256', what).slice(0, 26)}@${incoming.channel}`;
};

/**
 * Posts an answer in the channel for all to see.
 * @returns what its asker sees from then on, in the place of the answer that was shared
 */
export const createShare =
  ({ answers, clock, botName, channelProblem }: ShareOptions) =>
  async (incoming: IncomingClick, reply: ReadReply, actor: Actor): Promise<View> => {
    const id = shareId(incoming);
    await answers.post({
      id,
      channel: incoming.channel,
      under: incoming.thread,
      until: clock.now() + shareWithinMs,
      view: sharedView(reply.view, incoming.user, actorName(actor)),
    });
    const placed = await answers.placed(id, patienceMs);
    return withSmall(reply.view, sayPlaced(placed, channelProblem(incoming.channel), botName));
  };

const sayPlaced = (placed: Placed, failure: SlackFailure | undefined, botName: string): Line => {
  switch (placed.kind) {
    case 'shown':
      return ['Shared in this channel.'];
    case 'refused':
      return ['Not shared yet. ', ...whyNotShown(failure, placed.problem, botName)];
    case 'waiting':
      return failure === undefined
        ? ['It appears in this channel in a moment.']
        : ['Not shared yet. ', ...whyNotShown(failure, undefined, botName)];
    default:
      return placed satisfies never;
  }
};
