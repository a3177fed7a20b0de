import { describe, expect, it } from 'vitest';
import { readOptions, wantsColor } from '#src/entry/cli/options.ts';

describe('readOptions', () => {
  it('takes its own options from anywhere and leaves the rest in order', () => {
    expect(
      readOptions([
        '--context=infra=admin@infra',
        'get',
        '--json',
        'failing',
        '--context',
        'apps',
        '--kind',
        'hr',
        '--color=never',
      ]),
    ).toEqual({
      ok: true,
      value: {
        config: undefined,
        contexts: ['infra=admin@infra', 'apps'],
        json: true,
        color: 'never',
        help: false,
        version: false,
        rest: ['get', 'failing', '--kind', 'hr'],
      },
    });
  });

  it.each([
    [['get', '--config'], '--config needs a value: --config FILE.'],
    [['--context', '--json'], '--context needs a value: --context [CLUSTER=]CONTEXT.'],
    [['--json=yes'], '--json takes no value "yes".'],
    [['--color', 'nevr'], '--color is auto, always, never; not "nevr". Did you mean never?'],
  ])('says what is wrong with %j', (words, problem) => {
    expect(readOptions(words)).toEqual({ ok: false, failure: [problem] });
  });

  it('lets --no-color have the last word', () => {
    expect(readOptions(['--no-color', '--color', 'always'])).toMatchObject({
      value: { color: 'never' },
    });
  });
});

describe('wantsColor', () => {
  const wish = (
    choice: 'auto' | 'always' | 'never',
    environment: Readonly<Record<string, string>>,
    isTerminal: boolean,
  ) => wantsColor({ choice, environment, isTerminal });

  it.each([
    [true, 'auto', {}, true],
    [false, 'auto', {}, false],
    [false, 'auto', { NO_COLOR: '1' }, true],
    // an empty one does not count: no-color.org
    [true, 'auto', { NO_COLOR: '' }, true],
    [false, 'auto', { TERM: 'dumb' }, true],
    [true, 'auto', { FORCE_COLOR: '1' }, false],
    [false, 'auto', { FORCE_COLOR: '0' }, true],
    [true, 'auto', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [true, 'always', { NO_COLOR: '1', TERM: 'dumb' }, false],
    [false, 'never', { FORCE_COLOR: '1' }, true],
  ] as const)('is %s for %s, %j, terminal %s', (expected, choice, environment, isTerminal) => {
    expect(wish(choice, environment, isTerminal)).toBe(expected);
  });
});
