import fc from 'fast-check';
import { expect, it } from 'vitest';
import { renderHome } from '#src/slack/home-blocks.ts';
import { anyView } from '#test/fakes/views.ts';
import { homeProblems } from '#test/slack/limits.ts';

it('makes a Home that Slack accepts of any view', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      expect(homeProblems(renderHome(view))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

it('puts a line between what stands under one heading and the next', () => {
  const heading = { kind: 'heading', tone: 'neutral', line: ['x'] } as const;
  const text = { kind: 'text', line: ['y'] } as const;

  const blocks = renderHome({ summary: 's', parts: [heading, text, text, heading, text] });

  expect(blocks.map(({ type }) => type)).toEqual([
    'section',
    'section',
    'section',
    'divider',
    'section',
    'section',
  ]);
});
