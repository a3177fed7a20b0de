import { z } from 'zod';
import type { Commit, CommitsFound, GitFailure } from '#src/git/git.ts';
import { sayGitFailure } from '#src/git/git.ts';
import { cleanLine, startOf } from '#src/text/clean.ts';

const FoundCommit = z.object({
  sha: z.string(),
  /** Redacted and shortened, as is the author's name. */
  subject: z.string(),
  author: z.string(),
  /** The author in Slack, where the configuration knows them. */
  person: z.object({ user: z.string(), name: z.string() }).optional(),
  at: z.number(),
  pullRequest: z.number().optional(),
});
export type FoundCommit = z.infer<typeof FoundCommit>;

/** What a Git host answered to one question of an incident. */
export const Finding = z.object({
  /** Key of the question. */
  question: z.string(),
  relation: z.enum(['ahead', 'same', 'behind', 'diverged']),
  total: z.number(),
  /** Newest first. */
  commits: z.array(FoundCommit),
  more: z.number(),
  partly: z.boolean(),
  /** Why nothing could be read, in words. */
  problem: z.string().optional(),
});
export type Finding = z.infer<typeof Finding>;

/** How many questions an incident remembers the answers of. */
const kept = 6;

/**
 * Takes an answer in. What commits lie between two revisions never changes, so the first answer stays and
 * only a failure is replaced.
 */
export const withFinding = (findings: readonly Finding[], finding: Finding): readonly Finding[] => {
  const known = findings.find(({ question }) => question === finding.question);
  if (known === undefined) {
    return [...findings, finding].slice(-kept);
  }
  return known.problem === undefined || finding.problem === known.problem
    ? findings
    : findings.map((one) => (one === known ? finding : one));
};

export interface Person {
  /** Member id in Slack. */
  readonly user: string;
  readonly name: string;
}

export interface Telling {
  readonly redact: (text: string) => string;
  readonly personOf: (author: Commit['author']) => Person | undefined;
}

const oneLine = (text: string, limit: number, redact: Telling['redact']): string => {
  const line = redact(cleanLine(text)).trim();
  return line.length <= limit ? line : `${startOf(line, limit - 1).trimEnd()}…`;
};

const foundCommit = (commit: Commit, telling: Telling): FoundCommit => {
  const { sha, subject, author, at, pullRequest } = commit;
  const person = telling.personOf(author);
  return {
    sha,
    subject: oneLine(subject, 120, telling.redact),
    author: oneLine(author.name, 60, telling.redact),
    ...(person === undefined ? {} : { person }),
    at,
    ...(pullRequest === undefined ? {} : { pullRequest }),
  };
};

/** An answer as the incident keeps it: nothing in it but what is shown. */
export const findingOf = (question: string, found: CommitsFound, telling: Telling): Finding => ({
  question,
  relation: found.relation,
  total: found.total,
  commits: found.commits.map((commit) => foundCommit(commit, telling)),
  more: found.more,
  partly: found.partly,
});

/** A failure as the incident keeps it. */
export const problemOf = (
  question: string,
  failure: GitFailure,
  redact: Telling['redact'],
): Finding => ({
  question,
  relation: 'same',
  total: 0,
  commits: [],
  more: 0,
  partly: false,
  problem: oneLine(sayGitFailure(failure), 200, redact),
});
