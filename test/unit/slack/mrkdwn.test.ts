import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, writeFence, writeLine } from '#src/slack/mrkdwn.ts';
import { anyLine, anyText } from '#test/fakes/views.ts';

const gap = '\u200b';
const joint = '\u2060';

describe('text from outside', () => {
  it.each([
    ['<!channel> & <@U01>', '&lt;!channel&gt; &amp; &lt;@U01&gt;'],
    ['@here and @channel', `@${joint}here and @${joint}channel`],
    ['*bold* _italic_ ~gone~ `code`', '∗bold∗ ˍitalicˍ ∼gone∼ ˋcodeˋ'],
    ['snake_case a*b x~y', 'snake_case a*b x~y'],
    ['__init__.py', 'ˍˍinitˍˍ.py'],
    [':rotating_light: :+1:', `:${joint}rotating_light: :${joint}+1:`],
    ['see https://evil.example', `see https:${joint}//evil.example`],
    ['> quoted', `${gap}&gt; quoted`],
    ['two\nlines\tand\r\nmore', 'two lines  and more'],
    ['\u202egnp.exe\u001b[31m', 'gnp.exe[31m'],
    ['half \ud83d', 'half \ufffd'],
  ])('%j shows as text', (foreign, written) => {
    expect(escapeText(foreign)).toBe(written);
  });

  it('opens no formatting, whatever it is', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(escapeText(text)).not.toMatch(/(?:^|[^A-Za-z0-9])[*_~]|`|[<>]|@here|@channel/);
      }),
    );
  });
});

describe('writeLine', () => {
  it('writes every kind of span', () => {
    const line = writeLine([
      { kind: 'bold', text: 'cert-manager' },
      ' at ',
      { kind: 'code', text: 'main`@`sha' },
      ' ',
      { kind: 'link', text: '4d42d61', url: 'https://git.example/c/4d42d61?a=1&b=|' },
      ' since ',
      { kind: 'time', at: 1_795_461_948_000, precision: 'seconds' },
      ' by ',
      { kind: 'person', user: 'U01', name: 'robin', notify: false },
      ' and ',
      { kind: 'person', user: 'U02', name: 'sam', notify: true },
    ]);

    expect(line).toBe(
      "*cert-manager* at `main'@'sha` " +
        '<https://git.example/c/4d42d61?a=1&amp;b=%7C|`4d42d61`> since ' +
        '<!date^1795461948^{date_short_pretty} {time_secs}|2026-11-23 19:25:48 UTC> ' +
        'by @robin and <@U02>',
    );
  });

  it('links only to the web, and never names a user id that is none', () => {
    expect(writeLine([{ kind: 'link', text: 'here', url: 'javascript:alert(1)' }])).toBe('here');
    expect(writeLine([{ kind: 'person', user: 'U1> <!here', name: 'x', notify: true }])).toBe('@x');
  });

  it('separates formatting from the word that it touches', () => {
    expect(writeLine(['v', { kind: 'bold', text: '1' }, 'beta'])).toBe(`v${gap}*1*${gap}beta`);
  });

  it('never writes more than its limit', () => {
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 40, max: 400 }), (line, limit) => {
        expect(writeLine(line, limit).length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('writeFence', () => {
  it('takes empty lines at the start and all space at the end away', () => {
    expect(writeFence('\n\n  one\n two \n\n')).toBe('```  one\n two```');
    expect(writeFence('\n \n')).toBe('');
  });

  // going back over the gap from each of its spaces would run out of time
  it('is ready at once, however long a gap in the text is', () => {
    expect(writeFence(`a${' '.repeat(150_000)}b`)).toBe('```a…```');
  });

  it('cannot be left', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const fence = writeFence(text, 500);
        expect(fence.length).toBeLessThanOrEqual(500);
        expect(fence.replace(/^```|```$/g, '')).not.toMatch(/[`<>]/);
      }),
    );
  });
});
