import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { nearest, readWords, tokenize } from '#src/command/words.ts';
import { fail, ok } from '#src/result.ts';

describe('splitting what a person typed', () => {
  test.prop([fc.string({ unit: 'binary' })])(
    'never throws and leaves no space outside quotes',
    (text) => {
      expect(tokenize(text).every((word) => typeof word === 'string')).toBe(true);
    },
  );

  test.prop([
    fc.array(fc.stringMatching(/^[^\\"'\u2013\u2014\u2018-\u201f\u00a0]+$/), { minLength: 1 }),
  ])('keeps quoted words whole', (words) => {
    expect(tokenize(words.map((word) => `"${word}"`).join(' '))).toEqual(words);
  });

  it.each([
    ['reconcile ks/a/b --with-source', ['reconcile', 'ks/a/b', '--with-source']],
    ['reconcile \u201cks/a/b\u201d \u2014with-source', ['reconcile', 'ks/a/b', '--with-source']],
    ["ack INC-1 'on it, since 3'", ['ack', 'INC-1', 'on it, since 3']],
    ['a\\ b "c d', ['a b', 'c d']],
    ['--image nginx:1.27', ['--image', 'nginx:1.27']],
    ['say ""', ['say', '']],
    ['  ', []],
  ])('reads %s', (text, words) => {
    expect(tokenize(text)).toEqual(words);
  });
});

const shapes = [
  { name: 'object', type: 'string' },
  { name: 'cluster', type: 'string' },
  { name: 'withSource', type: 'boolean' },
  { name: 'limit', type: 'number' },
] as const;

describe('reading words into arguments', () => {
  it('takes flags by name in both forms and the rest by position', () => {
    expect(
      readWords(['ks/a/b', '--with-source', '--cluster=infra', '--limit', '5'], shapes, ['object']),
    ).toEqual(ok({ object: 'ks/a/b', withSource: true, cluster: 'infra', limit: 5 }));
  });

  it('says every problem at once, with what was probably meant', () => {
    expect(readWords(['a', 'b', '--with-sorce', '--cluster'], shapes, ['object'])).toEqual(
      fail([
        'There is no flag --with-sorce. Did you mean --with-source?',
        '--cluster needs a value.',
        '"b" is one word too many.',
      ]),
    );
  });

  test.prop([fc.array(fc.string())])('never throws', (words) => {
    expect(typeof readWords(words, shapes, ['object']).ok).toBe('boolean');
  });
});

describe('the nearest word', () => {
  it('forgives a slip and nothing more', () => {
    expect(nearest('reconsile', ['reconcile', 'status'])).toBe('reconcile');
    expect(nearest('drop', ['reconcile', 'status'])).toBeUndefined();
  });
});
