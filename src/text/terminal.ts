import { cleanLine, cleanLines } from '#src/text/clean.ts';
import { sayDuration } from '#src/text/duration.ts';
import {
  alignColumns,
  plainSpan,
  progressBar,
  type TimePrecision,
  utcTime,
} from '#src/text/plain.ts';
import type { Button, Line, Part, Span, Step, Tone, View } from '#src/view.ts';

export interface TerminalOptions {
  readonly color: boolean;
  /** How a time is written; UTC when left out. */
  readonly sayTime?: (at: number, precision: TimePrecision) => string;
  /** A button as something to type; undefined leaves it out. A terminal has nothing to click. */
  readonly typed?: (button: Button) => string | undefined;
}

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
type Paint = (style: keyof typeof codes, text: string) => string;

const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color && text !== '' ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m` : text;

const tones: Readonly<Record<Tone, { readonly sign: string; readonly style: keyof typeof codes }>> =
  {
    failing: { sign: '●', style: 'red' },
    warning: { sign: '●', style: 'yellow' },
    recovered: { sign: '●', style: 'green' },
    running: { sign: '…', style: 'cyan' },
    succeeded: { sign: '✓', style: 'green' },
    suspended: { sign: '○', style: 'dim' },
    deleted: { sign: '○', style: 'dim' },
    refused: { sign: '✗', style: 'red' },
    approval: { sign: '?', style: 'yellow' },
    neutral: { sign: '', style: 'bold' },
  };

const stepSigns: Readonly<
  Record<Step['state'], { readonly sign: string; readonly style: keyof typeof codes }>
> = {
  done: { sign: '✓', style: 'green' },
  running: { sign: '›', style: 'cyan' },
  pending: { sign: '·', style: 'dim' },
  failed: { sign: '✗', style: 'red' },
  skipped: { sign: '-', style: 'dim' },
};

/**
 * A view as text for a terminal, with a line end after the last line. Text from outside can neither
 * colour nor move the cursor.
 */
export const renderTerminal = (view: View, options: TerminalOptions): string => {
  const paint = painter(options.color);
  const pen: Pen = {
    paint,
    write: (line) => line.map((span) => writeSpan(span, paint, options)).join(''),
    plain: (line) => line.map((span) => writeSpan(span, painter(false), options)).join(''),
    typed: options.typed ?? (() => undefined),
  };
  const blocks = view.parts
    .map((part) => ({ kind: part.kind, text: partLines(part, pen).join('\n') }))
    .filter(({ text }) => text !== '');
  const text = blocks.reduce(
    (before, { kind, text }, index) => before + between(blocks[index - 1]?.kind, kind) + text,
    '',
  );
  return `${text === '' ? cleanLine(view.summary) : text}\n`;
};

/** A list or a quotation stands right under the text that introduces it. */
const between = (before: Part['kind'] | undefined, kind: Part['kind']): string => {
  if (before === undefined) {
    return '';
  }
  return before === 'text' && introduced.has(kind) ? '\n' : '\n\n';
};
const introduced: ReadonlySet<Part['kind']> = new Set(['list', 'quote', 'table', 'steps']);

interface Pen {
  readonly paint: Paint;
  readonly write: (line: Line) => string;
  readonly plain: (line: Line) => string;
  readonly typed: (button: Button) => string | undefined;
}

const writeSpan = (span: Span, paint: Paint, { sayTime = utcTime }: TerminalOptions): string => {
  const text = plainSpan(span, sayTime);
  if (typeof span === 'string') {
    return text;
  }
  switch (span.kind) {
    case 'bold':
      return paint('bold', text);
    case 'italic':
      return paint('italic', text);
    case 'code':
      return paint('cyan', text);
    case 'link': {
      const url = cleanLine(span.url);
      return url === '' || url === text ? text : `${text} (${url})`;
    }
    case 'time':
    case 'person':
      return text;
    default:
      return span satisfies never;
  }
};

const partLines = (part: Part, pen: Pen): readonly string[] => {
  const { paint, write } = pen;
  switch (part.kind) {
    case 'heading': {
      const { sign, style } = tones[part.tone];
      return [(sign === '' ? '' : `${paint(style, sign)} `) + write(part.line)];
    }
    case 'text':
      return [write(part.line)];
    case 'quote':
      return cleanLines(part.text)
        .trimEnd()
        .split('\n')
        .map((line) => `${paint('dim', '│')} ${line}`);
    case 'fields':
      return fieldLines(part.fields, pen);
    case 'list':
      return part.items.map((item) => `• ${write(item)}`);
    case 'table':
      return tableLines(part.columns, part.rows, pen);
    case 'steps':
      return part.steps.flatMap((step) => stepLines(step, pen));
    case 'progress': {
      const { bar, label } = progressBar(part.done, part.total);
      return [bar === '' ? label : `${bar} ${label}`];
    }
    case 'buttons':
      return part.buttons
        .map(pen.typed)
        .filter((typed) => typed !== undefined)
        .map((typed) => paint('dim', `› ${cleanLine(typed)}`));
    case 'small':
      return [paint('dim', write(part.line))];
    default:
      return part satisfies never;
  }
};

const fieldLines = (
  fields: readonly { readonly label: string; readonly line: Line }[],
  { paint, write }: Pen,
): readonly string[] => {
  const labels = fields.map(({ label }) => `${cleanLine(label)}:`);
  const widest = Math.max(...labels.map((label) => [...label].length));
  return fields.map(({ line }, index) => {
    const label = labels[index] ?? '';
    return `${paint('bold', label)}${' '.repeat(widest - [...label].length)} ${write(line)}`;
  });
};

const tableLines = (
  columns: readonly string[],
  rows: readonly (readonly Line[])[],
  { paint, plain }: Pen,
): readonly string[] => {
  // Without colours, which would count as width.
  const [head = '', ...body] = alignColumns([
    columns.map((column) => cleanLine(column).toUpperCase()),
    ...rows.map((row) => row.map(plain)),
  ]);
  return [paint('bold', head), ...body];
};

const stepLines = (step: Step, { paint, write }: Pen): readonly string[] => {
  const { sign, style } = stepSigns[step.state];
  const took = step.tookMs === undefined ? '' : `  ${paint('dim', sayDuration(step.tookMs))}`;
  const detail = step.detail === undefined ? '' : write(step.detail);
  return [
    `${paint(style, sign)} ${write(step.line)}${took}`,
    ...(detail === '' ? [] : [`    ${detail}`]),
  ];
};
