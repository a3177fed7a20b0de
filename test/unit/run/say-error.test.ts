import { describe, expect, it } from 'vitest';
import { sayError } from '#test/run/say-error.ts';

describe('an error of a test', () => {
  it('is said with its places in this clone and with what differs, without colours', () => {
    const said = sayError(
      {
        name: 'AssertionError',
        message: 'expected { a: 1 } to equal { a: 2 }',
        diff: '\u001b[32m- Expected\u001b[39m\n\u001b[31m+ Received\u001b[39m\n\n  {\n-   "a": 2,\n+   "a": 1,\n  }',
        stacks: [
          { file: '/clone/node_modules/vitest/a.js', line: 1, column: 1 },
          { file: '/clone/test/a.test.ts', line: 3, column: 52 },
          { file: '/clone/test/b.ts', line: 4, column: 1 },
          { file: '/clone/test/c.ts', line: 5, column: 1 },
        ],
      },
      '/clone',
    );

    expect(said).toEqual([
      'AssertionError: expected { a: 1 } to equal { a: 2 }',
      'at test/a.test.ts:3:52',
      'at test/b.ts:4:1',
      '-   "a": 2,',
      '+   "a": 1,',
    ]);
  });

  it('is said with the first lines of a long message, and with its cause', () => {
    const message = Array.from({ length: 9 }, (_, at) => `line ${at}`).join('\n\n');

    expect(sayError({ message, cause: { message: 'inner' } }, '/clone')).toEqual([
      ...['line 0', 'line 1', 'line 2', 'line 3', 'line 4'],
      'cause: inner',
    ]);
  });
});
