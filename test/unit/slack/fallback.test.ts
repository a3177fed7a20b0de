import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '#src/slack/blocks.ts';
import { fallbackLimit, fallbackText } from '#src/slack/fallback.ts';
import { plainTime, type TimePrecision } from '#src/text/plain.ts';
import type { Line, Part, View } from '#src/view.ts';
import { anyView } from '#test/fakes/views.ts';

const word = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'),
  minLength: 4,
  maxLength: 12,
});
const line: fc.Arbitrary<Line> = fc.array(
  fc.oneof(
    word,
    fc.record({ kind: fc.constantFrom('bold' as const, 'code' as const), text: word }),
    fc.record({ kind: fc.constant('link' as const), text: word, url: fc.webUrl() }),
  ),
  { minLength: 1, maxLength: 3 },
);
const lines = fc.array(line, { minLength: 1, maxLength: 3 });
const part = fc.oneof(
  fc.record({ kind: fc.constant('heading' as const), tone: fc.constant('failing' as const), line }),
  fc.record({ kind: fc.constantFrom('text' as const, 'small' as const), line }),
  fc.record({ kind: fc.constant('quote' as const), text: word }),
  fc.record({ kind: fc.constant('list' as const), items: lines }),
  fc.record({
    kind: fc.constant('fields' as const),
    fields: fc.array(fc.record({ label: word, line }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.constant([]),
    rows: fc.array(lines, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('steps' as const),
    steps: fc.array(
      fc.record({
        state: fc.constantFrom('done' as const, 'running' as const, 'failed' as const),
        line,
        detail: line,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
) as fc.Arbitrary<Part>;
const smallView: fc.Arbitrary<View> = fc.record({
  summary: word,
  parts: fc.array(part, { maxLength: 5 }),
});

/** The words that a reader sees in blocks. */
const shownWords = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { type, text } = value as { type?: unknown; text?: unknown };
  const own =
    type === 'mrkdwn' && typeof text === 'string'
      ? (text.replace(/:[a-z_]+:|<[^|>]*\|?/g, ' ').match(/[a-z0-9]{4,}/g) ?? [])
      : [];
  return [...own, ...Object.values(value).flatMap(shownWords)];
};

describe('the fallback text', () => {
  it('says every word that the blocks show', () => {
    fc.assert(
      fc.property(smallView, (view) => {
        const { text, blocks } = renderMessage(view);

        expect(shownWords(blocks).filter((word) => !text.includes(word))).toEqual([]);
      }),
    );
  });

  it('stays within what Slack advises, whatever the view', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(fallbackText(view).length).toBeLessThanOrEqual(fallbackLimit);
      }),
      { numRuns: 30 },
    );
  });

  it('leaves out a line that says no more than the summary', () => {
    const text = fallbackText({
      summary: 'infra: ks/media/plex does not become healthy: not ready in time',
      parts: [
        { kind: 'heading', tone: 'failing', line: ['plex does not become healthy on infra'] },
        { kind: 'quote', text: 'Deployment/media/plex: not ready in time' },
        { kind: 'progress', done: 2, total: 6 },
        { kind: 'buttons', buttons: [{ label: 'Status', command: 'status', input: {} }] },
      ],
    });

    expect(text).toBe(
      '🔴 infra: ks/media/plex does not become healthy: not ready in time\nDeployment/media/plex: not ready in time\n2 of 6',
    );
  });

  it('writes times in the zone that it is given, else in UTC', () => {
    const at = Date.UTC(2026, 10, 23, 20, 25);
    const view: View = {
      summary: 'infra: ks/media/plex fails',
      parts: [
        { kind: 'text', line: ['Since ', { kind: 'time', at, precision: 'minutes' }] },
        {
          kind: 'table',
          columns: ['object', 'seen'],
          rows: [[['seen'], [{ kind: 'time', at, precision: 'minutes' }]]],
        },
      ],
    };
    const berlin = (when: number, precision: TimePrecision) =>
      plainTime(when, precision, 'Europe/Berlin');

    expect(fallbackText(view)).toContain('Since 2026-11-23 20:25 UTC');
    expect(fallbackText(view, berlin).match(/2026-11-23 21:25 CET/g)).toHaveLength(2);
    expect(renderMessage(view, berlin).text).toBe(fallbackText(view, berlin));
  });

  it('tells numbers apart that are part of one another', () => {
    const text = fallbackText({
      summary: 'infra: 12 objects',
      parts: [{ kind: 'text', line: ['infra: 1 object'] }],
    });

    expect(text).toContain('infra: 1 object');
  });
});

describe('the sign of a notification', () => {
  const tones = ['succeeded', 'neutral', 'warning', 'failing'] as const;
  const headings = (wanted: readonly (typeof tones)[number][]): View => ({
    summary: 'how it is',
    parts: wanted.map((tone) => ({ kind: 'heading', tone, line: [tone] })),
  });

  it('is that of the worst it tells of, wherever it stands', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...tones], { minLength: 4 }), (order) => {
        expect(fallbackText(headings(order))).toMatch(/^🔴 how it is/);
      }),
    );
    expect(fallbackText(headings(['neutral', 'succeeded']))).toMatch(/^✅ how it is/);
    expect(fallbackText(headings([]))).toBe('how it is');
  });
});
