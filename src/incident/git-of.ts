import { gitPath, type KnownHost, type Origin, originOf } from '#src/git/origin.ts';
import { commitOf, type MemberGit } from '#src/incident/revisions.ts';
import type { Tracked } from '#src/incident/tracked.ts';

interface Known {
  /** As the incident has it from before. */
  readonly before: MemberGit | undefined;
  readonly recovered: boolean;
}

interface Sight {
  readonly tracked: Tracked;
  readonly lookup: (cluster: string, ref: Tracked['object']['ref']) => Tracked | undefined;
  readonly hosts: readonly KnownHost[];
}

const originFrom = ({ lookup, hosts }: Sight, applier: Tracked): Origin | undefined => {
  const { source } = applier.object;
  const url =
    source?.kind === 'GitRepository' ? lookup(applier.cluster, source)?.object.url : undefined;
  return url === undefined ? undefined : originOf(url, hosts);
};

/** How much later than a release failed its Kustomization may have finished the pass that changed it; ms. */
const slackMs = 10 * 60_000;

/**
 * The revision before the one that changed a release, told from the history of the Kustomization that owns
 * it: an entry of that history is one content, with the last revision that had it.
 */
const ownerBefore = (owner: Tracked, failingSince: number, to: string): string | undefined => {
  const [newest, next] = owner.object.history;
  if (commitOf(newest?.revision) !== to) {
    return commitOf(owner.object.lastAppliedRevision) ?? commitOf(newest?.revision);
  }
  // a release that failed long before this content came was broken by another one
  return newest !== undefined && failingSince + slackMs >= newest.firstAt
    ? commitOf(next?.revision)
    : undefined;
};

interface Range {
  readonly applier: Tracked;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const rangeOf = (sight: Sight, before: MemberGit | undefined): Range | undefined => {
  const { tracked, lookup } = sight;
  const { object } = tracked;
  if (object.ref.kind === 'Kustomization') {
    return {
      applier: tracked,
      from: commitOf(tracked.lastGood),
      to: commitOf(object.lastAttemptedRevision),
    };
  }
  const owner =
    object.ref.kind === 'HelmRelease' && object.owner?.kind === 'Kustomization'
      ? lookup(tracked.cluster, object.owner)
      : undefined;
  if (owner === undefined) {
    return undefined;
  }
  const to = commitOf(owner.object.lastAttemptedRevision);
  const since = tracked.failingSince ?? tracked.since;
  const from = before?.from ?? (to === undefined ? undefined : ownerBefore(owner, since, to));
  return { applier: owner, from, to };
};

/** What the last pass failed with; see {@link MemberGit}. */
const failedWith = (
  { object, progressingSince }: Tracked,
  before: MemberGit | undefined,
  sha: string | undefined,
): MemberGit['failed'] => {
  const { generation, ref } = object;
  // a release is not tried again with each revision of the Kustomization that made it
  const same = ref.kind === 'HelmRelease' && before?.failed?.generation === generation;
  return progressingSince !== undefined || same || sha === undefined
    ? before?.failed
    : { sha, generation };
};

const ranged = (
  origin: Origin,
  path: string,
  { from, to, failed }: Pick<MemberGit, 'from' | 'to' | 'failed'>,
): MemberGit => ({
  origin,
  path,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
  ...(failed === undefined ? {} : { failed }),
});

/**
 * Where an object's revisions come from and which change to look at: of a Kustomization that fails, from
 * what last worked to what it tries; of a HelmRelease the same of the Kustomization that made it; of one
 * that recovered, from what failed to what works.
 * @returns undefined where no Git repository on a known host is behind it
 */
export const gitOf = (sight: Sight, { before, recovered }: Known): MemberGit | undefined => {
  const { object } = sight.tracked;
  if (object.ref.kind === 'GitRepository') {
    const origin = object.url === undefined ? undefined : originOf(object.url, sight.hosts);
    return origin === undefined ? undefined : { origin };
  }
  const range = rangeOf(sight, recovered ? undefined : before);
  const origin = range === undefined ? undefined : originFrom(sight, range.applier);
  if (range === undefined || origin === undefined) {
    // what broke it must not pass for what fixed it
    return recovered && before !== undefined ? { origin: before.origin } : before;
  }
  const path = gitPath(range.applier.object.path ?? '');
  if (recovered) {
    return ranged(origin, path, { from: before?.failed?.sha, to: range.to });
  }
  const failed = failedWith(sight.tracked, before, range.to);
  return ranged(origin, path, { ...range, failed });
};
