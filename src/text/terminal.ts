import { cleanLine, cleanLines } from '#src/text/clean.ts';
import { gridLines } from '#src/text/columns.ts';
import { sayDuration } from '#src/text/duration.ts';
import { cellsOf, flow, padded, paint, type Run, type Style } from '#src/text/flow.ts';
import { plainSpan, progressBar, type TimePrecision, utcTime } from '#src/text/plain.ts';
import type { Button, Line, Part, Span, Step, Tone, View } from '#src/view.ts';

export interface TerminalOptions {
  readonly color: boolean;
  /** Columns of the terminal; 80 when left out. */
  readonly width?: number | undefined;
  /** Columns that a table may take, where that is another number. */
  readonly tableWidth?: number | undefined;
  /**
   * Cuts words that are wider than a line, so that no line ever is. Left out, such a word stays whole for
   * the terminal to break, and can be copied.
   */
  readonly cutsWords?: boolean | undefined;
  /** How a time is written; UTC when left out. */
  readonly sayTime?: (at: number, precision: TimePrecision) => string;
  /** A button as something to type; undefined leaves it out. A terminal has nothing to click. */
  readonly typed?: (button: Button) => string | undefined;
}

interface Sign {
  readonly sign: string;
  readonly style: Style;
}

const tones: Readonly<Record<Tone, Sign>> = {
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

const stepSigns: Readonly<Record<Step['state'], Sign>> = {
  done: { sign: '✓', style: 'green' },
  running: { sign: '›', style: 'cyan' },
  pending: { sign: '·', style: 'dim' },
  failed: { sign: '✗', style: 'red' },
  skipped: { sign: '-', style: 'dim' },
};

type Lines = readonly (readonly Run[])[];

interface Pen {
  readonly width: number;
  readonly tableWidth: number;
  readonly cutsWords: boolean;
  readonly write: (line: Line) => readonly Run[];
  readonly typed: (button: Button) => string | undefined;
}

/**
 * A view as text for a terminal, with a line end after the last line. Text from outside can neither
 * colour nor move the cursor.
 */
export const renderTerminal = (view: View, options: TerminalOptions): string => {
  const { sayTime = utcTime } = options;
  const pen: Pen = {
    width: options.width ?? 80,
    tableWidth: options.tableWidth ?? options.width ?? 80,
    cutsWords: options.cutsWords ?? false,
    write: (line) => line.flatMap((span) => writeSpan(span, sayTime)),
    typed: options.typed ?? (() => undefined),
  };
  const blocks = view.parts
    .map((part) => ({ kind: part.kind, lines: partLines(part, pen) }))
    .filter(({ lines }) => lines.some((line) => cellsOf(line) > 0));
  const lines =
    blocks.length === 0
      ? fill([{ text: cleanLine(view.summary) }], pen)
      : blocks.flatMap(({ kind, lines: own }, at) => [
          ...(at > 0 && isApart(blocks[at - 1]?.kind, kind) ? [[]] : []),
          ...own,
        ]);
  return lines.map((line) => `${paint(line, options.color)}\n`).join('');
};

/** A list or a quotation stands right under the text that introduces it. */
const isApart = (before: Part['kind'] | undefined, kind: Part['kind']): boolean =>
  !(before === 'text' && introduced.has(kind));
const introduced: ReadonlySet<Part['kind']> = new Set(['list', 'quote', 'table']);

const fill = (
  runs: readonly Run[],
  { width, cutsWords }: Pen,
  lead: readonly Run[] = [],
  hang?: readonly Run[],
): Lines => flow(runs, { width, cutsWords, lead, ...(hang === undefined ? {} : { hang }) });

const writeSpan = (
  span: Span,
  sayTime: NonNullable<TerminalOptions['sayTime']>,
): readonly Run[] => {
  const text = plainSpan(span, sayTime);
  if (typeof span === 'string') {
    return [{ text }];
  }
  switch (span.kind) {
    case 'bold':
    case 'italic':
      return [{ text, style: span.kind }];
    case 'code':
      return [{ text, style: 'cyan' }];
    case 'link': {
      const url = cleanLine(span.url);
      return [{ text: url === '' || url === text ? text : `${text} (${url})` }];
    }
    case 'time':
    case 'person':
      return [{ text }];
    default:
      return span satisfies never;
  }
};

const dimmed = (runs: readonly Run[]): readonly Run[] =>
  runs.map(({ text }) => ({ text, style: 'dim' }));

const partLines = (part: Part, pen: Pen): Lines => {
  const { write } = pen;
  switch (part.kind) {
    case 'heading': {
      const { sign, style } = tones[part.tone];
      return fill(write(part.line), pen, sign === '' ? [] : [{ text: sign, style }, { text: ' ' }]);
    }
    case 'text':
      return fill(write(part.line), pen);
    case 'quote': {
      const bar: readonly Run[] = [{ text: '│', style: 'dim' }, { text: ' ' }];
      return cleanLines(part.text)
        .trimEnd()
        .split('\n')
        .flatMap((text) => fill([{ text }], pen, bar, bar));
    }
    case 'fields':
      return fieldLines(part.fields, pen);
    case 'list':
      return part.items.flatMap((item) => fill(write(item), pen, [{ text: '• ' }]));
    case 'table':
      return gridLines(
        {
          columns: part.columns.map(cleanLine),
          rows: part.rows.map((row) => row.map(write)),
        },
        pen.tableWidth,
        pen.cutsWords,
      );
    case 'steps':
      return part.steps.flatMap((step) => stepLines(step, pen));
    case 'progress': {
      const { bar, label } = progressBar(part.done, part.total);
      return fill([{ text: bar === '' ? label : `${bar} ${label}` }], pen);
    }
    case 'buttons':
      return part.buttons
        .map(pen.typed)
        .filter((typed) => typed !== undefined)
        .flatMap((typed) =>
          fill([{ text: cleanLine(typed), style: 'dim' }], pen, [{ text: '› ', style: 'dim' }]),
        );
    case 'small':
      return fill(dimmed(write(part.line)), pen);
    default:
      return part satisfies never;
  }
};

/** Beside its label a text needs some room, or it stands under it. */
const leastRoom = 24;

const fieldLines = (
  fields: readonly { readonly label: string; readonly line: Line }[],
  pen: Pen,
): Lines => {
  const labels = fields.map(({ label }) => `${cleanLine(label)}:`);
  const widest = labels.reduce((most, text) => Math.max(most, cellsOf([{ text }])), 0);
  const isBeside = widest + 1 + leastRoom <= pen.width;
  return fields.flatMap(({ line }, index) => {
    const label: Run = { text: labels[index] ?? '', style: 'bold' };
    return isBeside
      ? fill(pen.write(line), pen, [...padded([label], widest), { text: ' ' }])
      : [...fill([label], pen), ...fill(pen.write(line), pen, [{ text: '  ' }])];
  });
};

const stepLines = (step: Step, pen: Pen): Lines => {
  const { sign, style } = stepSigns[step.state];
  const took: readonly Run[] =
    step.tookMs === undefined
      ? []
      : [{ text: '  ' }, { text: sayDuration(step.tookMs), style: 'dim' }];
  const detail = step.detail === undefined ? [] : pen.write(step.detail);
  return [
    ...fill([...pen.write(step.line), ...took], pen, [{ text: sign, style }, { text: ' ' }]),
    ...(cellsOf(detail) === 0 ? [] : fill(detail, pen, [{ text: '    ' }])),
  ];
};
