import { afterAll, beforeAll } from 'vitest';
import { createGitHub } from '#src/git/github.ts';
import { gitContract, robin } from '#test/contract/git-contract.ts';
import { createFakeGit } from '#test/fakes/git.ts';
import { type GitHubServer, startGitHub } from '#test/git/github-server.ts';

const path = 'acme/platform';

gitContract('Git in memory', async () => {
  const git = createFakeGit({ [robin.email]: robin.login });
  return {
    git,
    repository: { host: 'github.example', path },
    commit: async (draft) => git.commit(path, draft),
  };
});

let server: GitHubServer;
beforeAll(async () => {
  server = await startGitHub({ owner: 'acme', name: 'platform', users: [robin] });
});
afterAll(() => server.close());

gitContract('the GitHub adapter', async () => ({
  git: createGitHub({ apiUrl: server.url, token: () => server.token, clock: { now: Date.now } }),
  repository: { host: 'github.example', path },
  commit: (draft) => server.commit(draft),
}));
