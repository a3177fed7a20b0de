import { createEmulator } from 'emulate';
import { z } from 'zod';
import { readContent } from '#src/render/disk.ts';
import { treeOf } from '#src/render/tree.ts';
import { fail, ok } from '#src/result.ts';
import { readState, writeState } from '#test/demo/folder.ts';
import type { Commit, GitHost } from '#test/sandbox/controllers/git.ts';

export const gitOwner = 'robin';
const repository = `/repos/${gitOwner}/platform`;
export const gitToken = 'ghp_demo';

export interface Author {
  readonly login: string;
  readonly name: string;
  readonly email: string;
}
export const robin: Author = {
  login: 'robin',
  name: 'Robin Platform',
  email: 'robin@example.com',
};
export const sam: Author = { login: 'sam', name: 'Sam Okafor', email: 'sam@example.com' };

const Identity = z.object({ name: z.string(), email: z.string(), date: z.string() });

/** A commit with all that its sha depends on: written again, it gets the same one. */
const Kept = z.object({
  sha: z.string(),
  message: z.string(),
  author: Identity,
  committer: Identity,
  parents: z.array(z.string()),
  /** Path to blob. */
  tree: z.record(z.string(), z.string()),
});
type Kept = z.infer<typeof Kept>;

const Saved = z.object({ commits: z.array(Kept), blobs: z.record(z.string(), z.string()) });

const CommitWire = z.object({
  sha: z.string(),
  message: z.string(),
  author: Identity,
  committer: Identity,
  tree: z.object({ sha: z.string() }),
  parents: z.array(z.object({ sha: z.string() })),
});

const TreeWire = z.object({
  sha: z.string(),
  tree: z.array(z.object({ path: z.string(), type: z.string(), sha: z.string() })),
});

export interface NewCommit {
  readonly author: Author;
  readonly message: string;
  /** Path to what it holds then. */
  readonly files: Readonly<Record<string, string>>;
}

/** A GitHub on this machine with this repository's tree in it, and a memory that outlives it. */
export interface DemoGit {
  /** As a GitRepository names it. */
  readonly repositoryUrl: string;
  readonly apiUrl: string;
  /** `127.0.0.1:port`, as the bot's configuration calls the host. */
  readonly hostName: string;
  /** As source-controller sees it. */
  readonly host: GitHost;
  head(): Promise<string>;
  /** What a file holds on the branch now. */
  read(path: string): Promise<string>;
  commit(commit: NewCommit): Promise<string>;
  commits(): readonly { readonly sha: string; readonly message: string; readonly author: string }[];
  /** While set, clusters cannot reach it. */
  setDown(down: boolean): void;
  close(): Promise<void>;
}

/** Starts it with what it held the last time, or with the tree of the clone. */
export const startDemoGit = async (clone: string, port: number): Promise<DemoGit> => {
  const emulator = await createEmulator({
    service: 'github',
    port,
    seed: {
      tokens: { [gitToken]: { login: gitOwner, scopes: ['repo'] } },
      github: {
        users: [robin, sam].map(({ login, name, email }) => ({ login, name, email })),
        repos: [{ owner: gitOwner, name: 'platform', auto_init: true }],
      },
    },
  });
  const apiUrl = `http://127.0.0.1:${port}`;
  const repositoryUrl = `${apiUrl}/${gitOwner}/platform.git`;
  const blobs = new Map<string, string>();
  const commits = new Map<string, Kept>();
  let isDown = false;

  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${apiUrl}${repository}${path}`, {
      method,
      headers: { authorization: `token ${gitToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const json: unknown = await answer.json();
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    }
    return json;
  };

  const head = async (): Promise<string> =>
    z
      .object({ object: z.object({ sha: z.string() }) })
      .parse(await call('GET', '/git/ref/heads/main')).object.sha;

  const blob = async (sha: string): Promise<string> => {
    const known = blobs.get(sha);
    if (known !== undefined) {
      return known;
    }
    const { content, encoding } = z
      .object({ content: z.string(), encoding: z.string() })
      .parse(await call('GET', `/git/blobs/${sha}`));
    const text = encoding === 'base64' ? Buffer.from(content, 'base64').toString() : content;
    blobs.set(sha, text);
    return text;
  };

  const save = (): void => {
    writeState('git.json', { commits: [...commits.values()], blobs: Object.fromEntries(blobs) });
  };

  /** A commit as the host has it, its parents first. */
  const learn = async (sha: string): Promise<Kept> => {
    const known = commits.get(sha);
    if (known !== undefined) {
      return known;
    }
    const wire = CommitWire.parse(await call('GET', `/git/commits/${sha}`));
    for (const parent of wire.parents) {
      await learn(parent.sha);
    }
    const { tree } = TreeWire.parse(await call('GET', `/git/trees/${wire.tree.sha}?recursive=1`));
    const files = tree.filter(({ type }) => type === 'blob');
    await Promise.all(files.map((file) => blob(file.sha)));
    const { message, author, committer } = wire;
    const kept: Kept = {
      ...{ sha, message, author, committer },
      parents: wire.parents.map((parent) => parent.sha),
      tree: Object.fromEntries(files.map((file) => [file.path, file.sha])),
    };
    commits.set(sha, kept);
    save();
    return kept;
  };

  interface Written extends Pick<Kept, 'message' | 'author' | 'committer' | 'parents'> {
    readonly tree: Readonly<Record<string, string>>;
  }

  const write = async ({ message, author, committer, parents, tree }: Written): Promise<string> => {
    const made = TreeWire.parse(
      await call('POST', '/git/trees', {
        tree: Object.entries(tree).map(([path, content]) => ({
          ...{ path, content, mode: '100644', type: 'blob' },
        })),
      }),
    );
    const { sha } = z
      .object({ sha: z.string() })
      .parse(
        await call('POST', '/git/commits', { message, author, committer, parents, tree: made.sha }),
      );
    return sha;
  };

  const move = async (sha: string, force = false): Promise<void> => {
    await call('PATCH', '/git/refs/heads/main', { sha, force });
    await learn(sha);
  };

  const contentsOf = (kept: Kept): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(kept.tree).map(([path, sha]) => [path, blobs.get(sha) ?? '']),
    );

  const by = ({ name, email }: Author, date = new Date()) => ({
    ...{ name, email },
    // Git counts whole seconds
    date: `${date.toISOString().slice(0, 19)}Z`,
  });

  const restore = async (): Promise<boolean> => {
    const saved = Saved.safeParse(readState('git.json'));
    if (!saved.success) {
      return false;
    }
    for (const [sha, text] of Object.entries(saved.data.blobs)) {
      blobs.set(sha, text);
    }
    let last: string | undefined;
    for (const kept of saved.data.commits) {
      last = await write({ ...kept, tree: contentsOf(kept) });
      commits.set(last, { ...kept, sha: last });
    }
    if (last !== undefined) {
      await move(last, true);
    }
    return last !== undefined;
  };

  const seed = async (): Promise<void> => {
    const content = await readContent(clone, ['kubernetes', 'deploy']);
    if (!content.ok) {
      throw new Error(`the tree of ${clone} cannot be read: ${JSON.stringify(content.failure)}`);
    }
    const author = by(robin, new Date(Date.now() - 86_400_000));
    const tree = Object.fromEntries(
      [...content.value.files].map(([path, bytes]) => [path, bytes.toString()]),
    );
    // without a parent: the commit that the host begins with has another sha each time
    const sha = await write({
      ...{ message: 'Raise the platform', author, committer: author, parents: [], tree },
    });
    await move(sha, true);
  };

  if (!(await restore())) {
    await seed();
  }

  const asCommit = (kept: Kept): Commit => ({
    sha: kept.sha,
    subject: kept.message.split('\n')[0] ?? '',
    tree: treeOf({
      files: new Map(
        Object.entries(contentsOf(kept)).map(([path, text]) => [path, Buffer.from(text)]),
      ),
    }),
  });
  const asked = new Map<string, Commit>();

  return {
    repositoryUrl,
    apiUrl,
    hostName: new URL(apiUrl).host,
    host: {
      resolve: async (url, ref) => {
        if (isDown) {
          return fail(
            `Get "${url}/info/refs?service=git-upload-pack": dial tcp ${new URL(url).host}: connect: connection refused`,
          );
        }
        const kept = await learn(ref.commit ?? (await head()));
        const commit = asked.get(kept.sha) ?? asCommit(kept);
        asked.set(kept.sha, commit);
        return ok(commit);
      },
    },
    head,
    read: async (path) => {
      const content = contentsOf(await learn(await head()))[path];
      if (content === undefined) {
        throw new Error(`${path} is not in the repository`);
      }
      return content;
    },
    commit: async ({ author, message, files }) => {
      const parent = await learn(await head());
      const signed = by(author);
      const sha = await write({
        ...{ message, author: signed, committer: signed, parents: [parent.sha] },
        tree: { ...contentsOf(parent), ...files },
      });
      await move(sha);
      return sha;
    },
    commits: () =>
      [...commits.values()].map(({ sha, message, author }) => ({
        ...{ sha, message, author: author.name },
      })),
    setDown: (down) => {
      isDown = down;
    },
    close: () => emulator.close(),
  };
};
