import { z } from 'zod';
import { type Commit, type CommitsFound, pullRequestIn, subjectOf } from '#src/git/git.ts';

const text = z.string().nullish().catch(undefined);

const CommitWire = z.object({
  sha: z.string(),
  commit: z.object({
    message: z.string(),
    author: z.object({ name: text, email: text }).nullish(),
    committer: z.object({ date: text }).nullish(),
  }),
  author: z.object({ login: text }).nullish().catch(undefined),
  parents: z.array(z.unknown()).catch([]),
});

export const Comparison = z.object({
  status: z.enum(['ahead', 'behind', 'diverged', 'identical']),
  total_commits: z.number(),
  commits: z.array(CommitWire),
});
export type Comparison = z.output<typeof Comparison>;

export const CommitList = z.array(CommitWire);

/** What the client throws for an answer of 400 and above, or with 500 and no answer where none came. */
export const Refusal = z.object({
  message: z.string(),
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.union([z.string(), z.number(), z.undefined()])),
      data: z.unknown(),
    })
    .optional(),
});

/** A commit in our words. */
export const commitOf = (wire: z.output<typeof CommitWire>): Commit => {
  const { author, committer, message } = wire.commit;
  const subject = subjectOf(message);
  return {
    sha: wire.sha,
    subject,
    author: {
      name: author?.name ?? wire.author?.login ?? 'somebody',
      email: author?.email ?? undefined,
      login: wire.author?.login ?? undefined,
    },
    at: Date.parse(committer?.date ?? '') || 0,
    pullRequest: pullRequestIn(subject),
  };
};

export const relations = {
  ahead: 'ahead',
  identical: 'same',
  behind: 'behind',
  diverged: 'diverged',
} as const satisfies Record<Comparison['status'], CommitsFound['relation']>;
