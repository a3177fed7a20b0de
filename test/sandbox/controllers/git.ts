import { createHash } from 'node:crypto';
import { type Tree, treeOfTexts } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface Commit {
  readonly sha: string;
  readonly subject: string;
  readonly tree: Tree;
}

/** What a GitRepository asks for; a name, a commit, a tag, a branch: the first of them that is given decides. */
export interface GitRef {
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
  /** In full, `refs/heads/main`; over all others. */
  readonly name?: string | undefined;
}

/** A Git server as source-controller sees it. */
export interface GitHost {
  /** The commit that a ref names; or why not, in the words that Flux puts after `unable to clone '…': `. */
  resolve(url: string, ref: GitRef): Promise<Result<Commit, string>>;
}

const failures = {
  404: () => 'repository not found: ',
  401: () => 'authentication required: ',
  drop: (url: string) => `Get "${url}/info/refs?service=git-upload-pack": EOF`,
  refused: (url: string) =>
    `Get "${url}/info/refs?service=git-upload-pack": dial tcp ${new URL(url).host}: connect: connection refused`,
} as const;

export type GitTrouble = keyof typeof failures;

/** What Flux says of a Git server in trouble, after `unable to clone '…': `. */
export const gitFailure = (trouble: GitTrouble, url: string): string => failures[trouble](url);

/** A Git server in memory: one repository per address, commits of whole trees, and trouble when told. */
export const createMemoryGit = () => {
  const repositories = new Map<string, Commit[]>();
  const troubles = new Map<string, GitTrouble>();

  const host: GitHost = {
    resolve: async (url, ref) => {
      const trouble = troubles.get(url);
      const commits = repositories.get(url);
      if (trouble !== undefined) {
        return fail(gitFailure(trouble, url));
      }
      if (commits === undefined) {
        return fail(gitFailure(404, url));
      }
      const found =
        ref.commit === undefined ? commits.at(-1) : commits.find(({ sha }) => sha === ref.commit);
      return found === undefined ? fail('object not found') : ok(found);
    },
  };

  const commitTree = (url: string, tree: Tree, subject: string, sha: string): string => {
    const commits = repositories.get(url) ?? [];
    commits.push({ sha, subject, tree });
    repositories.set(url, commits);
    return sha;
  };

  return {
    ...host,
    /** Whether a repository has commits. */
    has: (url: string): boolean => repositories.has(url),
    /** Adds a commit of a tree that was read elsewhere. */
    commitTree,
    /**
     * Adds a commit to the only branch of a repository.
     * @param files - all files of the tree
     * @param sha - makes one up when left out
     */
    commit: (
      url: string,
      files: Readonly<Record<string, string>>,
      subject: string,
      sha?: string,
    ): string => {
      const commits = repositories.get(url) ?? [];
      const made = createHash('sha1')
        .update(JSON.stringify([commits.length, commits.at(-1)?.sha, files, subject]))
        .digest('hex');
      return commitTree(url, treeOfTexts(files), subject, sha ?? made);
    },
    /** Makes a repository fail, or (undefined) well again. */
    setTrouble: (url: string, trouble: GitTrouble | undefined): void => {
      if (trouble === undefined) {
        troubles.delete(url);
      } else {
        troubles.set(url, trouble);
      }
    },
  };
};

export type MemoryGit = ReturnType<typeof createMemoryGit>;

const standInFiles: Readonly<Record<string, string>> = {
  'kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - stand-in.yaml
`,
};

const baseName = (path: string): string => path.split('/').at(-1) ?? path;

/** A tree in which every directory holds one ConfigMap, for repositories that are not here. */
const standInTree = (name: string): Tree => ({
  entry: (path) => {
    const file = baseName(path);
    if (file === 'stand-in.yaml') {
      const text = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stand-in-${name}\n`;
      return { kind: 'file', content: Buffer.from(text) };
    }
    const known = standInFiles[file];
    if (known !== undefined) {
      return { kind: 'file', content: Buffer.from(known) };
    }
    return file.includes('.') && path !== '.'
      ? undefined
      : { kind: 'directory', names: ['kustomization.yaml', 'stand-in.yaml'] };
  },
});

/**
 * Lets every repository exist: one that the host does not know, such as an upstream one that a sandbox
 * without network cannot reach, gets a commit of its own with a stand-in in each directory.
 */
export const withStandIns = (host: GitHost, isKnown: (url: string) => boolean): GitHost => ({
  resolve: async (url, ref) => {
    if (isKnown(url)) {
      return host.resolve(url, ref);
    }
    const sha = ref.commit ?? createHash('sha1').update(url).digest('hex');
    const name = baseName(url).replace(/\.git$/, '');
    return ok({ sha, subject: `stand-in for ${name}`, tree: standInTree(name) });
  },
});
