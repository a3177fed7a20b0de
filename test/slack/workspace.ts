import type { LocalSlackConfig } from '#test/slack/local-slack.ts';

export const demoTeam = 'T01DEMO';
export const demoBot = {
  appId: 'A01FLUX',
  botUserId: 'U0BOT',
  botName: 'flux',
  botToken: 'xoxb-demo',
  appToken: 'xapp-demo',
  signingSecret: 'demo-signing-secret',
} as const;

/** A workspace with two people, two channels and the bot; `requestUrl` makes it use signed requests. */
export const demoWorkspace = (requestUrl?: string): LocalSlackConfig => ({
  workspace: { name: 'Demo', domain: 'demo', teamId: demoTeam },
  apps: [
    requestUrl === undefined
      ? { ...demoBot, mode: 'socket' }
      : { ...demoBot, mode: 'events', requestUrl },
  ],
  users: [
    { id: 'U0ROBIN', name: 'robin', real_name: 'Robin Platform', email: 'robin@example.com' },
    { id: 'U0SAM', name: 'sam', real_name: 'Sam Okafor', email: 'sam@example.com' },
  ],
  channels: [
    { id: 'C0INFRA', name: 'flux-infra', members: ['U0ROBIN', 'U0SAM', demoBot.botUserId] },
    { id: 'C0APPS', name: 'flux-apps', members: ['U0ROBIN', 'U0SAM', demoBot.botUserId] },
  ],
});
