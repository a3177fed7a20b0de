import { z } from 'zod';
import { parseRevision } from '#src/flux/revision.ts';
import { hostKinds, type Origin } from '#src/git/origin.ts';

/** Where an object's revisions come from, and which change is in question: plain data, kept with the member. */
export const MemberGit = z.object({
  origin: z.object({
    host: z.string(),
    path: z.string(),
    kind: z.enum(hostKinds),
    webUrl: z.string(),
  }) satisfies z.ZodType<Origin>,
  /** Commit ids: what last worked and what is tried; of a recovered one what failed and what works. */
  from: z.string().optional(),
  to: z.string().optional(),
  /**
   * What the last pass failed with. A pass that has begun names its revision as the one that is tried, and
   * may be the one that mends it.
   */
  failed: z
    .object({
      sha: z.string(),
      /** Of the object; a release is another one for each revision that changes it. */
      generation: z.number(),
    })
    .optional(),
  /** Folder that the object is made of, as Git writes it; the root is empty. */
  path: z.string().optional(),
});
export type MemberGit = z.infer<typeof MemberGit>;

const commitId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The commit that a revision names, of a source that is a Git repository. */
export const commitOf = (revision: string | undefined): string | undefined => {
  const hash = revision === undefined ? undefined : parseRevision(revision).hash;
  return hash !== undefined && commitId.test(hash) ? hash : undefined;
};

export const sameGit = (left: MemberGit | undefined, right: MemberGit | undefined): boolean =>
  left?.origin.webUrl === right?.origin.webUrl &&
  left?.from === right?.from &&
  left?.to === right?.to &&
  left?.failed?.sha === right?.failed?.sha &&
  left?.failed?.generation === right?.failed?.generation &&
  left?.path === right?.path;

/** What is to be asked of a Git host. */
export interface Question {
  /** The same for the same question, for good. */
  readonly key: string;
  readonly origin: Origin;
  readonly from: string;
  readonly to: string;
  readonly path: string;
}

/** The question that a member's revisions raise; undefined where there is no change to look at. */
export const questionOf = (git: MemberGit | undefined): Question | undefined => {
  const { origin, from, to, path } = git ?? {};
  return origin === undefined ||
    from === undefined ||
    to === undefined ||
    path === undefined ||
    from === to
    ? undefined
    : { key: `${origin.host}/${origin.path} ${from}..${to} ${path}`, origin, from, to, path };
};
