import type { Repository } from '#src/git/origin.ts';
import type { Result } from '#src/result.ts';

/**
 * The hosts of Git repositories as the product sees them: the bot's verbs, not a host's API. Each call has a
 * deadline, and none is repeated by itself. A revision is a full commit id; what is asked of commit ids
 * never changes, so answers are kept.
 */
export interface Git {
  /** The commits that `to` has and `from` has not, of those that touch one of the paths. */
  commitsBetween(
    repository: Repository,
    range: CommitRange,
  ): Promise<Result<CommitsFound, GitFailure>>;
}

export interface CommitRange {
  readonly from: string;
  readonly to: string;
  /** Folders or files, without a leading `./`; the empty path is the whole repository. */
  readonly paths: readonly string[];
  /** How many commits to name at most. */
  readonly limit: number;
}

export interface CommitsFound {
  /**
   * How `to` stands to `from`: ahead of it; the `same`; `behind`, an ancestor (the branch was set back); or
   * `diverged`: the history was rewritten, and `from` is no longer part of it.
   */
  readonly relation: 'ahead' | 'same' | 'behind' | 'diverged';
  /** How many commits `to` has and `from` has not, whatever they touch. */
  readonly total: number;
  /** Newest first. Merges are left out, since what they bring in is named itself. */
  readonly commits: readonly Commit[];
  /** How many more touch the paths. */
  readonly more: number;
  /** The range is long, and only its newest part was looked at: there may be more than `more`. */
  readonly partly: boolean;
}

export interface Commit {
  readonly sha: string;
  /** First line of the message; as it was written: text from outside. */
  readonly subject: string;
  readonly author: CommitAuthor;
  /** When it was committed, ms since the epoch, by the committer's clock. */
  readonly at: number;
  /** The pull request that the subject names, as squash and merge commits do. */
  readonly pullRequest: number | undefined;
}

/** As the commit says: anybody can write anything there, so it shows who, and gives no right. */
export interface CommitAuthor {
  readonly name: string;
  readonly email: string | undefined;
  /** Account on the host that the e-mail belongs to. */
  readonly login: string | undefined;
}

export type GitFailure =
  /** No host of this name is configured, or not for this repository. */
  | { readonly code: 'not-configured'; readonly host: string }
  | { readonly code: 'unreachable'; readonly detail: string }
  | { readonly code: 'forbidden'; readonly detail: string }
  /** The repository; a host says so as well where the token may not see it. */
  | { readonly code: 'not-found'; readonly what: string }
  /** The repository is there and the commit is not: the history was rewritten. */
  | { readonly code: 'no-commit'; readonly sha: string }
  /** Nothing is asked of the host before then (ms since the epoch). */
  | { readonly code: 'rate-limited'; readonly until: number }
  | { readonly code: 'unreadable'; readonly detail: string };

/** A failure in words for people, as the end of a sentence. */
export const sayGitFailure = (failure: GitFailure): string => {
  switch (failure.code) {
    case 'not-configured':
      return `${failure.host} is not configured for this repository`;
    case 'unreachable':
      return `the Git host does not answer (${failure.detail})`;
    case 'forbidden':
      return `the Git host refuses the token (${failure.detail})`;
    case 'not-found':
      return `${failure.what} does not exist, or the token may not read it`;
    case 'no-commit':
      return `${failure.sha.slice(0, 7)} is no longer in the repository: its history was rewritten`;
    case 'rate-limited':
      return 'the Git host allows no more requests for now';
    case 'unreadable':
      return `the Git host answered something unexpected (${failure.detail})`;
    default:
      return failure satisfies never;
  }
};

const mergeOf = /^Merge pull request #(\d{1,9}) /;
const squashOf = / \(#(\d{1,9})\)$/;

/** The pull request that a subject names: `Merge pull request #12 from …`, `… (#12)`. */
export const pullRequestIn = (subject: string): number | undefined => {
  const number = (mergeOf.exec(subject) ?? squashOf.exec(subject))?.[1];
  return number === undefined ? undefined : Number(number);
};

/** The first line of a commit's message. */
export const subjectOf = (message: string): string =>
  message.trimStart().split(/\r?\n/, 1)[0] ?? '';
