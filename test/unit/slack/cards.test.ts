import { describe, expect, it } from 'vitest';
import { renderMessage } from '#src/slack/blocks.ts';
import { cards } from '#test/fakes/cards.ts';
import { slackRefusal } from '#test/slack/limits.ts';

const fixtures = new URL('../../fixtures/cards/', import.meta.url).pathname;

describe('golden cards', () => {
  it.each(Object.entries(cards))('%s is what it was, and fits', async (name, view) => {
    const message = renderMessage(view);

    expect(slackRefusal(message)).toBeUndefined();
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot(
      `${fixtures}${name}.json`,
    );
  });
});
