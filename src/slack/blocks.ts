import { fallbackText } from '#src/slack/fallback.ts';
import {
  blockLimits,
  type Piece,
  partPieces,
  section,
  sectionText,
} from '#src/slack/part-blocks.ts';
import type { SlackBlock } from '#src/slack/slack.ts';
import { sayCount } from '#src/text/duration.ts';
import type { SayTime } from '#src/text/plain.ts';
import type { Part, View } from '#src/view.ts';

/**
 * Slack's limits for a whole message. The sum of all text is not documented; a message is refused
 * (`msg_blocks_too_long`) near 13,200 characters, so we stay below.
 * @see https://github.com/slackapi/bolt-js/issues/2509
 */
export const messageLimits = { blocks: 50, text: 12_000 } as const;

export interface RenderedMessage {
  /** Plain text: notification, screen reader, and what shows where blocks cannot. */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/**
 * A view as a Slack message that Slack accepts, whatever the view: what does not fit is cut with a notice,
 * the first part, the buttons and the small print last of all.
 * @param sayTime - for the plain text; in the blocks Slack itself puts times into the reader's zone
 */
export const renderMessage = (view: View, sayTime?: SayTime): RenderedMessage => ({
  text: fallbackText(view, sayTime),
  blocks: fitMessage(view),
});

interface Ranked extends Piece {
  readonly rank: 0 | 1 | 2;
  readonly introduces: boolean;
  readonly introduced: boolean;
}

/** A list or a quotation stands in the same block as the text that introduces it, where both fit. */
const joinIntroduction = (before: readonly Ranked[], piece: Ranked): readonly Ranked[] => {
  const last = before.at(-1);
  if (last === undefined || !last.introduces || !piece.introduced) {
    return [...before, piece];
  }
  const text = `${sectionText(last.block)}\n${sectionText(piece.block)}`;
  return text.length > blockLimits.sectionText
    ? [...before, piece]
    : [
        ...before.slice(0, -1),
        {
          ...last,
          block: section(text),
          lines: last.lines + piece.lines,
          introduces: false,
        },
      ];
};

const rankOf = (part: Part, index: number): Ranked['rank'] => {
  if (index === 0) {
    return 0;
  }
  return part.kind === 'buttons' || part.kind === 'small' ? 1 : 2;
};

const noticeSize = 100;

const fitMessage = (view: View): readonly SlackBlock[] => {
  const pieces = view.parts
    .flatMap((part, index): readonly Ranked[] =>
      partPieces(part).map((piece) => ({
        ...piece,
        rank: rankOf(part, index),
        introduces: part.kind === 'text',
        introduced: part.kind === 'list' || part.kind === 'quote',
      })),
    )
    .reduce<readonly Ranked[]>(joinIntroduction, []);
  if (pieces.length === 0) {
    return partPieces({ kind: 'text', line: [view.summary || 'flux-chatops'] }).map(
      ({ block }) => block,
    );
  }
  const kept = choose(pieces);
  const blocks = pieces.filter((piece) => kept.has(piece)).map(({ block }) => block);
  const left = pieces.filter((piece) => !kept.has(piece));
  if (left.length === 0) {
    return blocks;
  }
  const lines = left.reduce((sum, piece) => sum + piece.lines, 0);
  const at = pieces.filter((piece, index) => kept.has(piece) && index < firstLeft(pieces, kept));
  return [...blocks.slice(0, at.length), notice(lines), ...blocks.slice(at.length)];
};

const firstLeft = (pieces: readonly Ranked[], kept: ReadonlySet<Ranked>): number =>
  pieces.findIndex((piece) => !kept.has(piece));

const notice = (lines: number): SlackBlock => ({
  type: 'context',
  elements: [
    {
      type: 'mrkdwn',
      text: `:scissors: ${sayCount(lines, 'more line')} did not fit into a Slack message`,
      verbatim: true,
    },
  ],
});

/** What stays, the most important first; once a piece of a rank does not fit, the rest of it goes too. */
const choose = (pieces: readonly Ranked[]): ReadonlySet<Ranked> => {
  const whole = pieces.reduce((sum, piece) => sum + textSize(piece.block), 0);
  if (pieces.length <= messageLimits.blocks && whole <= messageLimits.text) {
    return new Set(pieces);
  }
  const kept = new Set<Ranked>();
  let room = messageLimits.text - noticeSize;
  for (const rank of [0, 1, 2] as const) {
    for (const piece of pieces.filter((piece) => piece.rank === rank)) {
      const size = textSize(piece.block);
      if (size > room || kept.size >= messageLimits.blocks - 1) {
        break;
      }
      kept.add(piece);
      room -= size;
    }
  }
  return kept;
};

/** Characters of text in a block, button values included. */
export const textSize = (value: unknown): number => {
  if (typeof value === 'string') {
    return value.length;
  }
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + textSize(item), 0);
  }
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, item) => sum + textSize(item), 0)
    : 0;
};
