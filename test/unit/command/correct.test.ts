import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { correctionOf, writeRequest } from '#src/command/correct.ts';
import { readWords, tokenize } from '#src/command/words.ts';
import type { FormInput } from '#src/form.ts';
import { createStage } from '#test/unit/commands/stage.ts';

const stage = createStage();
const corrected = (text: string) =>
  correctionOf({ text }, commands, stage.context, () => true)?.text;

describe('a request with a typo', () => {
  it.each([
    ['statsu', 'status'],
    ['statsu ks/harbor/harbor infra', 'status ks/harbor/harbor infra'],
    ['reconcile ks/harbour/harbor infra', 'reconcile ks/harbor/harbor infra'],
    ['reconcile ks/harbor/harbor infar', 'reconcile ks/harbor/harbor infra'],
    ['reconcile plexx', 'reconcile ks/media/plex'],
    ['status --kluster apps', 'status --cluster=apps'],
    [
      'reconcile ks/harbor/harbor infra --wiht-source',
      'reconcile ks/harbor/harbor infra --with-source',
    ],
    ['get failling infra', 'get failing infra'],
    ['gte failling infar', 'get failing infra'],
    ['get infar', 'get --cluster=infra'],
    ['get --namespace medai', 'get --namespace=media'],
    ['status infar', 'status infra'],
    ['help statsu', 'help status'],
    ['help nothing-near', undefined],
    ['get --no-such', undefined],
    ['dance', undefined],
  ])('%s is meant as %s', (typed, meant) => {
    expect(corrected(typed)).toBe(meant);
  });

  it('is not corrected into what the person may not do', () => {
    expect(correctionOf({ text: 'statsu' }, commands, stage.context, () => false)).toBeUndefined();
  });

  it('is left open where what was meant can be several things', () => {
    const meant = correctionOf({ text: 'status harbr' }, commands, stage.context, () => true);

    expect(meant).toMatchObject({ input: { object: 'ks/harbor/harbor' }, isOpen: true });
  });

  it('that was no typo is not offered once more', () => {
    expect(corrected('status ks/harbor/harbor infra')).toBeUndefined();
  });

  it('of a button is corrected by its input', () => {
    const asked = { command: 'status', input: { object: 'plexx', cluster: 'infra' } };

    expect(correctionOf(asked, commands, stage.context, () => true)?.text).toBe(
      'status ks/media/plex infra',
    );
  });
});

const value = (type: string, choices: readonly string[]) => {
  if (type === 'boolean') {
    return fc.boolean();
  }
  if (type === 'number') {
    return fc.integer({ min: 1, max: 99 });
  }
  return choices.length > 0 ? fc.constantFrom(...choices) : fc.string({ minLength: 1 });
};

const requests = fc.constantFrom(...commands).chain(({ doc }) =>
  fc.record({
    doc: fc.constant(doc),
    input: fc.record(
      Object.fromEntries(doc.arguments.map((one) => [one.name, value(one.type, one.choices)])),
      { requiredKeys: [] },
    ),
  }),
);

describe('writing a request', () => {
  test.prop([requests])('gives words that are read as the same request', ({ doc, input }) => {
    // what chat clients rewrite cannot be typed back as it is
    fc.pre(
      Object.values(input).every(
        (one) => /^[ -~]*$/.test(String(one)) && !/^--./.test(String(one)),
      ),
    );
    const defaults = Object.fromEntries(
      doc.arguments.flatMap(({ name, initial }) =>
        initial === undefined ? [] : [[name, initial]],
      ),
    );
    const [, ...words] = tokenize(writeRequest(doc, input as FormInput));
    const read = readWords(words, doc.arguments, doc.positional);

    expect(read.ok && { ...defaults, ...read.value }).toEqual({ ...defaults, ...input });
  });
});
