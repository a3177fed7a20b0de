import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import type { CommandDoc } from '#src/command/define.ts';
import { formOf } from '#src/command/form.ts';
import { formView, noticeView } from '#src/slack/form-blocks.ts';
import { viewProblems } from '#test/slack/view-limits.ts';
import { createStage, put } from '#test/unit/commands/stage.ts';

const place = { channel: 'C0INFRA', at: 1 };
const docOf = (name: string): CommandDoc => {
  const found = commands.find(({ doc }) => doc.name === name);
  if (found === undefined) {
    throw new Error(`there is no command ${name}`);
  }
  return found.doc;
};

const crowded = () => {
  const stage = createStage();
  for (let at = 0; at < 150; at++) {
    put(stage.apps, `Kustomization/many/app-${at}`);
  }
  put(stage.apps, `Kustomization/many/${'long-'.repeat(30)}name`);
  return stage;
};
const crowd = crowded();

describe('the form of a command', () => {
  it('asks for what must be said first, and for switches last', () => {
    const form = formOf(docOf('reconcile'), {}, createStage().context);

    expect(form.fields.map(({ argument, kind }) => [argument, kind])).toEqual([
      ['object', 'choice'],
      ['cluster', 'choice'],
      ['withSource', 'switch'],
      ['force', 'switch'],
      ['reset', 'switch'],
    ]);
  });

  it('lists what fails first, and only kinds that the command can act on', () => {
    const stage = createStage();
    put(stage.apps, 'ImagePolicy/media/plex');
    const [object] = formOf(docOf('reconcile'), {}, stage.context).fields;
    const [any] = formOf(docOf('status'), {}, stage.context).fields;
    const values = (field: typeof object) =>
      field?.kind === 'choice' ? field.options.map(({ value }) => value) : [];

    expect(values(object)[0]).toBe('ks/media/plex');
    expect(values(object)).not.toContain('imagepolicy/media/plex');
    expect(values(any)).toContain('imagepolicy/media/plex');
  });

  it('keeps what was typed, and takes the default of the channel for the cluster', () => {
    const { context } = createStage({ defaultCluster: 'infra' });
    const form = formOf(docOf('reconcile'), { object: 'plex', withSource: true }, context);

    expect(form.fields).toMatchObject([
      { argument: 'object', value: 'ks/media/plex' },
      { argument: 'cluster', value: 'infra' },
      { argument: 'withSource', on: true },
      { argument: 'force', on: false },
      { argument: 'reset', on: false },
    ]);
  });

  it('lists a hundred of more, and can be narrowed', () => {
    const [all] = formOf(docOf('reconcile'), {}, crowd.context).fields;
    const [some] = formOf(docOf('reconcile'), { object: 'app-14' }, crowd.context).fields;

    expect(all).toMatchObject({ kind: 'choice', narrow: { by: '', total: 158 } });
    expect(all?.kind === 'choice' && all.options.length).toBe(100);
    expect(some?.kind === 'choice' && some.options.map(({ value }) => value)).toEqual([
      'ks/many/app-14',
      ...Array.from({ length: 10 }, (_, at) => `ks/many/app-14${at}`),
    ]);
  });

  test.prop([
    fc.constantFrom(...commands.map(({ doc }) => doc)),
    fc.dictionary(fc.constantFrom('object', 'cluster', 'filter', 'page', 'force'), fc.string()),
    fc.string(),
  ])('is a modal that Slack accepts, whatever was typed', (doc, input, note) => {
    expect(viewProblems(formView(formOf(doc, input, crowd.context, note), place))).toEqual([]);
  });

  test.prop(
    [
      fc.array(
        fc.record({
          name: fc.string({ minLength: 1, maxLength: 300 }),
          type: fc.constantFrom('boolean' as const, 'string' as const, 'number' as const),
          description: fc.string({ maxLength: 3_000 }),
          required: fc.boolean(),
          choices: fc.uniqueArray(fc.string({ maxLength: 200 }), { maxLength: 120 }),
          candidates: fc.option(fc.constantFrom('objects' as const, 'clusters' as const), {
            nil: undefined,
          }),
        }),
        { maxLength: 120 },
      ),
    ],
    { numRuns: 20 },
  )('is one too for any command that there may ever be', (arguments_) => {
    const doc = { ...docOf('reconcile'), arguments: arguments_ };

    expect(viewProblems(formView(formOf(doc, {}, crowd.context), place))).toEqual([]);
  });
});

/** As Slack is sent them; each can be pasted into Block Kit Builder. */
const forms = {
  reconcile: () => formView(formOf(docOf('reconcile'), {}, createStage().context), place),
  'reconcile-begun': () =>
    formView(
      formOf(
        docOf('reconcile'),
        { object: 'plex', cluster: 'infra', withSource: true },
        createStage().context,
      ),
      place,
    ),
  'reconcile-of-many': () =>
    formView(formOf(docOf('reconcile'), { object: 'app-1' }, crowd.context), place),
  opening: () => noticeView('reconcile', ['One moment …']),
};

describe('what Slack is sent to ask', () => {
  it.each(Object.entries(forms))('%s is what it was, and fits', async (name, view) => {
    const sent = view();

    expect(viewProblems(sent)).toEqual([]);
    await expect(`${JSON.stringify(sent, null, 2)}\n`).toMatchFileSnapshot(
      `${import.meta.dirname}/../../fixtures/cards/form/${name}.json`,
    );
  });
});
