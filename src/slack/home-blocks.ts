import { renderMessage } from '#src/slack/blocks.ts';
import type { SlackBlock } from '#src/slack/slack.ts';
import type { Part, View } from '#src/view.ts';

/** Slack's limit for the Home tab. */
const mostBlocks = 100;
const divider: SlackBlock = { type: 'divider' };

/** What stands under one heading, with it. */
const sectionsOf = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const sections: Part[][] = [];
  for (const part of parts) {
    const section = sections.at(-1);
    if (section === undefined || part.kind === 'heading') {
      sections.push([part]);
    } else {
      section.push(part);
    }
  }
  return sections;
};

/** A view as the Home tab shows it: a line between what stands under one heading and the next. */
export const renderHome = ({ summary, parts }: View): readonly SlackBlock[] =>
  sectionsOf(parts)
    .flatMap((section, index) => [
      ...(index === 0 ? [] : [divider]),
      ...renderMessage({ summary, parts: section }).blocks,
    ])
    .slice(0, mostBlocks);
