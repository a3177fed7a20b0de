import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeButtonValue } from '#src/slack/button.ts';
import { readClick, readCommand, readHomeOpened, readMention } from '#src/slack/inbound.ts';

const commandBody = {
  command: '/flux',
  text: 'status &lt;ks&gt; <http://example.com|example.com>',
  team_id: 'T1',
  user_id: 'U1',
  channel_id: 'C1',
  response_url: 'https://hooks.slack.com/commands/1',
  trigger_id: '13.37.abc',
};

describe('what comes from Slack', () => {
  it('is a command with the text as it was typed', () => {
    expect(readCommand(commandBody)).toEqual({
      kind: 'command',
      delivery: '13.37.abc',
      workspace: 'T1',
      team: 'T1',
      user: 'U1',
      channel: 'C1',
      command: '/flux',
      text: 'status <ks> example.com',
      responseUrl: 'https://hooks.slack.com/commands/1',
      triggerId: '13.37.abc',
    });
  });

  it('is a mention by somebody of another workspace', () => {
    const event = {
      type: 'app_mention',
      user: 'U2',
      user_team: 'T2',
      channel: 'C1',
      text: '<@U0BOT> why ks/a/b',
      ts: '2.1',
      thread_ts: '1.1',
    };

    expect(readMention({ team_id: 'T1', event_id: 'Ev1', event })).toEqual({
      kind: 'mention',
      delivery: 'Ev1',
      workspace: 'T1',
      team: 'T2',
      user: 'U2',
      channel: 'C1',
      text: 'why ks/a/b',
      thread: '1.1',
      ts: '2.1',
    });
    expect(readMention({ team_id: 'T1', event: { ...event, bot_id: 'B1' } })).toBeUndefined();
  });

  it('is a click with the request of the button, and nothing else of it', () => {
    const request = { command: 'reconcile', input: { object: 'ks/a/b', force: true } };
    const body = {
      type: 'block_actions',
      team: { id: 'T1' },
      user: { id: 'U2', team_id: 'T2' },
      channel: { id: 'C1' },
      message: { ts: '2.1', thread_ts: '1.1' },
      response_url: 'https://hooks.slack.com/actions/1',
      trigger_id: '13.37.abc',
      actions: [{ type: 'button', value: writeButtonValue(request) }],
    };

    expect(readClick(body)).toEqual({
      kind: 'click',
      delivery: '13.37.abc',
      workspace: 'T1',
      team: 'T2',
      user: 'U2',
      channel: 'C1',
      request,
      message: '2.1',
      thread: '1.1',
      ephemeral: false,
      home: false,
      responseUrl: 'https://hooks.slack.com/actions/1',
      triggerId: '13.37.abc',
    });
    expect(
      readClick({ ...body, actions: [{ type: 'button', value: '{"c":""}' }] }),
    ).toBeUndefined();
    expect(readClick({ ...body, actions: [{ type: 'button', value: 'rm -rf' }] })).toBeUndefined();
  });

  it.each([
    ['of Slack', { container: { type: 'view' }, view: { type: 'home' } }],
    ['of a stand-in', { container: { type: 'message', channel_id: '' }, channel: { id: '' } }],
  ])('is a click in the Home tab %s', (_, where) => {
    const body = {
      type: 'block_actions',
      team: { id: 'T1' },
      user: { id: 'U2', team_id: 'T1' },
      trigger_id: '13.37.abc',
      actions: [{ type: 'button', value: writeButtonValue({ command: 'status', input: {} }) }],
      ...where,
    };

    expect(readClick(body)).toMatchObject({ home: true, channel: '', message: undefined });
  });

  it('is a click on the root of a thread, which stands in no thread itself', () => {
    const body = {
      type: 'block_actions',
      team: { id: 'T1' },
      user: { id: 'U2', team_id: 'T1' },
      channel: { id: 'C1' },
      container: { message_ts: '1.1', thread_ts: '1.1', channel_id: 'C1', is_ephemeral: true },
      trigger_id: '13.37.abc',
      actions: [{ type: 'button', value: writeButtonValue({ command: 'status', input: {} }) }],
    };

    expect(readClick(body)).toMatchObject({ home: false, ephemeral: true, thread: undefined });
  });

  it('is the Home tab that somebody opened, and not the other tabs', () => {
    const event = {
      type: 'app_home_opened',
      user: 'U1',
      channel: 'D1',
      tab: 'home',
      event_ts: '1.1',
    };

    expect(readHomeOpened({ team_id: 'T1', event_id: 'Ev1', event })).toEqual({
      kind: 'home',
      delivery: 'Ev1',
      workspace: 'T1',
      team: 'T1',
      user: 'U1',
      channel: 'D1',
    });
    expect(readHomeOpened({ team_id: 'T1', event: { ...event, tab: 'messages' } })).toBeUndefined();
  });

  it('may be anything without a throw', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        readCommand(body);
        readMention(body);
        readClick(body);
        readHomeOpened(body);
      }),
    );
  });
});
