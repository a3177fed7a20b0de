import { createHash } from 'node:crypto';
import {
  type Commit,
  type CommitRange,
  type Git,
  type GitFailure,
  pullRequestIn,
  subjectOf,
} from '#src/git/git.ts';
import { fail, ok } from '#src/result.ts';

/** A commit as a test makes one. */
export interface CommitDraft {
  readonly parents: readonly string[];
  /** Path to content; null takes the file away. What is not named stays as the first parent has it. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** ms since the epoch, whole seconds. */
  readonly at: number;
}

interface Stored extends CommitDraft {
  readonly sha: string;
  readonly tree: ReadonlyMap<string, string>;
}

export interface FakeGit extends Git {
  /** Adds a commit to a repository, which begins to exist with its first. @returns its id */
  commit(path: string, draft: CommitDraft): string;
  /** From now on every question fails so; undefined: no longer. */
  refuse(failure: GitFailure | undefined): void;
  /** What was asked so far. */
  readonly asked: readonly { readonly path: string; readonly range: CommitRange }[];
}

const isUnder = (file: string, path: string): boolean =>
  path === '' || file === path || file.startsWith(`${path}/`);

const treeOf = (
  base: ReadonlyMap<string, string>,
  files: CommitDraft['files'],
): ReadonlyMap<string, string> => {
  const tree = new Map(base);
  for (const [file, content] of Object.entries(files)) {
    if (content === null) {
      tree.delete(file);
    } else {
      tree.set(file, content);
    }
  }
  return tree;
};

const touches = (before: Stored['tree'], after: Stored['tree'], path: string): boolean =>
  [...new Set([...before.keys(), ...after.keys()])].some(
    (file) => isUnder(file, path) && before.get(file) !== after.get(file),
  );

/**
 * Git in memory: what a host makes of commits, without a host.
 * @param logins - accounts by e-mail
 */
export const createFakeGit = (logins: Readonly<Record<string, string>> = {}): FakeGit => {
  const repositories = new Map<string, Map<string, Stored>>();
  const asked: { path: string; range: CommitRange }[] = [];
  let refusal: GitFailure | undefined;

  const ancestors = (commits: ReadonlyMap<string, Stored>, sha: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const ahead = [sha];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (!seen.has(next)) {
        seen.add(next);
        ahead.push(...(commits.get(next)?.parents ?? []));
      }
    }
    return seen;
  };

  const present = ({ sha, message, author, at }: Stored): Commit => {
    const subject = subjectOf(message);
    const login = logins[author.email];
    return { sha, subject, author: { ...author, login }, at, pullRequest: pullRequestIn(subject) };
  };

  return {
    asked,
    refuse: (failure) => {
      refusal = failure;
    },
    commit: (path, draft) => {
      const commits = repositories.get(path) ?? new Map<string, Stored>();
      repositories.set(path, commits);
      const base = commits.get(draft.parents[0] ?? '')?.tree ?? new Map<string, string>();
      const sha = createHash('sha1')
        .update(JSON.stringify([path, draft, commits.size]))
        .digest('hex');
      commits.set(sha, { ...draft, sha, tree: treeOf(base, draft.files) });
      return sha;
    },
    commitsBetween: async ({ path }, range) => {
      asked.push({ path, range });
      if (refusal !== undefined) {
        return fail(refusal);
      }
      const commits = repositories.get(path);
      if (commits === undefined) {
        return fail({ code: 'not-found', what: `repository ${path}` });
      }
      const missing = [range.to, range.from].find((sha) => !commits.has(sha));
      if (missing !== undefined) {
        return fail({ code: 'no-commit', sha: missing });
      }
      const [base, head] = [ancestors(commits, range.from), ancestors(commits, range.to)];
      const wanted = [...commits.values()]
        .filter(({ sha, parents }) => head.has(sha) && !base.has(sha) && parents.length < 2)
        .filter(({ parents, tree }) => {
          const before = commits.get(parents[0] ?? '')?.tree ?? new Map<string, string>();
          return range.paths.some((one) => touches(before, tree, one));
        })
        .toSorted((left, right) => right.at - left.at);
      const total = [...head].filter((sha) => !base.has(sha)).length;
      const ahead = total > 0;
      const behind = [...base].some((sha) => !head.has(sha));
      const alone = ahead ? 'ahead' : 'same';
      const back = ahead ? 'diverged' : 'behind';
      return ok({
        relation: behind ? back : alone,
        total,
        commits: wanted.slice(0, range.limit).map(present),
        more: Math.max(wanted.length - range.limit, 0),
        partly: false,
      });
    },
  };
};
