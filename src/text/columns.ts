import { cellsOf, flow, padded, type Run, widestWord } from '#src/text/flow.ts';

export interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (readonly Run[])[])[];
}

const gap = '  ';

const most = (numbers: readonly number[]): number =>
  numbers.reduce((max, one) => Math.max(max, one), 0);

/** Room for each column: as wide as its text, or narrower down to its widest word; undefined when even that is too wide. */
const roomFor = (
  wanted: readonly number[],
  least: readonly number[],
  width: number,
): readonly number[] | undefined => {
  const sum = (list: readonly number[]) =>
    list.reduce((total, one) => total + one, gap.length * Math.max(0, list.length - 1));
  if (sum(least) > width) {
    return undefined;
  }
  const room = [...wanted];
  for (let over = sum(room) - width; over > 0; over--) {
    // the column that gives way is the one that is widest
    const at = room.reduce(
      (widest, cells, column) =>
        cells > (least[column] ?? 0) && cells > (room[widest] ?? 0) ? column : widest,
      room.findIndex((cells, column) => cells > (least[column] ?? 0)),
    );
    room[at] = (room[at] ?? 0) - 1;
  }
  return room;
};

const rowLines = (
  cells: readonly (readonly Run[])[],
  room: readonly number[],
): readonly (readonly Run[])[] => {
  const wrapped = room.map((width, column) =>
    flow(cells[column] ?? [], { width: Math.max(width, 1), cutsWords: false }),
  );
  const height = most(wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const last = wrapped.findLastIndex((lines) => cellsOf(lines[at] ?? []) > 0);
    return wrapped.slice(0, last + 1).flatMap((lines, column) => {
      const cell = lines[at] ?? [];
      return column === last ? cell : [...padded(cell, room[column] ?? 0), { text: gap }];
    });
  });
};

const recordLines = (
  columns: readonly string[],
  row: readonly (readonly Run[])[],
  width: number,
  cutsWords: boolean,
): readonly (readonly Run[])[] =>
  row.flatMap((cell, column) => {
    if (cellsOf(cell) === 0) {
      return [];
    }
    const label = columns[column] ?? '';
    return column === 0
      ? flow(cell, { width, hang: [{ text: gap }], cutsWords })
      : flow([...(label === '' ? [] : [{ text: `${label}: `, style: 'dim' as const }]), ...cell], {
          width,
          lead: [{ text: gap }],
          hang: [{ text: gap + gap }],
          cutsWords,
        });
  });

/**
 * A table in at most `width` columns. A cell that is too wide goes on in further lines; where the words do
 * not fit beside each other, each row becomes a record of its own, so that no word has to be cut.
 */
export const gridLines = (
  { columns, rows }: Grid,
  width: number,
  cutsWords: boolean,
): readonly (readonly Run[])[] => {
  const head = columns.map((column): readonly Run[] => [
    { text: column.toUpperCase(), style: 'bold' },
  ]);
  const count = most([columns.length, ...rows.map((row) => row.length)]);
  const all = [head, ...rows];
  const each = (measure: (cell: readonly Run[]) => number) =>
    Array.from({ length: count }, (_, column) =>
      most(all.map((row) => measure(row[column] ?? []))),
    );
  const room = roomFor(each(cellsOf), each(widestWord), width);
  return room === undefined
    ? rows.flatMap((row) => recordLines(columns, row, width, cutsWords))
    : all.flatMap((row) => rowLines(row, room));
};
