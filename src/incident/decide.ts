import type { FluxRef } from '#src/flux/ref.ts';
import { passLimitMs, waitsFor } from '#src/flux/verdict.ts';
import type { KnownHost } from '#src/git/origin.ts';
import { gitOf } from '#src/incident/git-of.ts';
import {
  hasEnded,
  type Incident,
  type IncidentChange,
  keyOf,
  type Member,
  memberKey,
  type StoryEntry,
} from '#src/incident/incident.ts';
import { sameGit } from '#src/incident/revisions.ts';
import type { Tracked } from '#src/incident/tracked.ts';

export interface IncidentSettings {
  /** How long an object must stay healthy before its incident resolves; ms. */
  readonly dwellMs: number;
  /** How long an object may wait for one that is well before that is an incident of its own; ms. */
  readonly waitingMs: number;
  /** Failing again within this time after the end takes the incident up again; ms. */
  readonly reopenMs: number;
  /** Git hosts whose pages are linked, beside the public ones. */
  readonly hosts?: readonly KnownHost[] | undefined;
}

export const defaultIncidentSettings: IncidentSettings = {
  dwellMs: 10_000,
  waitingMs: 30_000,
  reopenMs: 15 * 60_000,
};

export interface Situation {
  readonly tracked: Tracked;
  /** The newest incident of this object, ended or not. */
  readonly incident: Incident | undefined;
  readonly now: number;
  readonly settings: IncidentSettings;
  readonly lookup: (cluster: string, ref: FluxRef) => Tracked | undefined;
  /** Until when the object could not be seen; see `Sight`. */
  readonly blindUntil: number;
  /** Removes secrets and what differs each time, for comparing. */
  readonly clean: TextCleaning;
}

export interface TextCleaning {
  readonly redact: (text: string) => string;
  readonly normalise: (text: string) => string;
}

export type Decision =
  | { readonly kind: 'nothing'; readonly recheckAt?: number | undefined }
  | {
      readonly kind: 'open';
      readonly member: Member;
      readonly story: StoryEntry;
      /** Whether it was so when we first saw it, rather than became so under our eyes. */
      readonly found: boolean;
    }
  | { readonly kind: 'change'; readonly change: IncidentChange; readonly flap: boolean };

/** For how long something goes on that began at `since`, as far as it could be seen. */
const lasts = ({ now, blindUntil }: Situation, since: number): number =>
  now - Math.max(since, blindUntil);

const nothing = (recheckAt?: number): Decision => ({ kind: 'nothing', recheckAt });

interface Trouble {
  readonly reason: string;
  readonly message: string;
}

const memberFrom = (
  situation: Situation,
  standing: Member['standing'],
  trouble: Trouble,
  known: Member | undefined,
): Member => {
  const { tracked, now, clean } = situation;
  const { object } = tracked;
  const attempted = object.lastAttemptedRevision;
  const git = gitOf(
    { tracked, lookup: situation.lookup, hosts: situation.settings.hosts ?? [] },
    { before: known?.git, recovered: standing === 'recovered' },
  );
  return {
    cluster: tracked.cluster,
    ref: object.ref,
    uid: object.uid,
    epoch: tracked.epoch,
    resourceVersion: object.resourceVersion,
    standing,
    since: known?.standing === standing ? known.since : now,
    reason: trouble.reason,
    message: clean.redact(trouble.message),
    // what is stuck has been since its pass began, however long it was well before
    failingSince:
      tracked.failingSince ?? known?.failingSince ?? tracked.progressingSince ?? tracked.since,
    attempts: Math.max(tracked.attempts, 1),
    ...(attempted === undefined ? {} : { attempted }),
    ...(tracked.lastGood === undefined ? {} : { lastGood: tracked.lastGood }),
    ...(object.path === undefined ? {} : { path: object.path }),
    ...(object.source === undefined ? {} : { source: object.source }),
    checksHealth: object.checksHealth,
    ...(git === undefined ? {} : { git }),
  };
};

const storyEntry = (
  kind: StoryEntry['kind'],
  member: Member,
  now: number,
  text: string,
): StoryEntry => ({
  id: `${kind}/${member.cluster}/${member.uid}/${member.epoch}.${member.resourceVersion}`,
  at: now,
  kind,
  object: keyOf(member),
  text,
});

const change = (
  member: Member,
  at: number,
  story: readonly StoryEntry[],
  flap = false,
): Decision => ({
  kind: 'change',
  change: { member, story, at },
  flap,
});

/** Why an object that waits for another is an incident of its own; undefined while it is not. */
const waitingTrouble = (situation: Situation, seen: ReadonlySet<string>): Trouble | undefined => {
  const { tracked, lookup, settings } = situation;
  const { waitingMs } = settings;
  if (tracked.progressingSince !== undefined || lasts(situation, tracked.since) < waitingMs) {
    return undefined;
  }
  const targets = waitsFor(tracked.object, {
    state: 'waiting',
    reason: tracked.reason,
    message: tracked.message,
  });
  const trouble = (message: string): Trouble => ({ reason: tracked.reason, message });
  for (const ref of targets) {
    const name = `${ref.kind} ${ref.namespace}/${ref.name}`;
    const target = lookup(tracked.cluster, ref);
    if (target === undefined || target.gone) {
      return trouble(`waits for ${name}, which does not exist`);
    }
    if (seen.has(memberKey(tracked.cluster, ref))) {
      return trouble(`waits for ${name}, which waits for it in turn: a circle`);
    }
    if (target.object.suspended && target.standing !== 'healthy') {
      return trouble(`waits for ${name}, which is suspended`);
    }
  }
  const well = targets.every((ref) => {
    const target = lookup(tracked.cluster, ref);
    return (
      target !== undefined && target.standing === 'healthy' && target.progressingSince === undefined
    );
  });
  return well ? trouble(tracked.message) : undefined;
};

const inCircle = (situation: Situation): ReadonlySet<string> => {
  // everything that the object waits for, however far away, except what it names itself
  const { tracked, lookup } = situation;
  const own = memberKey(tracked.cluster, tracked.object.ref);
  const reach = (from: Tracked, found: Set<string>): Set<string> => {
    for (const ref of waitsFor(from.object, {
      state: 'waiting',
      reason: from.reason,
      message: from.message,
    })) {
      const key = memberKey(from.cluster, ref);
      const next = lookup(from.cluster, ref);
      if (!found.has(key) && next?.standing === 'waiting' && !next.gone) {
        found.add(key);
        reach(next, found);
      }
    }
    return found;
  };
  return new Set(
    waitsFor(tracked.object, {
      state: 'waiting',
      reason: tracked.reason,
      message: tracked.message,
    })
      .map((ref) => lookup(tracked.cluster, ref))
      .filter((next) => next !== undefined && next.standing === 'waiting')
      .filter((next) => next !== undefined && reach(next, new Set()).has(own))
      .map((next) => memberKey(tracked.cluster, (next as Tracked).object.ref)),
  );
};

const stuckReason = 'Stuck';

const stuckTrouble = (situation: Situation): Trouble | undefined => {
  const { tracked, now } = situation;
  const limit = passLimitMs(tracked.object);
  return tracked.progressingSince !== undefined &&
    lasts(situation, tracked.progressingSince) >= limit
    ? {
        reason: stuckReason,
        message: `no result after ${Math.round((now - tracked.progressingSince) / 60_000)} min; its own time-out is ${Math.round((limit - 60_000) / 1000)} s`,
      }
    : undefined;
};

const troubleOf = (situation: Situation): Trouble | undefined => {
  const { tracked } = situation;
  switch (tracked.standing) {
    case 'failing':
      return { reason: tracked.reason, message: tracked.message };
    case 'waiting':
      return waitingTrouble(situation, inCircle(situation));
    case 'healthy':
    case 'unknown':
      return stuckTrouble(situation);
    default:
      return tracked.standing satisfies never;
  }
};

const recheckWithoutTrouble = (situation: Situation): number | undefined => {
  const { tracked, now, settings, blindUntil } = situation;
  const { standing, since, progressingSince, object } = tracked;
  if (blindUntil > now) {
    return now + 5_000;
  }
  if (standing === 'waiting') {
    return Math.max(Math.max(since, blindUntil) + settings.waitingMs, now + 5_000);
  }
  const due =
    progressingSince === undefined
      ? now
      : Math.max(progressingSince, blindUntil) + passLimitMs(object);
  // what time alone can tell has been told by then: a look at a time that is over would never end
  return due > now ? due : undefined;
};

/** Whether the pass that an incident is about, since it has no end, still has none. */
const isSamePass = ({ tracked }: Situation, known: Member): boolean =>
  known.reason === stuckReason &&
  tracked.progressingSince !== undefined &&
  tracked.progressingSince <= known.failingSince;

const quiet = (situation: Situation): Decision => {
  const { tracked } = situation;
  const { suspended, deleting } = tracked.object;
  // a pass that was running when the object was suspended still ends, and its failure is news
  const resting = deleting || tracked.gone || (suspended && !tracked.witnessed);
  const trouble = resting ? undefined : troubleOf(situation);
  if (trouble === undefined || (suspended && tracked.standing !== 'failing')) {
    return nothing(resting || suspended ? undefined : recheckWithoutTrouble(situation));
  }
  const member = memberFrom(situation, suspended ? 'suspended' : 'failing', trouble, undefined);
  const { incident, now, settings } = situation;
  const again = incident?.endedAt !== undefined && now - incident.endedAt <= settings.reopenMs;
  if (again) {
    return change(member, now, [storyEntry('reopened', member, now, member.message)], true);
  }
  const story = storyEntry('opened', member, now, member.message);
  // a pass without an end is told by our own watching
  const hadEnded = tracked.standing === 'failing' || tracked.standing === 'waiting';
  return { kind: 'open', member, story, found: hadEnded && !tracked.witnessed };
};

const recovering = (situation: Situation, known: Member): Decision => {
  const { tracked, now, settings } = situation;
  const due = tracked.since + settings.dwellMs;
  if (now < due) {
    return nothing(due);
  }
  const member = memberFrom(
    situation,
    'recovered',
    { reason: known.reason, message: known.message },
    known,
  );
  const after = { ...member, attempts: known.attempts };
  return change(after, now, [storyEntry('resolved', after, now, tracked.lastGood ?? '')]);
};

/**
 * What an object that has not recovered fails with now; undefined where it says nothing new. Every fix
 * passes through waiting for moments, and what was wrong stays wrong meanwhile.
 */
const newTrouble = (situation: Situation): Trouble | undefined => {
  const { tracked } = situation;
  if (tracked.standing === 'waiting') {
    return waitingTrouble(situation, inCircle(situation));
  }
  return tracked.reason === '' ? undefined : tracked;
};

const stillFailing = (situation: Situation, known: Member): Decision => {
  const { tracked, now, clean } = situation;
  const standing = tracked.object.suspended ? 'suspended' : 'failing';
  const trouble = newTrouble(situation);
  const member: Member = {
    ...memberFrom(situation, standing, trouble ?? known, known),
    ...(trouble === undefined ? { attempts: known.attempts } : {}),
  };
  const story: StoryEntry[] = [];
  if (standing !== known.standing) {
    const kind = standing === 'suspended' ? 'suspended' : 'resumed';
    story.push(storyEntry(kind, member, now, ''));
  }
  if (
    member.reason !== known.reason ||
    clean.normalise(member.message) !== clean.normalise(known.message)
  ) {
    story.push(storyEntry('failed-differently', member, now, member.message));
  }
  const same =
    story.length === 0 &&
    member.attempts === known.attempts &&
    member.attempted === known.attempted &&
    member.lastGood === known.lastGood &&
    sameGit(member.git, known.git);
  return same ? nothing(recheckWithoutTrouble(situation)) : change(member, now, story);
};

const underway = (situation: Situation, known: Member): Decision => {
  const { tracked, now } = situation;
  if (tracked.gone) {
    const member: Member = { ...known, standing: 'gone', since: now };
    return change(member, now, [storyEntry('deleted', member, now, '')]);
  }
  if (tracked.standing === 'healthy' && !isSamePass(situation, known)) {
    return recovering(situation, known);
  }
  if (
    tracked.object.deleting ||
    (tracked.standing === 'unknown' && known.standing !== 'suspended')
  ) {
    // re-created or just found: the verdict from before stands until there is a new one
    return nothing(recheckWithoutTrouble(situation));
  }
  return stillFailing(situation, known);
};

/**
 * What follows from how one object stands now. Pure: the same situation gives the same decision, whatever
 * order the news came in.
 */
export const decide = (situation: Situation): Decision => {
  const { incident, tracked } = situation;
  const key = memberKey(tracked.cluster, tracked.object.ref);
  const known = incident?.members.find((member) => keyOf(member) === key);
  return incident === undefined || known === undefined || hasEnded(incident)
    ? quiet(situation)
    : underway(situation, known);
};
