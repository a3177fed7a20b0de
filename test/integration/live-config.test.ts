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

it('takes Git hosts, their tokens and authors as they are, without a restart', async () => {
  const file = join(folder, 'flux-chatops.yaml');
  const token = join(folder, 'token');
  const write = (more: object) => writeFile(file, stringify({ ...base, ...more }));
  await write({});
  const loaded = loadConfig({ file, environment });
  if (!loaded.ok) {
    throw new Error(JSON.stringify(loaded.failure));
  }
  const clock = createVirtualClock();
  const lines: string[] = [];
  const live = createLiveConfig(loaded.value, { file, environment }, clock, recorder(lines));
  const stop = new AbortController();
  const watching = live.watch(stop.signal);
  const author = { name: 'Robin', login: 'robin-p', email: undefined };
  const tokenNow = () => live.current().secrets.get('git.hosts[0].token');

  expect(live.incidents().hosts).toEqual([]);
  expect(live.personOf?.(author)).toBeUndefined();

  await writeFile(token, 'ghp_first\n');
  await write({
    git: {
      hosts: [{ host: 'git.example', kind: 'github', token: { file: token }, owners: ['acme'] }],
    },
    people: [{ name: 'robin', slack: 'U0ROBIN', github: 'robin-p' }],
  });
  await clock.advance(5_000);
  expect(live.incidents().hosts).toMatchObject([{ host: 'git.example', kind: 'github' }]);
  expect(live.personOf?.(author)).toEqual({ user: 'U0ROBIN', name: 'robin' });
  expect(tokenNow()).toBe('ghp_first');

  await writeFile(token, 'ghp_second\n');
  await clock.advance(5_000);
  expect(tokenNow()).toBe('ghp_second');

  // a token that is away for a moment takes nothing out of force
  await rm(token);
  await clock.advance(5_000);
  expect(tokenNow()).toBe('ghp_second');

  stop.abort();
  await clock.advance(5_000);
  await watching;
  expect(lines).toEqual([
    'the changed configuration is in force',
    'the changed configuration is in force',
    'the changed configuration is wrong; what was in force stays',
  ]);
});
