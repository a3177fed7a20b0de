import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { cleanLine } from '#src/text/clean.ts';

describe('text on one line', () => {
  it.each([
    ['one\ntwo', 'one two'],
    ['one  \r\n \n\t two', 'one two'],
    ['one  two', 'one  two'],
    ['\n one \n', ' one '],
  ])('%j becomes %j', (text, line) => {
    expect(cleanLine(text)).toBe(line);
  });

  const pieces = fc.array(fc.constantFrom('a', ' ', '\t', '\n', '\r', '\u00a0'), { maxLength: 12 });

  test.prop([pieces])('loses line ends with what stands around them, and nothing else', (parts) => {
    const line = cleanLine(parts.join(''));
    expect(line).not.toContain('\n');
    expect(line.replaceAll(/\s/g, '')).toBe(parts.join('').replaceAll(/\s/g, ''));
    expect(cleanLine(line)).toBe(line);
  });

  // going back over the gap from each of its spaces would run out of time
  it('is ready at once, however long a gap is', () => {
    const gap = ' '.repeat(150_000);
    expect(cleanLine(`a${gap}b`)).toBe(`a${gap}b`);
    expect(cleanLine(`a${gap}\n${gap}b`)).toBe('a b');
  });
});
