import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ButtonRequest, readButtonValue } from '#src/slack/button.ts';
import { everything } from '#test/fakes/command-bench.ts';
import { createConsoleBench } from '#test/fakes/console-bench.ts';

const minute = 60_000;

describe('an answer of the console', () => {
  let bench: ReturnType<typeof createConsoleBench>;
  beforeEach(() => {
    bench = createConsoleBench();
  });
  afterEach(() => bench.close());

  const requestOf = (label: string): ButtonRequest => {
    const button = bench.button(label);
    const request = button === undefined ? undefined : readButtonValue(button.value);
    if (request === undefined) {
      throw new Error(`no button ${label}`);
    }
    return request;
  };
  const last = () => bench.slack.answers().at(-1);

  const askForStatus = async (): Promise<ButtonRequest> => {
    await bench.handle(bench.command('status ks/data/api apps'));
    return requestOf('Share');
  };

  it('is for the one who asked, with a button that shares it', async () => {
    const share = await askForStatus();

    expect(last()).toMatchObject({ audience: 'asker' });
    expect(share).toEqual({
      command: 'status',
      input: { object: 'ks/data/api', cluster: 'apps' },
      answer: 'in-channel',
    });
    expect(bench.texts()).toEqual([]);
  });

  it('is posted for all by Share, asked anew and with the name of who shared it', async () => {
    const share = await askForStatus();

    await bench.handle(bench.click(share));

    expect(bench.texts()).toHaveLength(1);
    expect(bench.texts()[0]).toContain('ks/data/api on apps');
    expect(bench.texts()[0]).toContain('(shared by @robin)');
    expect(last()).toMatchObject({ audience: 'asker', replace: true });
    expect(last()?.text).toContain('Shared in this channel.');
    expect(bench.button('Share')).toBeUndefined();
    expect(bench.facts.filter(({ command }) => command === 'status')).toHaveLength(4);
  });

  it('is posted once when Slack repeats the click, or the person clicks again', async () => {
    const share = await askForStatus();
    const click = bench.click(share);

    await Promise.all([bench.handle(click), bench.handle(click), bench.handle(bench.click(share))]);

    expect(bench.texts()).toHaveLength(1);
  });

  it('is posted once when the reply to the post is lost', async () => {
    const share = await askForStatus();
    let lost = 0;
    bench.slack.interfere((verb) => {
      lost += verb === 'post' ? 1 : 0;
      return verb === 'post' && lost === 1
        ? { failure: { code: 'no-reply', detail: 'socket hang up' }, after: true }
        : undefined;
    });

    await bench.handle(bench.click(share), 2 * minute);

    expect(lost).toBe(1);
    expect(bench.texts()).toHaveLength(1);
  });

  it('is not shared by whoever has lost the right meanwhile', async () => {
    const share = await askForStatus();
    bench.setPolicy({ ...everything, grants: [] });

    await bench.handle(bench.click(share));

    expect(bench.texts()).toEqual([]);
    expect(last()?.text).toContain('missing: status anywhere');
  });

  it('is shared in the thread in which it was asked, or in the channel once the thread is gone', async () => {
    const root = await bench.slack.post({
      channel: 'C1',
      text: 'root',
      blocks: [],
      card: { card: 'other', attempt: '1' },
    });
    const thread = root.ok ? root.value.ts : '';
    const share = await askForStatus();

    await bench.handle(bench.click(share, { thread }));
    bench.slack.deleteMessage(thread);
    await bench.handle(bench.click(share, { thread, message: '1.2' }));

    const shared = bench.slack.messages().filter(({ text }) => text.includes('shared by'));
    expect(shared.map((message) => message.thread)).toEqual([thread, undefined]);
  });

  it('says how to invite the bot where it is not a member, and appears once it is', async () => {
    const share = await askForStatus();
    bench.slack.setChannel('C1', 'not-joined');

    await bench.handle(bench.click(share));
    const said = last()?.text;
    bench.slack.setChannel('C1', 'joined');
    await bench.clock.advance(2 * minute);

    expect(said).toContain('ks/data/api on apps');
    expect(said).toContain('Not shared yet. The bot is not a member here.');
    expect(said).toContain('/invite @flux');
    expect(bench.texts()).toHaveLength(1);
  });

  it('does not appear when the bot is invited much later', async () => {
    const share = await askForStatus();
    bench.slack.setChannel('C1', 'not-joined');

    await bench.handle(bench.click(share), 15 * minute);
    bench.slack.setChannel('C1', 'joined');
    await bench.clock.advance(5 * minute);

    expect(bench.texts()).toEqual([]);
    expect(bench.outbox.status().behind).toBe(0);
  });

  it('says how to invite the bot with each answer once it is known to be outside', async () => {
    const share = await askForStatus();
    bench.slack.setChannel('C1', 'not-joined');
    await bench.handle(bench.click(share));

    await bench.handle(bench.command('status ks/data/api apps'));

    expect(last()?.text).toContain('ks/data/api on apps');
    expect(last()?.text).toContain('/invite @flux');
  });

  it('tells a private channel that the bot cannot see from one that is archived', async () => {
    const share = await askForStatus();
    bench.slack.interfere((verb) =>
      verb === 'post'
        ? { failure: { code: 'channel-gone', channel: 'C1', error: 'channel_not_found' } }
        : undefined,
    );

    await bench.handle(bench.click(share));

    expect(last()?.text).toContain('/invite @flux');
  });

  it('cannot be shared in a conversation of two', async () => {
    await bench.handle(bench.command('status ks/data/api apps', { channel: 'D1' }));

    expect(bench.button('Share')).toBeUndefined();
    expect(bench.button('Reconcile')).toBeDefined();
  });

  it('turns its page in its own place, and leaves a shared one alone', async () => {
    const next: ButtonRequest = {
      command: 'get',
      input: { filter: 'all', page: 2 },
      answer: 'in-place',
    };

    await bench.handle(bench.click(next));
    const own = last();
    await bench.handle(bench.click(next, { ephemeral: false, user: 'U2' }));
    const shared = last();

    expect(own).toMatchObject({ audience: 'asker', replace: true });
    expect(shared).toMatchObject({ audience: 'asker' });
    expect(shared).not.toHaveProperty('replace');
  });

  it('goes to the thread whose button was clicked', async () => {
    const request = { command: 'status', input: { object: 'ks/data/api', cluster: 'apps' } };

    await bench.handle(bench.click(request, { thread: '9.9', ephemeral: false }));

    expect(last()).toMatchObject({ thread: '9.9' });
  });

  it('tells where a card cannot be shown, with the card', async () => {
    bench.slack.setChannel('C1', 'not-joined');

    await bench.handle(bench.command('reconcile ks/data/api apps'));

    expect(last()?.text).toContain('CMD-1 is on its way, but cannot be shown here');
    expect(last()?.text).toContain('/invite @flux');
  });
});
