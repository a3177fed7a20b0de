export interface PageLimits {
  readonly mostRows: number;
  /** In whatever unit `sizeOf` counts. */
  readonly mostSize: number;
}

/**
 * Cuts a list into pages that each hold as much as the limits let them: every row is on exactly one page,
 * in its place. A row that is too large by itself has a page of its own.
 * @returns at least one page, which is empty where there are no rows
 */
export const paginate = <Row>(
  rows: readonly Row[],
  sizeOf: (row: Row) => number,
  { mostRows, mostSize }: PageLimits,
): readonly (readonly Row[])[] => {
  const pages: Row[][] = [[]];
  let size = 0;
  for (const row of rows) {
    const page = pages.at(-1) ?? [];
    const own = sizeOf(row);
    const full = page.length >= mostRows || size + own > mostSize;
    if (full && page.length > 0) {
      pages.push([row]);
      size = own;
    } else {
      page.push(row);
      size += own;
    }
  }
  return pages;
};
