import { escapeText } from '#src/slack/mrkdwn.ts';
import { quoteExcerpt, toneSign } from '#src/slack/part-blocks.ts';
import { shortenTo } from '#src/text/clean.ts';
import { sayDuration } from '#src/text/duration.ts';
import { plainLine, type SayTime } from '#src/text/plain.ts';
import type { Line, Part, Step, Tone, View } from '#src/view.ts';

/** Slack advises to keep the text of a message below this. */
export const fallbackLimit = 4_000;

const stepSigns: Readonly<Record<Step['state'], string>> = {
  done: '✓',
  running: '▸',
  pending: '·',
  failed: '✗',
  skipped: '–',
};

const stepText = (step: Step, sayTime?: SayTime): string => {
  const took = step.tookMs === undefined ? '' : ` (${sayDuration(step.tookMs)})`;
  const detail = step.detail === undefined ? '' : ` – ${plainLine(step.detail, sayTime)}`;
  return `${stepSigns[step.state]} ${plainLine(step.line, sayTime)}${took}${detail}`;
};

/** What a part says, line by line; a button says nothing. */
const partTexts = (part: Part, sayTime?: SayTime): readonly string[] => {
  const plain = (line: Line): string => plainLine(line, sayTime);
  switch (part.kind) {
    case 'heading':
    case 'text':
    case 'small':
      return [plain(part.line)];
    case 'quote':
      return (part.whole === true ? part.text : quoteExcerpt(part.text)).split('\n');
    case 'fields':
      return part.fields.map(({ label, line }) => `${label}: ${plain(line)}`);
    case 'list':
      return part.items.map((item) => `• ${plain(item)}`);
    case 'table':
      return part.rows.map((row) =>
        row
          .map(plain)
          .filter((cell) => cell.trim() !== '')
          .join(' · '),
      );
    case 'steps':
      return part.steps.map((step) => stepText(step, sayTime));
    case 'progress':
      return [`${part.done} of ${part.total}`];
    case 'buttons':
      return [];
    default:
      return part satisfies never;
  }
};

const wordForm = /[\p{L}\p{N}](?:[^\s,;()"“”]*[\p{L}\p{N}])?/gu;

/** The words that carry a line: those of some length, and numbers. */
const wordsOf = (text: string): readonly string[] =>
  (text.toLowerCase().match(wordForm) ?? []).filter((word) => word.length > 3 || /\d/.test(word));

/** Whether a text says all that a line has to say. */
const says = (text: string, line: string): boolean => {
  const lower = text.toLowerCase();
  const words = new Set(wordsOf(text));
  return wordsOf(line).every(
    (word) => words.has(word) || (word.length > 3 && lower.includes(word)),
  );
};

const ranks: Readonly<Record<Tone, number>> = {
  ...{ failing: 0, refused: 1, approval: 2, warning: 3, suspended: 4 },
  ...{ running: 5, recovered: 6, succeeded: 7, deleted: 8, neutral: 9 },
};

/** The sign of a whole view: a notification begins with the worst that it tells of. */
const signOf = ({ parts }: View): string => {
  const [worst] = parts
    .flatMap((part) => (part.kind === 'heading' ? [part.tone] : []))
    .toSorted((left, right) => ranks[left] - ranks[right]);
  return worst === undefined ? '' : toneSign(worst);
};

/**
 * A view without any blocks: for the notification, for a screen reader, and for where blocks are not
 * shown. Its summary, then each line of it that says more than the summary does.
 * @param sayTime - in UTC when left out: Slack puts no time of this text into the reader's zone
 */
export const fallbackText = (view: View, sayTime?: SayTime): string => {
  const summary =
    `${signOf(view)} ${shortenTo(view.summary, fallbackLimit - 4, escapeText).trim()}`.trim();
  const lines: string[] = summary === '' ? [] : [summary];
  let room = fallbackLimit - summary.length;
  for (const line of view.parts.flatMap((part) => partTexts(part, sayTime))) {
    if (line.trim() === '' || says(view.summary, line)) {
      continue;
    }
    const written = shortenTo(line, room - 1, escapeText).trimEnd();
    if (written === '') {
      break;
    }
    lines.push(written);
    room -= written.length + 1;
  }
  return lines.join('\n') || 'flux-chatops';
};
