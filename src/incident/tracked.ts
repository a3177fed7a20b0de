import type { FluxObject } from '#src/flux/object.ts';
import { conditionOf } from '#src/flux/object.ts';
import { judge, type Verdict } from '#src/flux/verdict.ts';
import { isNewer } from '#src/incident/incident.ts';

/**
 * One object as we have followed it: its newest snapshot and the verdict that outlives the moments in
 * which Flux is at work. Plain data; {@link follow} is the only way it changes.
 */
export interface Tracked {
  readonly cluster: string;
  readonly epoch: number;
  readonly object: FluxObject;
  readonly gone: boolean;
  /** `unknown`: never seen with a result. */
  readonly standing: 'unknown' | 'healthy' | 'failing' | 'waiting';
  /** Since when (ms, our clock) we see this standing. */
  readonly since: number;
  /** Flux's reason and message for a standing that is not healthy. */
  readonly reason: string;
  readonly message: string;
  /** First failure after the last success, ms; by the cluster's clock where we were not there. */
  readonly failingSince: number | undefined;
  readonly attempts: number;
  /** Since when (ms, our clock) a pass has been running without a result. */
  readonly progressingSince: number | undefined;
  readonly lastGood: string | undefined;
  /** Whether we saw the standing begin, rather than found it so. */
  readonly witnessed: boolean;
}

export interface Snapshot {
  readonly cluster: string;
  readonly epoch: number;
  readonly object: FluxObject;
}

const goodRevision = (object: FluxObject): string | undefined =>
  object.lastAppliedRevision ??
  object.artifactRevision ??
  object.history.find((entry) => entry.status === 'deployed')?.revision;

const firstSight = (snapshot: Snapshot, now: number): Tracked => ({
  ...snapshot,
  gone: false,
  standing: 'unknown',
  since: now,
  reason: '',
  message: '',
  failingSince: undefined,
  attempts: 0,
  progressingSince: undefined,
  lastGood: goodRevision(snapshot.object),
  witnessed: false,
});

const failingSince = (before: Tracked, object: FluxObject, now: number): number => {
  if (before.failingSince !== undefined) {
    return before.failingSince;
  }
  const written = conditionOf(object, 'Ready')?.since;
  // Flux renews the time whenever the message changes: good for the first sight only
  return before.standing === 'unknown' && written !== undefined && !Number.isNaN(written)
    ? Math.min(written, now)
    : now;
};

const withVerdict = (
  before: Tracked,
  object: FluxObject,
  verdict: Verdict,
  now: number,
): Tracked => {
  switch (verdict.state) {
    case 'progressing':
      return { ...before, object, progressingSince: before.progressingSince ?? now };
    case 'healthy':
      return {
        ...before,
        object,
        standing: 'healthy',
        since: before.standing === 'healthy' ? before.since : now,
        reason: '',
        message: '',
        failingSince: undefined,
        attempts: 0,
        progressingSince: undefined,
        lastGood: goodRevision(object) ?? before.lastGood,
      };
    case 'failing':
    case 'waiting': {
      const same = before.standing === verdict.state;
      const newAttempt = before.progressingSince !== undefined || !same;
      return {
        ...before,
        object,
        standing: verdict.state,
        since: same ? before.since : now,
        reason: verdict.reason,
        message: verdict.message,
        failingSince: failingSince(before, object, now),
        attempts: before.attempts + (newAttempt ? 1 : 0),
        progressingSince: undefined,
      };
    }
    default:
      return verdict satisfies never;
  }
};

const version = (seen: Snapshot) => ({
  epoch: seen.epoch,
  resourceVersion: seen.object.resourceVersion,
});

/**
 * Takes in one snapshot. The newest (epoch, resourceVersion) wins, so repeats and stragglers change nothing.
 * @param now - ms since the epoch, our clock
 */
export const follow = (before: Tracked | undefined, seen: Snapshot, now: number): Tracked => {
  if (before !== undefined && !isNewer(version(seen), version(before))) {
    return before;
  }
  const known =
    before === undefined || before.object.uid !== seen.object.uid || before.gone
      ? firstSight(seen, now)
      : { ...before, epoch: seen.epoch };
  const after = withVerdict(known, seen.object, judge(seen.object), now);
  const began = before !== undefined && after.standing !== before.standing;
  return began ? { ...after, witnessed: true } : after;
};

/** Takes in that the object is no longer there; of another object under the same name it says nothing. */
export const followGone = (before: Tracked | undefined, uid: string): Tracked | undefined =>
  before === undefined || before.object.uid !== uid ? before : { ...before, gone: true };
