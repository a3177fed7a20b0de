import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { namedIn, readRequest } from '#src/command/read-request.ts';
import { explain } from '#src/failure.ts';

const asksFor = (text: string): string => {
  const { name, words = [] } = namedIn({ text });
  return [name, ...words].join(' ');
};

describe('what a request asks for', () => {
  it.each([
    ['', 'here'],
    ['Status infra', 'status infra'],
    ['--help', 'help'],
    ['-h', 'help'],
    ['?', 'help'],
    ['help --help', 'help'],
    ['reconcile --help', 'help reconcile'],
    ['reconcile ks/harbor/harbor \u2014help', 'help reconcile'],
    ['/flux', 'here'],
    ['/flux status infra', 'status infra'],
  ])('"%s" asks for "%s"', (text, wanted) => {
    expect(asksFor(text)).toBe(wanted);
  });
});

describe('what a command does not take', () => {
  const problem = (text: string): string => {
    const read = readRequest({ text }, commands);
    return read.ok ? 'nothing' : explain(read.failure).what;
  };

  it.each([
    ['get --page 0', 'page must be 1 or more.'],
    ['get --page two', 'page: "two" is not a number.'],
    ['status ""', 'object is empty.'],
    ['get --filter faling', 'Did you mean failing?'],
  ])('%s: %s', (text, said) => {
    expect(problem(text)).toContain(said);
  });
});
