import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Config } from '#src/config/config.ts';
import { createLiveGit } from '#src/entry/git.ts';
import { type GitHubServer, startGitHub } from '#test/git/github-server.ts';

const base = `
clusters: [{ name: apps, channel: C0APPS }]
webhooks: { keys: [{ cluster: apps, key: { env: KEY } }] }
slack: { mode: socket, team: T01, botToken: { env: BOT }, appToken: { env: APP } }
redis: { url: { env: REDIS_URL } }
keys: { journal: { env: JOURNAL_KEY }, audit: { env: AUDIT_KEY } }
`;
const configOf = (hosts: string) => Config.parse(parse(`${base}git: { hosts: ${hosts} }`));

const robin = { login: 'robin', name: 'Robin', email: 'robin@example.com' };
let server: GitHubServer;
beforeAll(async () => {
  server = await startGitHub({ owner: 'acme', name: 'platform', users: [robin] });
});
afterAll(() => server.close());

it('follows hosts and tokens of the configuration while it runs', async () => {
  const draft = { parents: [], files: { a: '1' }, message: 'start', author: robin, at: 1_000 };
  const first = await server.commit(draft);
  const second = await server.commit({ ...draft, parents: [first], files: { a: '2' } });
  const github = `{ host: git.example, kind: github, apiUrl: '${server.url}', token: { env: T }, owners: [acme] }`;
  const gitlab = '{ host: gitlab.example, kind: gitlab }';
  let hosts = '[]';
  let secrets = new Map<string, string>();
  const git = createLiveGit(() => ({ config: configOf(hosts), secrets }), { now: Date.now });
  const ask = (host = 'git.example') =>
    git.commitsBetween(
      { host, path: 'acme/platform' },
      { from: first, to: second, paths: ['a'], limit: 1 },
    );

  expect(await ask()).toMatchObject({ failure: { code: 'not-configured' } });

  hosts = `[${gitlab}, ${github}]`;
  expect(await ask('gitlab.example')).toMatchObject({ failure: { code: 'not-configured' } });
  // a private repository is closed to whoever has no token
  expect(await ask()).toMatchObject({ ok: false });

  secrets = new Map([['git.hosts[1].token', server.token]]);
  expect(await ask()).toMatchObject({ value: { commits: [{ sha: second }] } });

  hosts = `[{ host: git.example, kind: github, apiUrl: '${server.url}', owners: [other] }]`;
  expect(await ask()).toMatchObject({ failure: { code: 'not-configured' } });
});
