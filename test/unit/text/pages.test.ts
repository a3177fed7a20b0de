import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paginate } from '#src/text/pages.ts';

const rows = fc.array(fc.record({ id: fc.uuid(), size: fc.nat(50) }), { maxLength: 200 });
const limits = fc.record({ mostRows: fc.integer({ min: 1, max: 30 }), mostSize: fc.nat(120) });

it('puts every row on exactly one page, in order', () => {
  fc.assert(
    fc.property(rows, limits, (list, most) => {
      const pages = paginate(list, ({ size }) => size, most);

      expect(pages.flat()).toEqual(list);
      expect(pages.slice(1).every((page) => page.length > 0)).toBe(true);
    }),
  );
});

it('keeps every page within the limits, but for a row that is too large by itself', () => {
  fc.assert(
    fc.property(rows, limits, (list, most) => {
      for (const page of paginate(list, ({ size }) => size, most)) {
        const size = page.reduce((sum, row) => sum + row.size, 0);

        expect(page.length).toBeLessThanOrEqual(most.mostRows);
        expect(size <= most.mostSize || page.length === 1).toBe(true);
      }
    }),
  );
});

it('fills a page before it begins the next', () => {
  const pages = paginate([1, 1, 1, 3, 1], (size) => size, { mostRows: 3, mostSize: 4 });

  expect(pages).toEqual([
    [1, 1, 1],
    [3, 1],
  ]);
});
