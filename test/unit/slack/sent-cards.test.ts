import { describe, expect, it } from 'vitest';
import { sentCards } from '#test/cards/cards.ts';
import { homeProblems, slackRefusal } from '#test/slack/limits.ts';

const fixtures = new URL('../../fixtures/cards/', import.meta.url).pathname;
const all = await sentCards();

describe('what Slack is sent', () => {
  it.each(Object.entries(all))('%s is what it was, and fits', async (name, card) => {
    expect('type' in card ? homeProblems(card.blocks) : slackRefusal(card)).toEqual(
      'type' in card ? [] : undefined,
    );
    await expect(`${JSON.stringify(card, null, 2)}\n`).toMatchFileSnapshot(
      `${fixtures}${name}.json`,
    );
  });
});
