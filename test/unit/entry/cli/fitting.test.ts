import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '#src/entry/cli/catalogue.ts';
import { whatFits } from '#src/entry/cli/fitting.ts';

const fits = (line: string) => {
  const words = line.split(' ');
  return whatFits(words.slice(0, -1), words.at(-1) ?? '', catalogue);
};
const texts = (line: string) => fits(line).candidates.map(({ text }) => text);

describe('whatFits', () => {
  it('offers commands, and the second words of those that have two', () => {
    expect(texts('re')).toEqual(['reconcile']);
    expect(texts('config ')).toEqual(['check', 'schema']);
    expect(texts('help config s')).toEqual(['schema']);
  });

  it('offers choices and what has to be looked up, by place', () => {
    expect(texts('get fa')).toEqual(['failing']);
    expect(fits('get failing ').sources).toEqual(['clusters', 'kinds']);
    expect(fits('get infra hr ').sources).toEqual([]);
    expect(texts('get infra hr ')).toContain('failing');
    expect(fits('get --filter all --kind hr ').sources).toEqual(['clusters']);
    expect(fits('reconcile ').sources).toEqual(['objects']);
    expect(fits('--context infra reconcile ks/a/b ').sources).toEqual(['clusters']);
    expect(fits('reconcile ks/a/b infra ')).toMatchObject({ candidates: [], sources: [] });
    expect(fits('config check ').sources).toEqual(['files']);
  });

  it('offers flags, of the command and of all, but none twice', () => {
    expect(texts('reconcile x --')).toEqual(
      expect.arrayContaining(['--with-source', '--force', '--json', '--context']),
    );
    expect(texts('reconcile x --force --f')).toEqual([]);
    expect(texts('get --context a --cont')).toEqual(['--context']);
  });

  it.each(['get --kind ', 'get --kind='])('offers the values of a flag after %j', (line) => {
    expect(fits(line).sources).toEqual(['kinds']);
    expect(fits(line).candidates).toEqual([]);
  });

  it('offers the choices of a flag behind its "="', () => {
    expect(texts('--color=n')).toEqual(['--color=never']);
    expect(texts('serve --role w')).toEqual(['worker']);
  });

  it('takes any line', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('get', 'config', 'check', '--kind', '--context=', '--', '-', '='),
            fc.string(),
          ),
        ),
        fc.string(),
        (words, typed) => {
          const { candidates } = whatFits(words, typed, catalogue);
          expect(
            candidates.every(({ text }) => text.toLowerCase().startsWith(typed.toLowerCase())),
          ).toBe(true);
        },
      ),
    );
  });
});
