import { writeButtonValue } from '#src/slack/button.ts';
import { writeFence, writeLine } from '#src/slack/mrkdwn.ts';
import type { SlackBlock } from '#src/slack/slack.ts';
import { cleanLine, cleanLines, startOf } from '#src/text/clean.ts';
import { sayDuration } from '#src/text/duration.ts';
import { alignColumns, plainLine, progressBar } from '#src/text/plain.ts';
import type { Button, Line, Part, Span, Step, Tone } from '#src/view.ts';

/**
 * Slack's limits for the blocks that we use; lengths in characters as written.
 * @see https://docs.slack.dev/reference/block-kit/blocks/
 */
export const blockLimits = {
  sectionText: 3_000,
  fields: 10,
  fieldText: 2_000,
  elements: 25,
  label: 75,
  actionId: 255,
  buttonValue: 2_000,
  contextText: 2_000,
} as const;

/** A block and how many lines of the view it shows. */
export interface Piece {
  readonly block: SlackBlock;
  readonly lines: number;
}

// Slack neither links names nor turns addresses into links in verbatim text.
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

export const section = (text: string): SlackBlock => ({ type: 'section', text: mrkdwn(text) });

/** The text of a block made by `section`. */
export const sectionText = (block: SlackBlock): string => {
  const { text } = (block['text'] ?? {}) as { readonly text?: unknown };
  return typeof text === 'string' ? text : '';
};

/** Written lines packed into as few sections as they fit. */
const sections = (lines: readonly string[]): readonly Piece[] => {
  const pieces: { text: string; lines: number }[] = [];
  for (const line of lines.filter((line) => line !== '')) {
    const last = pieces.at(-1);
    if (last === undefined || last.text.length + 1 + line.length > blockLimits.sectionText) {
      pieces.push({ text: line, lines: 1 });
    } else {
      last.text += `\n${line}`;
      last.lines += 1;
    }
  }
  return pieces.map(({ text, lines }) => ({ block: section(text), lines }));
};

const dots: Readonly<Record<Tone, { readonly name: string; readonly sign: string }>> = {
  failing: { name: ':red_circle:', sign: '🔴' },
  warning: { name: ':large_yellow_circle:', sign: '🟡' },
  recovered: { name: ':large_green_circle:', sign: '🟢' },
  running: { name: ':hourglass_flowing_sand:', sign: '⏳' },
  succeeded: { name: ':white_check_mark:', sign: '✅' },
  suspended: { name: ':white_circle:', sign: '⚪' },
  deleted: { name: ':wastebasket:', sign: '🗑️' },
  refused: { name: ':no_entry:', sign: '⛔' },
  approval: { name: ':lock:', sign: '🔒' },
  neutral: { name: '', sign: '' },
};

/** The dot of a heading as a character, for the fallback text. */
export const toneSign = (tone: Tone): string => dots[tone].sign;

/** A heading that stresses nothing itself is stressed whole. */
const stressed = (line: Line): Line =>
  line.some((span) => typeof span !== 'string' && span.kind === 'bold')
    ? line
    : joined(line).flatMap((span) => (typeof span === 'string' ? boldWords(span) : [span]));

/** Texts side by side as one: each stressed alone would lose the spaces between them. */
const joined = (line: Line): Line => {
  const spans: Span[] = [];
  for (const span of line) {
    const last = spans.at(-1);
    if (typeof span === 'string' && typeof last === 'string') {
      spans[spans.length - 1] = last + span;
    } else {
      spans.push(span);
    }
  }
  return spans;
};

/** Spaces at the ends stay outside of the stress, where they are not lost. */
const boldWords = (text: string): Line => {
  const words = text.trim();
  const [before = '', after = ''] = words === '' ? [text] : text.split(words);
  return [before, { kind: 'bold' as const, text: words }, after].filter((span) =>
    typeof span !== 'string' ? span.text !== '' : span !== '',
  );
};

const headingPieces = (tone: Tone, line: Line): readonly Piece[] => {
  const text = writeLine(stressed(line), blockLimits.sectionText - 40);
  return sections([`${dots[tone].name} ${text}`.trim()]);
};

const quoteLines = 8;
const quoteLineLength = 240;
const quoteLength = 1_000;

/** The first lines of a foreign text, with how many are left out. */
export const quoteExcerpt = (text: string): string => {
  const lines = cleanLines(text).trimEnd().split('\n');
  const kept = lines
    .slice(0, lines.length === quoteLines + 1 ? quoteLines + 1 : quoteLines)
    .map((line) =>
      line.length > quoteLineLength && lines.length > 1
        ? `${startOf(line, quoteLineLength)}…`
        : line,
    );
  const more = lines.length - kept.length;
  return more === 0 ? kept.join('\n') : [...kept, `… ${more} more lines`].join('\n');
};

const fieldPieces = (fields: readonly { label: string; line: Line }[]): readonly Piece[] => {
  const written = fields
    .map(({ label, line }) =>
      [
        writeLine([{ kind: 'bold', text: label }], 200),
        writeLine(line, blockLimits.fieldText - 201),
      ]
        .filter((text) => text !== '')
        .join('\n'),
    )
    .filter((text) => text !== '');
  return chunks(written, blockLimits.fields).map((texts) => ({
    block: { type: 'section', fields: texts.map(mrkdwn) },
    lines: texts.length,
  }));
};

const chunks = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** What a line of a fence holds on a phone, in characters. */
const narrow = 40;
const rowsPerFence = 40;

const isLive = (line: Line): boolean =>
  line.some((span) => typeof span !== 'string' && ['link', 'time', 'person'].includes(span.kind));

/**
 * A table that a phone can show is aligned in a fence; a wider one, or one with links and times in it,
 * becomes one line per row.
 */
const tablePieces = (
  columns: readonly string[],
  rows: readonly (readonly Line[])[],
): readonly Piece[] => {
  const told = columns.map((_, at) => rows.some((row) => plainLine(row[at] ?? []).trim() !== ''));
  const aligned = alignColumns(
    [columns.map(cleanLine), ...rows.map((row) => row.map((cell) => plainLine(cell)))].map(
      (cells) =>
        // a column in which nothing stands takes room on a phone
        cells.filter((_, at) => told[at] ?? true),
    ),
  );
  if (rows.some((row) => row.some(isLive)) || aligned.some((line) => [...line].length > narrow)) {
    return sections(rows.map((row) => writeLine(['• ', ...rowSpans(row)])));
  }
  return chunks(aligned, rowsPerFence)
    .map((lines) => ({ text: writeFence(lines.join('\n')), lines: lines.length }))
    .filter(({ text }) => text !== '')
    .map(({ text, lines }) => ({ block: section(text), lines }));
};

const rowSpans = (row: readonly Line[]): Line =>
  row
    .filter((cell) => plainLine(cell).trim() !== '')
    .flatMap((cell, index) => (index === 0 ? stressed(cell) : [' · ', ...cell]));

const stepSigns: Readonly<Record<Step['state'], string>> = {
  done: ':white_check_mark:',
  running: ':arrow_forward:',
  pending: ':white_small_square:',
  failed: ':x:',
  skipped: ':heavy_minus_sign:',
};
const indent = '\u2003\u2003';

const stepLine = (step: Step): string => {
  const line = writeLine(step.state === 'running' ? stressed(step.line) : step.line, 1_400);
  const took = step.tookMs === undefined ? '' : `  _${sayDuration(step.tookMs)}_`;
  const detail = step.detail === undefined ? '' : writeLine(step.detail, 1_400);
  const head = `${stepSigns[step.state]} ${line}${took}`;
  return detail === '' ? head : `${head}\n${indent}${detail}`;
};

const buttonPieces = (buttons: readonly Button[]): readonly Piece[] =>
  chunks(
    buttons.filter((button) => writeButtonValue(button).length <= blockLimits.buttonValue),
    blockLimits.elements,
  ).map((row) => ({
    block: { type: 'actions', elements: row.map(buttonElement) },
    lines: 1,
  }));

const buttonElement = (button: Button, index: number) => ({
  type: 'button',
  text: { type: 'plain_text', text: buttonLabel(button), emoji: false },
  // Unique within the row, also where one command is offered twice.
  action_id: `${startOf(button.command, blockLimits.actionId - 4)}#${index}`,
  value: writeButtonValue(button),
  ...(button.style === undefined ? {} : { style: button.style }),
});

const buttonLabel = (button: Button): string => {
  const label = cleanLine(button.label).trim() || cleanLine(button.command).trim() || '…';
  return label.length <= blockLimits.label ? label : `${startOf(label, blockLimits.label - 1)}…`;
};

const smallPieces = (line: Line): readonly Piece[] => {
  const text = writeLine(line, blockLimits.contextText);
  return text === '' ? [] : [{ block: { type: 'context', elements: [mrkdwn(text)] }, lines: 1 }];
};

/** The blocks of one part of a view; none where it has nothing to show. */
export const partPieces = (part: Part): readonly Piece[] => {
  switch (part.kind) {
    case 'heading':
      return headingPieces(part.tone, part.line);
    case 'text':
      return sections([writeLine(part.line)]);
    case 'quote':
      return sections([
        part.whole === true
          ? writeFence(part.text)
          : writeFence(quoteExcerpt(part.text), quoteLength),
      ]);
    case 'fields':
      return fieldPieces(part.fields);
    case 'list':
      return sections(part.items.map((item) => listLine(item)));
    case 'table':
      return tablePieces(part.columns, part.rows);
    case 'steps':
      return sections(part.steps.map(stepLine));
    case 'progress': {
      const { bar, label } = progressBar(part.done, part.total);
      return sections([bar === '' ? label : `\`${bar}\` ${label}`]);
    }
    case 'buttons':
      return buttonPieces(part.buttons);
    case 'small':
      return smallPieces(part.line);
    default:
      return part satisfies never;
  }
};

const listLine = (item: Line): string => {
  const text = writeLine(item, blockLimits.sectionText - 2);
  return text === '' ? '' : `• ${text}`;
};
