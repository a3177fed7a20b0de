import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import { compose } from '#src/entry/compose.ts';
import { systemClock as clock, systemIds as ids } from '#src/entry/system.ts';
import { createGitHub } from '#src/git/github.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryWakeups } from '#src/queue/memory.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { kustomizationWire, repositoryWire, robin } from '#test/fakes/git-stage.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { type GitHubServer, startGitHub } from '#test/git/github-server.ts';

const patiently = { timeout: 20_000, interval: 50 };

let server: GitHubServer;
beforeAll(async () => {
  server = await startGitHub({
    owner: 'acme',
    name: 'platform',
    users: [{ ...robin, login: 'robin' }],
  });
});
afterAll(() => server.close());

it('tells on the card in Slack who broke it and who fixed it, as GitHub says', async () => {
  let at = Date.parse('2026-11-20T10:00:00Z');
  const commit = (parents: string[], message: string, content: string): Promise<string> => {
    at += 60_000;
    return server.commit({
      parents,
      message,
      files: { 'apps/web/a.yaml': content },
      author: robin,
      at,
    });
  };
  const good = await commit([], 'start', '1');
  const bad = await commit([good], 'web: v2 <!channel>', '2');
  const fix = await commit([bad], 'Revert "web: v2"', '1');
  const store = createMemoryStore({ clock });
  const slack = createFakeSlack({ clock });
  const cluster = createMemoryCluster('apps', clock.now);
  const git = createGitHub({ apiUrl: server.url, token: () => server.token, clock });
  const bot = compose(
    {
      incidents: () => ({ ...defaultIncidentSettings, dwellMs: 500 }),
      channelOf: () => 'C0APPS',
      defaultCluster: () => 'apps',
      policy: () => ({ teams: [], grants: [] }),
      personOf: ({ login }) => (login === 'robin' ? { user: 'U0ROBIN', name: 'robin' } : undefined),
      root: '/flux',
      journalKey: 'a key of this test, of no use elsewhere',
    },
    {
      clock,
      ids,
      store,
      clusters: [cluster],
      slack,
      git,
      wakeups: createMemoryWakeups({ clock }),
      commit: (batch) => store.commit(batch),
      log: silentLog,
    },
  );
  const stop = new AbortController();
  const running = bot.run(stop.signal);
  const shown = (): string =>
    JSON.stringify(slack.messages().find(({ thread }) => thread === undefined)?.blocks ?? '');
  try {
    cluster.applyWatchEvent('ADDED', repositoryWire());
    cluster.applyWatchEvent(
      'ADDED',
      kustomizationWire({ version: 2, ready: 'False', attempted: bad, applied: good }),
    );
    cluster.listAll();
    await vi.waitUntil(() => shown().includes('Suspect'), patiently);

    expect(shown()).toContain(
      `*Suspect* <https://github.com/acme/platform/commit/${bad}|\`${bad.slice(0, 7)}\`> web: v2 &lt;!channel&gt; — @robin, <!date^`,
    );

    cluster.applyWatchEvent(
      'MODIFIED',
      kustomizationWire({ version: 3, ready: 'True', attempted: fix, applied: fix }),
    );
    await vi.waitUntil(() => shown().includes('Fixed by'), patiently);

    expect(shown()).toContain(`Fixed by <https://github.com/acme/platform/commit/${fix}|`);
    expect(shown()).toContain('— @robin.');
    expect(slack.messages().filter(({ thread }) => thread === undefined)).toHaveLength(1);
  } finally {
    stop.abort();
    await running;
  }
});
