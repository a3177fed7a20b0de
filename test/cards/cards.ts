import { renderMessage } from '#src/slack/blocks.ts';
import { renderHome } from '#src/slack/home-blocks.ts';
import type { SlackBlock } from '#src/slack/slack.ts';
import { answerCards } from '#test/cards/answers.ts';
import { homes } from '#test/cards/homes.ts';
import { incidentCards } from '#test/cards/incidents.ts';

/** What Slack is sent for one card, in the form that Block Kit Builder takes. */
export type SentCard =
  | { readonly text: string; readonly blocks: readonly SlackBlock[] }
  | { readonly type: 'home'; readonly blocks: readonly SlackBlock[] };

/** Each card and view of the product, by `<area>/<state>`, as Slack is sent it. */
export const sentCards = async (): Promise<Readonly<Record<string, SentCard>>> => {
  const messages = { ...incidentCards(), ...(await answerCards()) };
  return {
    ...Object.fromEntries(
      Object.entries(messages).map(([name, view]) => [name, renderMessage(view)]),
    ),
    ...Object.fromEntries(
      Object.entries(homes()).map(([name, view]) => [
        name,
        { type: 'home' as const, blocks: renderHome(view) },
      ]),
    ),
  };
};
