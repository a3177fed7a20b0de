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
    ['status `ks/a/b` `infra`', ['status', 'ks/a/b', 'infra']],
    ["say 'run `x`'", ['say', 'run `x`']],
    ['  ', []],
  ])('reads %s', (text, words) => {
    expect(tokenize(text)).toEqual(words);
  });
});

/** What clients make of plain typing, each in the forms that were seen. */
const rewritten = (text: string, form: number): string =>
  text
    .replace(/(^|\s)--/g, `$1${['--', '\u2014', '\u2013', '\u2013-', '\u2011\u2011'][form % 5]}`)
    .replace(
      /"([^"]*)"/g,
      ['"$1"', '\u201c$1\u201d', '\u201e$1\u201c', '\u00ab$1\u00bb'][form % 4] ?? '',
    )
    .replaceAll('...', form % 2 === 0 ? '...' : '\u2026')
    .replace(/ /g, form % 3 === 0 ? ' ' : '\u00a0');

const typedWord = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9/.-]{0,20}[a-z0-9]$/),
  fc.stringMatching(/^--[a-z]{2,10}$/),
  fc.stringMatching(/^--[a-z]{2,10}=[a-z]{1,5}$/),
  fc.stringMatching(/^"[a-z]{1,5} [a-z]{1,5}"$/),
  fc.constantFrom('infra...apps', '"on it, since 3..."'),
);

describe('what chat clients make of what a person typed', () => {
  test.prop([fc.array(typedWord, { maxLength: 6 }), fc.nat(60)])(
    'is read as it was typed',
    (words, form) => {
      const typed = words.join(' ');

      expect(tokenize(rewritten(typed, form))).toEqual(tokenize(typed));
    },
  );

  it.each([
    ['reconcile ks/a/b\u200b --force', ['reconcile', 'ks/a/b', '--force']],
    ['reconcile ks/a/b \u2013force', ['reconcile', 'ks/a/b', '--force']],
    ['reconcile ks\u2011a', ['reconcile', 'ks-a']],
    ['say "10 \u2013 20"', ['say', '10 \u2013 20']],
  ])('%s', (text, words) => {
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

  const places = [
    { name: 'filter', type: 'string', choices: ['failing', 'all'] },
    { name: 'cluster', type: 'string' },
    { name: 'kind', type: 'string', words: ['ks', 'kustomization'] },
  ] as const;

  it.each([
    ['failing infra', { filter: 'failing', cluster: 'infra' }],
    ['infra failing', { filter: 'failing', cluster: 'infra' }],
    ['Failing', { filter: 'failing' }],
    ['infra', { cluster: 'infra' }],
    ['KS infra', { kind: 'KS', cluster: 'infra' }],
    ['--filter all infra', { filter: 'all', cluster: 'infra' }],
    ['faling infra', { filter: 'faling', cluster: 'infra' }],
  ])('takes each word of "%s" for what it can mean', (text, input) => {
    expect(readWords(tokenize(text), places, ['filter', 'cluster', 'kind'])).toEqual(ok(input));
  });

  test.prop([fc.array(fc.constantFrom('failing', 'infra', 'ks', '--filter=all', 'x'))])(
    'takes every word or says that it is too many',
    (words) => {
      const read = readWords(words, places, ['filter', 'cluster', 'kind']);
      const flags = words.filter((word) => word.startsWith('--')).length;
      const taken = words.length - flags + Math.min(flags, 1);

      expect(read.ok ? Object.keys(read.value).length : read.failure.length).toBe(
        read.ok ? taken : taken - 3,
      );
    },
  );

  test.prop([fc.array(fc.string())])('never throws', (words) => {
    expect(typeof readWords(words, shapes, ['object']).ok).toBe('boolean');
  });
});

describe('the nearest word', () => {
  it('forgives a slip and nothing more', () => {
    expect(nearest('reconsile', ['reconcile', 'status'])).toBe('reconcile');
    expect(nearest('drop', ['reconcile', 'status'])).toBeUndefined();
    expect(nearest('infar', ['apps', 'infra'])).toBe('infra');
    expect(nearest('gte', ['get', 'help'])).toBe('get');
  });
});
