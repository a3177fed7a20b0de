import { gitOf } from '#src/incident/git-of.ts';
import {
  hasEnded,
  type IncidentChange,
  keyOf,
  type Member,
  memberKey,
  type StoryEntry,
} from '#src/incident/incident.ts';
import { sameGit } from '#src/incident/revisions.ts';
import type { Situation } from '#src/incident/situation.ts';
import {
  isSamePass,
  newTrouble,
  recheckWithoutTrouble,
  type Trouble,
  troubleOf,
} from '#src/incident/trouble.ts';

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

const nothing = (recheckAt?: number): Decision => ({ kind: 'nothing', recheckAt });

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
