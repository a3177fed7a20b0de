import { describe, expect, it } from 'vitest';
import { sentCards } from '#test/cards/cards.ts';
import { homeProblems, slackRefusal } from '#test/slack/limits.ts';

const fixtures = new URL('../../fixtures/cards/', import.meta.url).pathname;
const all = await sentCards();

const dateToken = /<!date\^\d+\^[^|>]+\|[^>]+>/g;

describe('what Slack is sent', () => {
  it.each(Object.entries(all))('%s tells times in the zone of the reader', (_, { blocks }) => {
    const rest = JSON.stringify(blocks).replace(dateToken, '');

    expect(rest).not.toMatch(/\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|UTC/);
  });

  it.each(Object.entries(all))('%s is what it was, and fits', async (name, card) => {
    expect('type' in card ? homeProblems(card.blocks) : slackRefusal(card)).toEqual(
      'type' in card ? [] : undefined,
    );
    await expect(`${JSON.stringify(card, null, 2)}\n`).toMatchFileSnapshot(
      `${fixtures}${name}.json`,
    );
  });
});
