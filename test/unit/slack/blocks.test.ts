import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '#src/slack/blocks.ts';
import { readButtonValue } from '#src/slack/button.ts';
import type { SlackBlock } from '#src/slack/slack.ts';
import type { Part, View } from '#src/view.ts';
import { anyView } from '#test/fakes/views.ts';
import { slackRefusal } from '#test/slack/limits.ts';

const viewOf = (...parts: readonly Part[]): View => ({ summary: 'A story.', parts });

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { type, text } = value as { type?: unknown; text?: unknown };
  return [
    ...(type === 'mrkdwn' && typeof text === 'string' ? [text] : []),
    ...Object.values(value).flatMap(textsOf),
  ];
};

const mrkdwnOf = (blocks: readonly SlackBlock[]): string => textsOf(blocks).join('\n');

describe('renderMessage', () => {
  it('makes a message that Slack accepts of any view', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(slackRefusal(renderMessage(view))).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('writes no control sequence but the ones of its own spans', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { text, blocks } = renderMessage(view);
        const own =
          /<(?:!date\^\d+\^[^|<>]+\|[^|<>]+|@[UW][A-Z0-9]+|https?:[^|<>]+(?:\|[^<>]*)?)>/g;
        const rest = mrkdwnOf(blocks).replace(own, '');

        expect(rest).not.toMatch(/[<>]/);
        expect(text).not.toMatch(/[<>`]|(?<![A-Za-z0-9])[*_~]/);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the heading, the buttons and the small print of a view that is too long', () => {
    const long = viewOf(
      { kind: 'heading', tone: 'failing', line: ['120 objects fail'] },
      { kind: 'list', items: Array.from({ length: 900 }, (_, index) => [`object ${index} fails`]) },
      { kind: 'buttons', buttons: [{ label: 'Why', command: 'why', input: {} }] },
      { kind: 'small', line: ['INC-1'] },
    );

    const { blocks } = renderMessage(long);

    expect(blocks.map(({ type }) => type)).toEqual([
      'section',
      'section',
      'section',
      'section',
      'context',
      'actions',
      'context',
    ]);
    expect(mrkdwnOf(blocks)).toContain('• object 0 fails\n');
    expect(mrkdwnOf(blocks)).toMatch(/\d+ more lines did not fit into a Slack message/);
    expect(mrkdwnOf(blocks)).toContain('INC-1');
  });

  it('says the story in the fallback text with the sign of the heading', () => {
    const { text } = renderMessage({
      summary: 'infra: ks/pki/cert-manager is not healthy: <!channel> *now*',
      parts: [{ kind: 'heading', tone: 'failing', line: ['x'] }],
    });

    expect(text).toBe('🔴 infra: ks/pki/cert-manager is not healthy: &lt;!channel&gt; ∗now∗');
  });

  it('stresses a heading that stresses nothing itself', () => {
    const { blocks } = renderMessage(
      viewOf({ kind: 'heading', tone: 'succeeded', line: ['Done in 3 s'] }),
    );

    expect(mrkdwnOf(blocks)).toBe(':white_check_mark: *Done in 3 s*');
  });

  it('cuts a foreign text to a few lines and says how many are left', () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${index} \`\`\` <!here>`).join(
      '\n',
    );

    const written = mrkdwnOf(renderMessage(viewOf({ kind: 'quote', text })).blocks);

    expect(written.match(/```/g)).toHaveLength(2);
    expect(written).toContain("line 7 ''' &lt;!here&gt;\n… 22 more lines```");
  });

  it('gives buttons the command and its input, each with an id of its own', () => {
    const input = { object: 'ks/pki/cert-manager', cluster: 'infra', force: true };
    const { blocks } = renderMessage(
      viewOf({
        kind: 'buttons',
        buttons: [
          { label: 'Reconcile', command: 'reconcile', input },
          { label: 'Reconcile, forced', command: 'reconcile', input, style: 'danger' },
        ],
      }),
    );
    const elements = blocks[0]?.['elements'] as { action_id: string; value: string }[];

    expect(elements.map(({ action_id }) => action_id)).toEqual(['reconcile#0', 'reconcile#1']);
    expect(elements.map(({ value }) => readButtonValue(value))).toEqual([
      { command: 'reconcile', input },
      { command: 'reconcile', input },
    ]);
  });

  it('aligns a table that a phone can show and writes a wider one row by row', () => {
    const columns = ['object', 'state'];
    const slim = viewOf({ kind: 'table', columns, rows: [[['ks/a/b'], ['failing']]] });
    const wide = viewOf({
      kind: 'table',
      columns,
      rows: [
        [
          ['ks/observability/kube-prometheus-stack'],
          [{ kind: 'code', text: 'a4c3603' }],
          ['failing'],
        ],
      ],
    });

    expect(mrkdwnOf(renderMessage(slim).blocks)).toBe('```object  state\nks/a/b  failing```');
    expect(mrkdwnOf(renderMessage(wide).blocks)).toBe(
      '• *ks/observability/kube-prometheus-stack* · `a4c3603` · failing',
    );
  });
});

it('keeps the space between a running step and what it has waited', () => {
  const step = { state: 'running', line: ['Waiting for ks/a/b', ' · 5 s of 30 s'] } as const;

  const { blocks } = renderMessage({ summary: 'x', parts: [{ kind: 'steps', steps: [step] }] });

  expect(JSON.stringify(blocks)).toContain('*Waiting for ks/a/b · 5 s of 30 s*');
});
