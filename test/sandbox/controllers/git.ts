import { createHash } from 'node:crypto';
import { type Tree, treeOfTexts } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface Commit {
  readonly sha: string;
  readonly subject: string;
  readonly tree: Tree;
}

/** What a GitRepository asks for; the first of commit, tag and branch that is given decides. */
export interface GitRef {
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
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

/** A Git server in memory: one repository per address, commits of whole trees, and trouble when told. */
export const createMemoryGit = () => {
  const repositories = new Map<string, Commit[]>();
  const troubles = new Map<string, GitTrouble>();

  const host: GitHost = {
    resolve: async (url, ref) => {
      const trouble = troubles.get(url);
      const commits = repositories.get(url);
      if (trouble !== undefined) {
        return fail(failures[trouble](url));
      }
      if (commits === undefined) {
        return fail(failures[404]());
      }
      const found =
        ref.commit === undefined ? commits.at(-1) : commits.find(({ sha }) => sha === ref.commit);
      return found === undefined ? fail('object not found') : ok(found);
    },
  };

  return {
    ...host,
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
      commits.push({ sha: sha ?? made, subject, tree: treeOfTexts(files) });
      repositories.set(url, commits);
      return sha ?? made;
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
