import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { treeOf } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';
import {
  type Commit,
  type GitHost,
  type GitRef,
  type GitTrouble,
  gitFailure,
} from '#test/sandbox/controllers/git.ts';

const patienceMs = 30_000;

interface Output {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly isGood: boolean;
}

const runGit = (
  directory: string,
  words: readonly string[],
  input?: string,
  timeoutMs = patienceMs,
): Promise<Output> =>
  new Promise((resolve) => {
    const child = execFile(
      'git',
      ['-C', directory, ...words],
      {
        encoding: 'buffer',
        maxBuffer: 256 * 1024 * 1024,
        timeout: timeoutMs,
        // nobody is here to type a password, and no configuration of this machine's is meant
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: directory,
          GIT_TERMINAL_PROMPT: '0',
          GIT_CONFIG_NOSYSTEM: '1',
          LC_ALL: 'C',
        },
      },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr: stderr.toString('utf8'), isGood: error === null }),
    );
    // a git that ended before it read is told of by its own error
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

const troubleSigns: readonly (readonly [RegExp, GitTrouble])[] = [
  [/could not read Username|Authentication failed|error: 401|error: 403/, 401],
  [/Failed to connect|Couldn't connect|Connection refused/, 'refused'],
  [/Empty reply|Recv failure|unexpected disconnect|early EOF/, 'drop'],
  [/not found/, 404],
];

/** What git said, in the words that Flux has for it; its own where none of them fits. */
const inFluxWords = (url: string, stderr: string): string => {
  const trouble = troubleSigns.find(([sign]) => sign.test(stderr))?.[1];
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return trouble === undefined ? line.replace(/^fatal: /, '') : gitFailure(trouble, url);
};

const fullName = ({ name, tag, branch }: GitRef): string =>
  name ?? (tag === undefined ? `refs/heads/${branch ?? 'master'}` : `refs/tags/${tag}`);

// `<mode> blob <id>\t<path>`, each ended by a zero byte
const listing = /^(\d+) blob ([0-9a-f]+)\t(.*)$/s;

/** Splits what `cat-file --batch` wrote: a line with the size, the content, a line feed. */
const contentsIn = (batch: Buffer, count: number): readonly Buffer[] => {
  const contents: Buffer[] = [];
  let from = 0;
  for (let index = 0; index < count; index += 1) {
    const end = batch.indexOf('\n', from);
    const size = Number(batch.subarray(from, end).toString('utf8').split(' ')[2]);
    contents.push(batch.subarray(end + 1, end + 1 + size));
    from = end + 1 + size + 1;
  }
  return contents;
};

const readTree = async (directory: string, sha: string): Promise<Commit['tree']> => {
  const { stdout } = await runGit(directory, ['ls-tree', '-r', '-z', sha]);
  const entries = stdout
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode, id, path] = listing.exec(line) ?? [];
      return mode === undefined || id === undefined || path === undefined
        ? []
        : [{ isLink: mode === '120000', id, path }];
    });
  const asked = entries.map(({ id }) => `${id}\n`).join('');
  const batch = await runGit(directory, ['cat-file', '--batch'], asked);
  const contents = contentsIn(batch.stdout, entries.length);
  const files = new Map<string, Buffer>();
  const links = new Map<string, string>();
  for (const [index, { isLink, path }] of entries.entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    if (isLink) {
      links.set(path, content.toString('utf8'));
    } else {
      files.set(path, content);
    }
  }
  return treeOf({ files, links });
};

export interface GitOverHttp extends GitHost {
  /** Removes what was fetched. */
  close(): Promise<void>;
}

/** Fetches from any Git server with the git of this machine, as source-controller does with its own. */
export const createGitOverHttp = async (timeoutMs = patienceMs): Promise<GitOverHttp> => {
  const root = await mkdtemp(join(tmpdir(), 'sandbox-git-'));
  await runGit(root, ['init', '--quiet', '--bare', '.']);
  const known = new Map<string, Commit>();

  /** The commit that a name stands for now, without fetching it. */
  const ask = async (url: string, ref: GitRef): Promise<Result<string, string>> => {
    if (ref.commit !== undefined) {
      return ok(ref.commit);
    }
    const name = fullName(ref);
    const asked = await runGit(root, ['ls-remote', url, name, `${name}^{}`], '', timeoutMs);
    if (!asked.isGood) {
      return fail(inFluxWords(url, asked.stderr));
    }
    // an annotated tag comes first, then (`^{}`) the commit that it points to
    const lines = asked.stdout.toString('utf8').trim().split('\n');
    const sha = lines.at(-1)?.split('\t')[0] ?? '';
    return sha === '' ? fail(`couldn't find remote ref "${name}"`) : ok(sha);
  };

  const fetch = async (url: string, sha: string): Promise<Result<Commit, string>> => {
    const fetched = await runGit(
      root,
      ['fetch', '--quiet', '--no-tags', '--depth=1', url, sha],
      '',
      timeoutMs,
    );
    if (!fetched.isGood) {
      const isAbsent = /not our ref|not a commit|couldn't find/.test(fetched.stderr);
      return fail(isAbsent ? 'object not found' : inFluxWords(url, fetched.stderr));
    }
    const { stdout } = await runGit(root, ['log', '-1', '--format=%s', sha]);
    const tree = await readTree(root, sha);
    return ok({ sha, subject: stdout.toString('utf8').trim(), tree });
  };

  return {
    resolve: async (url, ref) => {
      const sha = await ask(url, ref);
      if (!sha.ok) {
        return sha;
      }
      const key = `${url} ${sha.value}`;
      const before = known.get(key);
      const found = before === undefined ? await fetch(url, sha.value) : ok(before);
      if (found.ok) {
        known.set(key, found.value);
      }
      return found;
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
};
