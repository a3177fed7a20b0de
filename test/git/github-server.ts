import { createEmulator } from 'emulate';
import { z } from 'zod';
import type { CommitDraft } from '#test/fakes/git.ts';

/** GitHub's API on 127.0.0.1, with one repository. */
export interface GitHubServer {
  readonly url: string;
  readonly token: string;
  /** Adds a commit that no branch points to. @returns its id */
  commit(draft: CommitDraft): Promise<string>;
  close(): Promise<void>;
}

export interface GitHubSeed {
  readonly owner: string;
  readonly name: string;
  readonly users: readonly {
    readonly login: string;
    readonly name: string;
    readonly email: string;
  }[];
}

const Made = z.object({ sha: z.string() });
const token = 'ghp_a-token-of-the-tests';

/** Starts an emulated GitHub on a free port. */
export const startGitHub = async ({ owner, name, users }: GitHubSeed): Promise<GitHubServer> => {
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: { [token]: { login: owner, scopes: ['repo'] } },
      github: {
        users: [{ login: owner }, ...users],
        repos: [{ owner, name, auto_init: true, private: true }],
      },
    },
  });
  const url = emulator.url.replace('localhost', '127.0.0.1');
  const trees = new Map<string, string>();

  const send = async (method: string, path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/repos/${owner}/${name}/${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response.json();
  };

  return {
    url,
    token,
    commit: async ({ parents, files, message, author, at }) => {
      const base = trees.get(parents[0] ?? '');
      const tree = Object.entries(files).map(([path, content]) => ({
        path,
        mode: '100644',
        type: 'blob',
        ...(content === null ? { sha: null } : { content }),
      }));
      const made = Made.parse(
        await send('POST', 'git/trees', {
          tree,
          ...(base === undefined ? {} : { base_tree: base }),
        }),
      );
      const by = { ...author, date: new Date(at).toISOString() };
      const commit = Made.parse(
        await send('POST', 'git/commits', {
          message,
          tree: made.sha,
          parents,
          author: by,
          committer: by,
        }),
      );
      trees.set(commit.sha, made.sha);
      return commit.sha;
    },
    close: () => emulator.close(),
  };
};
