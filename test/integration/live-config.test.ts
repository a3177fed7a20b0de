import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '#src/config/load.ts';
import { createLiveConfig } from '#src/entry/live-config.ts';
import type { Log } from '#src/log.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flux-chatops-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const base = {
  clusters: [{ name: 'apps', channel: 'C0APPS' }],
  webhooks: { keys: [{ cluster: 'apps', key: { env: 'KEY' } }] },
  slack: { mode: 'socket', team: 'T01', botToken: { env: 'KEY' }, appToken: { env: 'KEY' } },
  redis: { url: { env: 'KEY' } },
  keys: { journal: { env: 'KEY' }, audit: { env: 'KEY' } },
};
const environment = { KEY: 'a key of this test, of no use anywhere else' };

const recorder = (lines: string[]): Log => {
  const take = (_: unknown, message: string): void => {
    lines.push(message);
  };
  return { debug: take, info: take, warn: take, error: take, child: () => recorder(lines) };
};

const start = async (file: string, written: object) => {
  await writeFile(file, stringify(written));
  const loaded = loadConfig({ file, environment });
  if (!loaded.ok) {
    throw new Error(JSON.stringify(loaded.failure));
  }
  const clock = createVirtualClock();
  const lines: string[] = [];
  const live = createLiveConfig(loaded.value, { file, environment }, clock, recorder(lines));
  const stop = new AbortController();
  const watching = live.watch(stop.signal);
  return {
    live,
    lines,
    change: async (more: object) => {
      await writeFile(file, stringify({ ...written, ...more }));
      await clock.advance(5_000);
    },
    pass: () => clock.advance(5_000),
    close: async () => {
      stop.abort();
      await clock.advance(5_000);
      await watching;
    },
  };
};

it('takes Git hosts, their tokens and authors as they are, without a restart', async () => {
  const file = join(folder, 'flux-chatops.yaml');
  const token = join(folder, 'token');
  const { live, lines, change, pass, close } = await start(file, base);
  const author = { name: 'Robin', login: 'robin-p', email: undefined };
  const tokenNow = () => live.current().secrets.get('git.hosts[0].token');

  expect(live.incidents().hosts).toEqual([]);
  expect(live.personOf?.(author)).toBeUndefined();

  await writeFile(token, 'ghp_first\n');
  await change({
    git: {
      hosts: [{ host: 'git.example', kind: 'github', token: { file: token }, owners: ['acme'] }],
    },
    people: [{ name: 'robin', slack: 'U0ROBIN', github: 'robin-p' }],
  });
  expect(live.incidents().hosts).toMatchObject([{ host: 'git.example', kind: 'github' }]);
  expect(live.personOf?.(author)).toEqual({ user: 'U0ROBIN', name: 'robin' });
  expect(tokenNow()).toBe('ghp_first');

  await writeFile(token, 'ghp_second\n');
  await pass();
  expect(tokenNow()).toBe('ghp_second');

  // a token that is away for a moment takes nothing out of force
  await rm(token);
  await pass();
  expect(tokenNow()).toBe('ghp_second');

  await close();
  expect(lines).toEqual([
    'the changed configuration is in force',
    'the changed configuration is in force',
    'the changed configuration is wrong; what was in force stays',
  ]);
});

it('takes rights, limits and keys of webhooks, times and channels as they are, without a restart', async () => {
  const key = join(folder, 'key');
  await writeFile(key, 'first');
  const { live, lines, change, pass, close } = await start(join(folder, 'flux-chatops.yaml'), {
    ...base,
    webhooks: { keys: [{ cluster: 'apps', key: { file: key } }] },
  });
  const secrets = () => live.webhookKeys().map(({ secret, namespaces }) => [secret, namespaces]);

  expect(secrets()).toEqual([['first', undefined]]);
  expect(live.policy().grants).toEqual([]);
  expect(live.fenceRequired('apps')).toBe(true);
  expect(live.intakeLimits()).toEqual({
    replayWindowMs: 3_600_000,
    rate: { perSecond: 2_000, burst: 4_000 },
  });

  await writeFile(key, 'second');
  await pass();
  expect(secrets()).toEqual([['second', undefined]]);

  await change({
    clusters: [{ name: 'apps', channel: 'C0OTHER', fence: 'off' }],
    webhooks: {
      keys: [{ cluster: 'apps', key: { file: key }, namespaces: ['harbor'] }],
      replayWindow: '5m',
      perSecond: 10,
    },
    access: {
      roles: { operator: ['reconcile'] },
      grants: [{ role: 'operator', groups: ['S01'], clusters: ['apps'] }],
    },
    incidents: { dwell: '1s', waiting: '2s', reopen: '3s' },
    channels: [{ id: 'C0MORE', cluster: 'apps' }],
  });
  expect(secrets()).toEqual([['second', ['harbor']]]);
  expect(live.intakeLimits()).toEqual({
    replayWindowMs: 300_000,
    rate: { perSecond: 10, burst: 20 },
  });
  expect(live.policy().grants).toEqual([
    {
      role: 'operator',
      permissions: ['reconcile'],
      subjects: ['slack-group:T01:S01'],
      clusters: ['apps'],
    },
  ]);
  expect(live.groups()).toEqual(['S01']);
  expect(live.incidents()).toMatchObject({ dwellMs: 1_000, waitingMs: 2_000, reopenMs: 3_000 });
  expect(live.channelOf('apps')).toBe('C0OTHER');
  expect(live.channelOf('infra')).toBeUndefined();
  expect(live.fenceRequired('apps')).toBe(false);
  expect(live.fenceRequired('infra')).toBe(true);
  expect(live.defaultCluster('C0OTHER')).toBe('apps');
  expect(live.defaultCluster('C0MORE')).toBe('apps');
  expect(live.defaultCluster('C0ELSE')).toBeUndefined();

  await close();
  expect(lines).toEqual(Array(2).fill('the changed configuration is in force'));
});

it('says which changes wait for a restart, at each change until they are taken back', async () => {
  const { live, lines, change, close } = await start(join(folder, 'flux-chatops.yaml'), base);

  await change({ listen: { public: { port: 8081 } } });
  await change({ listen: { public: { port: 8081 } }, timeZone: 'Europe/Berlin' });
  await change({ timeZone: 'Europe/Berlin' });
  await close();

  expect(live.sayTime(Date.UTC(2026, 10, 23, 20, 25), 'minutes')).toBe('2026-11-23 21:25 CET');
  expect(lines).toEqual([
    'clusters, Slack, addresses and keys of the bot itself change with a restart',
    'the changed configuration is in force',
    'clusters, Slack, addresses and keys of the bot itself change with a restart',
    'the changed configuration is in force',
    'the changed configuration is in force',
  ]);
});
