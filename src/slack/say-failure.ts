import type { SlackFailure } from '#src/slack/slack.ts';

/** A failure for the operator: what happened, and what helps where it is for them to help. */
export const saySlackFailure = (failure: SlackFailure): string => {
  switch (failure.code) {
    case 'rate-limited':
      return 'Slack asks to go slower.';
    case 'no-reply':
      return `Slack does not answer (${failure.detail}).`;
    case 'unreachable':
      return `Slack cannot be reached (${failure.detail}).`;
    case 'not-in-channel':
      return `The bot is not in ${failure.channel}; invite it there.`;
    case 'channel-gone':
      return `${failure.channel} cannot be posted to (${failure.error}).`;
    case 'message-gone':
      return `A message in ${failure.channel} was deleted.`;
    case 'token-rejected':
      return `Slack does not accept the bot's token (${failure.error}).`;
    case 'refused':
      return `Slack refuses ${failure.method} (${failure.error}).`;
    default:
      return failure satisfies never;
  }
};
