import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ending } from '#test/run/ending.ts';
import { add, failure, line, nothing, skip, type Tally } from '#test/run/tally.ts';

const linesOf = (tally: Tally): readonly string[] => ending(tally).split('\n');

describe('what a run ends with', () => {
  it('is the counts alone where nothing is to be said', () => {
    expect(ending({ ...nothing, passed: 3 })).toBe('3 passed, 0 failed, 0 skipped');
  });

  it('is what was skipped, then what failed and why, then the counts', () => {
    const tally = [
      failure('the card is lost', ['Error: no card', 'at test/a.ts:1:2']),
      skip('zsh'),
    ];

    expect(linesOf(tally.reduce(add))).toEqual([
      'skipped: zsh',
      'failed: the card is lost',
      '    Error: no card',
      '    at test/a.ts:1:2',
      '0 passed, 1 failed, 1 skipped',
    ]);
  });

  it('cuts what is long, and names what there is no room for only by number', () => {
    const long = failure('x'.repeat(500), Array(40).fill('y'.repeat(500)));
    const [first = '', ...rest] = linesOf(long);
    const many = Array.from({ length: 80 }, (_, at) => failure(`test ${at}`, ['why']));

    expect(first).toHaveLength(200);
    expect(rest).toHaveLength(11);
    expect(linesOf(many.reduce(add)).slice(-2)).toEqual([
      'failed: and 31 more',
      '0 passed, 80 failed, 0 skipped',
    ]);
  });

  const notes = fc.array(
    fc.record({
      name: fc.string({ maxLength: 300 }),
      why: fc.array(fc.string(), { maxLength: 30 }),
    }),
    { minLength: 1, maxLength: 120 },
  );
  test.prop([notes, fc.nat(30)])(
    'has every failure that it names within the last 51 lines, and the counts last',
    (failed, skipped) => {
      const clean = failed.map(({ name, why }) =>
        failure(
          name.replaceAll('\n', ' '),
          why.map((text) => text.replaceAll('\n', ' ')),
        ),
      );
      const tally = [...clean, ...Array.from({ length: skipped }, () => skip('s'))].reduce(add);
      const lines = linesOf(tally);
      const first = lines.findIndex((text) => text.startsWith('failed: '));

      expect(lines.at(-1)).toBe(line(tally));
      expect(lines.length - first).toBeLessThanOrEqual(51);
      expect(first).toBe(skipped);
    },
  );
});
