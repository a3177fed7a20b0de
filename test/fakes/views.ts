import fc from 'fast-check';
import type { Line, Part, Span, View } from '#src/view.ts';

const nasty = [
  '<!channel> @here <@U01|x> <https://evil.example|click>',
  '*bold* _italic_ ~gone~ `code` ```fence```',
  '> quoted\n>>> more',
  ':tada: :x:y: 12:34:56',
  '\u202egnp.exe \u001b[31mred\u0007\u0000',
  '&amp; &lt;b&gt; <b>',
  '😀👩‍👩‍👧 ñ 漢字 \ud83d',
  'a'.repeat(400),
  '&'.repeat(900),
  ' \n\t ',
  '',
];

/** Any text, with a bias to the kinds that break renderers. */
export const anyText = (maxLength = 5_000): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...nasty),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('*', '_', '~', '`', '<', '>', '&', '@', ':', '|', 'a', ' ', '\n'),
    }),
    fc
      .tuple(fc.constantFrom(...nasty), fc.nat(Math.ceil(maxLength / 20)))
      .map(([text, times]) => text.repeat(times + 1).slice(0, maxLength)),
  );

const at = fc.integer({ min: 0, max: 4_000_000_000_000 });

export const anySpan: fc.Arbitrary<Span> = fc.oneof(
  anyText(),
  fc.record({
    kind: fc.constantFrom('bold' as const, 'italic' as const, 'code' as const),
    text: anyText(),
  }),
  fc.record({
    kind: fc.constant('link' as const),
    text: anyText(),
    url: fc.oneof(
      fc.webUrl(),
      fc.webUrl().map((url) => `${url}?q=a|b>c<d&e=${'f'.repeat(60)}`),
      anyText(),
      fc.constant('javascript:alert(1)'),
    ),
  }),
  fc.record({
    kind: fc.constant('time' as const),
    at,
    precision: fc.constantFrom('seconds' as const, 'minutes' as const, 'date' as const),
  }),
  fc.record({
    kind: fc.constant('person' as const),
    user: fc.oneof(fc.constant('U024BE7LH'), anyText(50)),
    name: anyText(100),
    notify: fc.boolean(),
  }),
);

export const anyLine: fc.Arbitrary<Line> = fc.array(anySpan, { maxLength: 6 });

const step = fc.record(
  {
    state: fc.constantFrom('done', 'running', 'pending', 'failed', 'skipped'),
    line: anyLine,
    detail: anyLine,
    tookMs: fc.nat(10_000_000),
  },
  { requiredKeys: ['state', 'line'] },
);

const button = fc.record(
  {
    label: anyText(200),
    command: fc.oneof(fc.constantFrom('reconcile', 'why'), anyText(400)),
    input: fc.dictionary(
      fc.string({ maxLength: 20 }),
      fc.oneof(anyText(3_000), fc.boolean(), fc.integer()),
      { maxKeys: 4 },
    ),
    style: fc.constantFrom('primary' as const, 'danger' as const),
  },
  { requiredKeys: ['label', 'command', 'input'] },
);

const many = <T>(item: fc.Arbitrary<T>, most: number) =>
  fc.array(item, { maxLength: most, size: 'max' });

export const anyPart: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    kind: fc.constant('heading' as const),
    tone: fc.constantFrom('failing', 'warning', 'recovered', 'approval', 'neutral'),
    line: anyLine,
  }),
  fc.record({ kind: fc.constant('text' as const), line: anyLine }),
  fc.record({ kind: fc.constant('quote' as const), text: anyText() }),
  fc.record({
    kind: fc.constant('fields' as const),
    fields: many(fc.record({ label: anyText(300), line: anyLine }), 25),
  }),
  fc.record({ kind: fc.constant('list' as const), items: many(anyLine, 30) }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.array(anyText(30), { maxLength: 4 }),
    rows: many(fc.array(fc.oneof(anyLine, fc.constant(['ok'])), { maxLength: 4 }), 60),
  }),
  fc.record({ kind: fc.constant('steps' as const), steps: many(step, 12) }),
  fc.record({
    kind: fc.constant('progress' as const),
    done: fc.integer({ min: -3, max: 400 }),
    total: fc.integer({ min: -3, max: 300 }),
  }),
  fc.record({ kind: fc.constant('buttons' as const), buttons: many(button, 30) }),
  fc.record({ kind: fc.constant('small' as const), line: anyLine }),
) as fc.Arbitrary<Part>;

/** Any view, most of them far too large for one message. */
export const anyView: fc.Arbitrary<View> = fc.record({
  summary: anyText(),
  parts: fc.oneof(fc.array(anyPart, { maxLength: 8 }), many(anyPart, 55)),
});
