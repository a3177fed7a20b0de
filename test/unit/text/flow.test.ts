import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, flow, paint, type Run } from '#src/text/flow.ts';

const text = (runs: readonly Run[]) => runs.map((run) => run.text).join('');
const words = (written: string) => written.split(' ').filter((word) => word !== '');

const anyRuns: fc.Arbitrary<readonly Run[]> = fc.array(
  fc.record({
    text: fc.string({
      unit: fc.constantFrom('a', 'B', ' ', '漢', '👩‍👩‍👧', 'é', '-'),
      maxLength: 30,
    }),
    style: fc.constantFrom(undefined, 'bold' as const, 'red' as const),
  }),
  { maxLength: 6 },
);

describe('flow', () => {
  it('breaks at spaces, and goes on under the text', () => {
    const lines = flow([{ text: 'one two three' }, { text: 'four five', style: 'bold' }], {
      width: 12,
      lead: [{ text: '• ' }],
      cutsWords: false,
    });

    expect(lines.map(text)).toEqual(['• one two', '  threefour', '  five']);
  });

  it('keeps a word whole unless it may be cut', () => {
    const long = [{ text: 'ks/cert-manager/cert-manager-issuers' }];

    expect(flow(long, { width: 20, cutsWords: false }).map(text)).toEqual([long[0]?.text]);
    expect(flow(long, { width: 20, cutsWords: true }).map(text)).toEqual([
      'ks/cert-manager/cert',
      '-manager-issuers',
    ]);
  });

  it('counts a wide character as two columns and cuts none in half', () => {
    expect(flow([{ text: '漢字漢字' }], { width: 5, cutsWords: true }).map(text)).toEqual([
      '漢字',
      '漢字',
    ]);
  });

  it('loses no word, and makes no line too wide but by a single word', () => {
    fc.assert(
      fc.property(anyRuns, fc.integer({ min: 2, max: 30 }), fc.boolean(), (runs, width, cuts) => {
        const lines = flow(runs, { width, cutsWords: cuts });

        expect(
          lines
            .map(text)
            .join(cuts ? '' : ' ')
            .replaceAll(' ', ''),
        ).toBe(words(text(runs)).join(''));
        for (const line of lines) {
          if (cellsOf(line) > width) {
            expect(cuts).toBe(false);
            expect(words(text(line))).toHaveLength(1);
          }
        }
      }),
    );
  });

  it('colours without leaving a colour on at the end of a line', () => {
    fc.assert(
      fc.property(anyRuns, (runs) => {
        const colored = paint(runs, true);
        expect(stripVTControlCharacters(colored)).toBe(paint(runs, false));
        const switched = (ons: readonly number[]) =>
          ons.reduce((count, code) => count + colored.split(`\u001b[${code}m`).length - 1, 0);
        expect(switched([1, 31])).toBe(switched([22, 39]));
      }),
    );
  });
});
