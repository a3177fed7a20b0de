import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Form } from '#src/form.ts';
import { readForm } from '#src/slack/form-answer.ts';
import { formView, noticeView } from '#src/slack/form-blocks.ts';
import { viewProblems } from '#test/slack/view-limits.ts';

const common = (argument: string) => ({
  argument: fc.constant(argument),
  label: fc.string({ maxLength: 300, unit: 'binary' }),
  hint: fc.string({ maxLength: 3_000, unit: 'binary' }),
  required: fc.boolean(),
});

const choices = fc
  .uniqueArray(fc.stringMatching(/^[a-z/-]{1,75}$/), { minLength: 1, maxLength: 100 })
  .chain((values) =>
    fc.record({
      options: fc.constant(values.map((value) => ({ value, label: value }))),
      value: fc.option(fc.constantFrom(...values), { nil: undefined }),
    }),
  );

const field = (argument: string) =>
  fc.oneof(
    fc.record({
      ...common(argument),
      kind: fc.constant('text' as const),
      value: fc.option(fc.string({ maxLength: 4_000 }), { nil: undefined }),
    }),
    fc.record({ ...common(argument), kind: fc.constant('switch' as const), on: fc.boolean() }),
    fc
      .tuple(
        fc.record({
          ...common(argument),
          kind: fc.constant('choice' as const),
          narrow: fc.option(fc.record({ by: fc.string({ maxLength: 400 }), total: fc.nat() }), {
            nil: undefined,
          }),
        }),
        choices,
      )
      .map(([given, listed]) => ({ ...given, ...listed })),
  );

const forms: fc.Arbitrary<Form> = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 70 })
  .chain((names) =>
    fc.record({
      command: fc.string({ minLength: 1, maxLength: 60 }),
      summary: fc.string({ maxLength: 4_000, unit: 'binary' }),
      note: fc.option(fc.string({ maxLength: 4_000, unit: 'binary' }), { nil: undefined }),
      fields: fc.tuple(...names.map(field)),
    }),
  );

const place = { channel: 'C0INFRA', at: 1 };

/** What Slack sends when nothing is changed: the blocks, and what they are filled with at first. */
const unchanged = (view: ReturnType<typeof formView>) => {
  const values = view.blocks.flatMap((block): readonly (readonly [string, object])[] => {
    const element = block['element'] as Readonly<Record<string, unknown>> | undefined;
    return element === undefined
      ? []
      : [
          [
            String(block['block_id']),
            {
              [String(element['action_id'])]: {
                value: element['initial_value'] ?? null,
                selected_option: element['initial_option'] ?? null,
                ...(element['type'] === 'checkboxes'
                  ? { selected_options: element['initial_options'] ?? [] }
                  : {}),
              },
            },
          ],
        ];
  });
  return { ...view, state: { values: Object.fromEntries(values) } };
};

describe('a form as a modal', () => {
  test.prop([forms, fc.string({ maxLength: 4_000 })], { numRuns: 60 })(
    'is one that Slack accepts, whatever the form',
    (form, responseUrl) => {
      expect(viewProblems(formView(form, { ...place, responseUrl }))).toEqual([]);
    },
  );

  test.prop([
    fc.string(),
    fc.array(fc.string({ maxLength: 5_000, unit: 'binary' }), { minLength: 1, maxLength: 5 }),
  ])('without anything to fill in is accepted too', (command, lines) => {
    expect(viewProblems(noticeView(command, lines))).toEqual([]);
  });

  it('read back unchanged is what was filled in', () => {
    const shared = { hint: '', required: false };
    const form: Form = {
      command: 'reconcile',
      summary: 'Reconcile.',
      fields: [
        {
          ...shared,
          kind: 'choice',
          argument: 'object',
          label: 'Object',
          options: [{ value: 'ks/a/b', label: 'ks/a/b' }],
          value: 'ks/a/b',
        },
        { ...shared, kind: 'text', argument: 'reason', label: 'Reason', value: 'on it' },
        { ...shared, kind: 'text', argument: 'page', label: 'Page' },
        { ...shared, kind: 'switch', argument: 'force', label: 'Force', on: true },
        { ...shared, kind: 'switch', argument: 'reset', label: 'Reset', on: false },
      ],
    };
    const view = formView(form, { ...place, thread: '1.2', responseUrl: 'https://x' });

    expect(readForm(unchanged(view))).toMatchObject({
      command: 'reconcile',
      place: { channel: 'C0INFRA', thread: '1.2', responseUrl: 'https://x', at: 1 },
      input: { object: 'ks/a/b', reason: 'on it', force: true, reset: false },
    });
    expect(readForm(unchanged(view))?.input).not.toHaveProperty('page');
  });

  test.prop([fc.anything()])('is not read from what is none', (view) => {
    expect(readForm(view)).toBeUndefined();
  });
});
