import stringWidth from 'string-width';

/** Text of one look. It holds neither control characters nor line ends. */
export interface Run {
  readonly text: string;
  readonly style?: Style | undefined;
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
export type Style = keyof typeof codes;

/** How many columns of a terminal a text takes. */
export const cellsOf = (runs: readonly Run[]): number =>
  runs.reduce((sum, { text }) => sum + stringWidth(text), 0);

/** Neighbours of one look as one run; a space between two such belongs to them. */
const merged = (runs: readonly Run[]): readonly Run[] => {
  const result: Run[] = [];
  runs.forEach(({ text, style }, at) => {
    const last = result.at(-1);
    const isSpace = text.trim() === '';
    const look = isSpace && last?.style === runs[at + 1]?.style ? last?.style : style;
    if (last !== undefined && last.style === look) {
      result[result.length - 1] = { text: last.text + text, style: look };
    } else {
      result.push({ text, style: look });
    }
  });
  return result;
};

/** The text with its looks as escape codes, or without them. */
export const paint = (runs: readonly Run[], color: boolean): string =>
  (color ? merged(runs) : runs)
    .map(({ text, style }) =>
      color && style !== undefined && text !== ''
        ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`
        : text,
    )
    .join('');

export interface Flow {
  /** Columns that a line may take. */
  readonly width: number;
  /** Stands before the first line. */
  readonly lead?: readonly Run[];
  /** Stands before every further line; spaces as wide as the lead when left out. */
  readonly hang?: readonly Run[];
  /** A word that is wider than a line is cut; otherwise it stays whole, so that it can be copied. */
  readonly cutsWords: boolean;
}

type Word = readonly Run[];
interface Piece {
  readonly gap: string;
  readonly word: Word;
}

/** The words with the spaces before each; a word may change its look midway. */
const piecesOf = (runs: readonly Run[]): readonly Piece[] => {
  const pieces: { gap: string; word: Run[] }[] = [];
  let isOpen = false;
  for (const { text, style } of runs) {
    for (const [found] of text.matchAll(/ +|[^ ]+/g)) {
      const last = pieces.at(-1);
      if (found.startsWith(' ')) {
        pieces.push({ gap: found, word: [] });
        isOpen = true;
      } else if (isOpen && last !== undefined) {
        last.word.push({ text: found, style });
      } else {
        pieces.push({ gap: '', word: [{ text: found, style }] });
        isOpen = true;
      }
    }
  }
  return pieces;
};

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts a word so that each part fits. */
const cut = (word: Word, width: number): readonly Word[] => {
  const parts: Run[][] = [[]];
  let taken = 0;
  for (const { text, style } of word) {
    for (const { segment } of characters.segment(text)) {
      const cells = stringWidth(segment);
      if (taken > 0 && taken + cells > width) {
        parts.push([]);
        taken = 0;
      }
      parts.at(-1)?.push({ text: segment, style });
      taken += cells;
    }
  }
  return parts;
};

const spaces = (count: number): Run => ({ text: ' '.repeat(Math.max(0, count)) });

/** Breaks a text into lines at its spaces. @returns at least one line, empty when there is no text */
export const flow = (runs: readonly Run[], options: Flow): readonly (readonly Run[])[] => {
  const lead = options.lead ?? [];
  const hang = options.hang ?? [spaces(cellsOf(lead))];
  const width = Math.max(1, options.width - Math.max(cellsOf(lead), cellsOf(hang)));
  const lines: Run[][] = [[]];
  let taken = 0;
  const put = (gap: string, word: Word, cells: number): void => {
    const isFirst = lines.length === 1 && taken === 0;
    if (taken > 0 && taken + gap.length + cells > width) {
      lines.push([...word]);
      taken = cells;
      return;
    }
    // spaces at a break say nothing; those at the very start are the text's own
    const kept = taken > 0 || (isFirst && gap.length + cells <= width) ? gap : '';
    lines.at(-1)?.push(...(kept === '' ? [] : [{ text: kept }]), ...word);
    taken += kept.length + cells;
  };
  for (const { gap, word } of piecesOf(runs)) {
    const cells = cellsOf(word);
    if (cells === 0) {
      continue;
    }
    if (options.cutsWords && cells > width) {
      cut(word, width).forEach((part, at) => {
        put(at === 0 ? gap : '', part, cellsOf(part));
      });
    } else {
      put(gap, word, cells);
    }
  }
  return lines.map((line, at) => [...(at === 0 ? lead : hang), ...line]);
};

/** The text with spaces after it, up to a width. */
export const padded = (runs: readonly Run[], width: number): readonly Run[] => {
  const missing = width - cellsOf(runs);
  return missing > 0 ? [...runs, spaces(missing)] : runs;
};

/** The columns that the widest word takes. */
export const widestWord = (runs: readonly Run[]): number =>
  Math.max(0, ...piecesOf(runs).map(({ word }) => cellsOf(word)));
