import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageShortcuts } from '#src/console/offer.ts';
import { methodScopes } from '#src/entry/generate/slack-manifest.ts';

const Manifest = z.looseObject({
  features: z.looseObject({
    app_home: z.object({ home_tab_enabled: z.boolean(), messages_tab_enabled: z.boolean() }),
    shortcuts: z.array(
      z.object({
        name: z.string().max(24),
        type: z.literal('message'),
        callback_id: z.string().max(255),
        description: z.string().max(150),
      }),
    ),
    slash_commands: z.array(z.looseObject({ command: z.string(), usage_hint: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.strictObject({ bot: z.array(z.string()) }) }),
  settings: z.looseObject({
    event_subscriptions: z.object({ bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.boolean() }),
    socket_mode_enabled: z.boolean(),
  }),
});

const manifest = Manifest.parse(parse(readFileSync('deploy/slack-manifest.yaml', 'utf8')));

const sources = readdirSync('src/slack', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`src/slack/${file}`, 'utf8'));
const family =
  'admin|apps|auth|bots|canvases|chat|conversations|files|pins|reactions|team|usergroups|users|views';
const methodForm = new RegExp(`'((?:${family})(?:\\.[a-zA-Z]+)+)'`, 'g');

describe('the Slack manifest', () => {
  it('knows every Web API method that the code calls, and no other', () => {
    const called = sources.flatMap((text) =>
      [...text.matchAll(methodForm)].map(([, name]) => name),
    );

    expect(new Set(Object.keys(methodScopes))).toEqual(new Set(called));
  });

  it('asks for what the methods, the command and the event need, and for nothing more', () => {
    const needed = [...Object.values(methodScopes).flat(), 'commands', 'app_mentions:read'];

    expect(new Set(manifest.oauth_config.scopes.bot)).toEqual(new Set(needed));
  });

  it('subscribes to the events that the code listens for', () => {
    const heard = sources.flatMap((text) =>
      [...text.matchAll(/app\.event\('(\w+)'/g)].map(([, name]) => name),
    );

    expect(manifest.settings.event_subscriptions.bot_events).toEqual(heard);
  });

  it('brings the slash command and buttons to us over the socket', () => {
    const [command, ...others] = manifest.features.slash_commands;

    expect(others).toEqual([]);
    expect(command).toMatchObject({ command: '/flux' });
    expect(manifest.settings).toMatchObject({
      interactivity: { is_enabled: true },
      socket_mode_enabled: true,
    });
  });

  it('offers each message shortcut that the code answers, within what Slack takes', () => {
    expect(manifest.features.shortcuts.map(({ callback_id }) => callback_id)).toEqual(
      messageShortcuts.map(({ callbackId }) => callbackId),
    );
  });

  it('has the Home, and the messages in which its buttons are answered', () => {
    expect(manifest.features.app_home).toEqual({
      home_tab_enabled: true,
      messages_tab_enabled: true,
    });
  });
});
