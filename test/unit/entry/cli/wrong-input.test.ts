import { describe, expect, it } from 'vitest';
import { get } from '#commands/get.ts';
import { whoami } from '#commands/whoami.ts';
import { strayOption, wrongInput } from '#src/entry/cli/wrong-input.ts';

describe('an option of one letter', () => {
  it.each([
    ['-o json', 'There is no option -o. For an answer that programs read there is --json.'],
    ['-n pki', 'There is no option -n. Did you mean --namespace?'],
    ['-A', 'There is no option -A. Every namespace is looked at where --namespace names none.'],
    ['-x', 'There is no option -x.'],
    ['failing --namespace pki', undefined],
  ])('of other programs, "%s", is answered in our words', (words, said) => {
    expect(strayOption(words.split(' '), get.doc)).toBe(said);
  });

  it('is not led to an argument that a command has not', () => {
    expect(strayOption(['-n'], whoami.doc)).toBe('There is no option -n.');
  });
});

describe('an input', () => {
  it('that is none of the choices is answered with the nearest', () => {
    expect(wrongInput(get.doc.arguments, { filter: 'faling' })).toBe(
      'There is no filter "faling". Did you mean failing?',
    );
  });

  it('that fits is not complained of', () => {
    expect(wrongInput(get.doc.arguments, { filter: 'failing', cluster: 'infra' })).toBeUndefined();
  });
});
