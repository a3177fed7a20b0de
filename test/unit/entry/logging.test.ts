import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLog } from '#src/entry/logging.ts';

const Line = z.looseObject({ level: z.string(), msg: z.string(), err: z.json().optional() });

const logged = (
  error: unknown,
): { readonly text: string; readonly line: z.output<typeof Line> } => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  log.child({ part: 'store' }).warn({ error }, 'a call failed');
  const text = lines.join('');
  return { text, line: Line.parse(JSON.parse(text)) };
};

describe('an error in the log', () => {
  it('says what happened and where, without the words of the command that failed', () => {
    const refused = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
      code: 'WRONGPASS',
      command: { name: 'hello', args: ['3', 'AUTH', 'default', 'hunter2-of-the-store'] },
      req: { headers: { authorization: 'Basic aHVudGVyMg==', cookie: 'session=hunter2' } },
    });

    const { text, line } = logged(new Error('Redis is away', { cause: refused }));

    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('aHVudGVyMg');
    expect(line).toMatchObject({
      level: 'warn',
      part: 'store',
      msg: 'a call failed',
      err: {
        message: 'Redis is away',
        stack: expect.stringContaining('logging.test.ts'),
        cause: { message: 'WRONGPASS invalid username-password pair', code: 'WRONGPASS' },
      },
    });
  });

  it('shows no secret that stands in its text', () => {
    const { text } = logged(new Error('cannot open https://bot:hunter2@git.example.com/x'));

    expect(text).toContain('git.example.com');
    expect(text).not.toContain('hunter2');
  });

  it('is said in one line of a size that can be shipped, whatever was thrown', () => {
    expect(logged('only a word').line.err).toBe('only a word');
    expect(logged(new Error('x '.repeat(1_000_000))).text.length).toBeLessThan(10_000);
    const circle = new Error('round');
    circle.cause = circle;
    expect(logged(circle).line.err).toMatchObject({ message: 'round' });
  });
});
