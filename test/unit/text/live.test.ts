import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eraseText, fitHeight } from '#src/text/live.ts';

const size = { columns: 10, rows: 6 };

describe('a text that is edited in place', () => {
  it('is taken off by going up its rows', () => {
    expect(eraseText('', size)).toBe('');
    expect(eraseText('a\nb\n', size)).toBe('\r\u001b[2A\u001b[0J');
  });

  it('counts a line that the terminal broke', () => {
    expect(eraseText(`${'x'.repeat(21)}\nb\n`, size)).toBe('\r\u001b[4A\u001b[0J');
  });

  it('never goes higher than the terminal is', () => {
    expect(eraseText('\n'.repeat(50), size)).toBe('\r\u001b[5A\u001b[0J');
  });

  it('shows its end where it is too high', () => {
    expect(fitHeight('1\n2\n3\n4\n5\n6\n7\n', size)).toBe('3\n4\n5\n6\n7\n');
    expect(fitHeight('1\n2\n', size)).toBe('1\n2\n');
  });

  it('is always taken off as a whole once it fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 }), { minLength: 1 }),
        (lines) => {
          const text = fitHeight(`${lines.join('\n')}\n`, { columns: 40, rows: 6 });
          const rows = text.split('\n').length - 1;
          expect(rows).toBeLessThanOrEqual(5);
          expect(eraseText(text, { columns: 40, rows: 6 })).toBe(`\r\u001b[${rows}A\u001b[0J`);
        },
      ),
    );
  });
});
