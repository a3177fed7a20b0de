import { z } from 'zod';
import { type FluxKind, type FluxRef, fluxKinds } from '#src/flux/ref.ts';
import { Finding, withFinding } from '#src/incident/findings.ts';
import { MemberGit } from '#src/incident/revisions.ts';

const kinds = Object.keys(fluxKinds) as [FluxKind, ...FluxKind[]];

export const FluxRefRecord = z.object({
  kind: z.enum(kinds),
  namespace: z.string(),
  name: z.string(),
}) satisfies z.ZodType<FluxRef>;

/**
 * What an incident knows of one object in one cluster: a register that the newest version wins. Two
 * snapshots are ordered by (epoch, resourceVersion), never by a clock; see {@link isNewer}.
 */
export const Member = z.object({
  cluster: z.string(),
  ref: FluxRefRecord,
  uid: z.string(),
  epoch: z.number(),
  resourceVersion: z.string(),
  standing: z.enum(['failing', 'suspended', 'recovered', 'gone']),
  /** Since when (ms, our clock) the standing holds. */
  since: z.number(),
  reason: z.string(),
  /** Redacted. */
  message: z.string(),
  /** First failure after the last success; ms. */
  failingSince: z.number(),
  /** Failed passes seen since then. */
  attempts: z.number(),
  /** What Flux is trying, and what last worked. */
  attempted: z.string().optional(),
  lastGood: z.string().optional(),
  path: z.string().optional(),
  source: FluxRefRecord.optional(),
  checksHealth: z.boolean(),
  /** Where the revisions come from, and which change is in question. */
  git: MemberGit.optional(),
});
export type Member = z.infer<typeof Member>;

/** One line of an incident's story, in the order in which the store took it. */
export const StoryEntry = z.object({
  /** Names the entry for good: the same news twice is one entry. */
  id: z.string(),
  at: z.number(),
  kind: z.enum([
    'opened',
    'reopened',
    'failed-differently',
    'suspended',
    'resumed',
    'deleted',
    'resolved',
    'reported',
  ]),
  object: z.string(),
  text: z.string(),
});
export type StoryEntry = z.infer<typeof StoryEntry>;

/** A cause and what became of it: one card per channel, edited until it ends. */
export const Incident = z.object({
  id: z.string(),
  state: z.enum(['open', 'suspended', 'resolved', 'deleted']),
  /** Key of the member that is the cause; see {@link memberKey}. */
  cause: z.string(),
  members: z.array(Member),
  /** References (as `Kind/namespace/name`) that it held back at any time. */
  blocked: z.array(z.string()),
  openedAt: z.number(),
  endedAt: z.number().optional(),
  /** How often it failed again within the time in which an ended incident is taken up again. */
  flaps: z.number(),
  /** Found failing at start or after an outage of the bot: opened without a stir. */
  foundLate: z.boolean(),
  /** Shown on the channel's roll-up card instead of one of its own; see `roll-up.ts`. */
  rolledUp: z.boolean().default(false),
  story: z.array(StoryEntry),
  /** Where its card stands; left out by whoever opened it before this was kept. */
  channels: z.array(z.string()).optional(),
  /** What a Git host answered about the change in question; none where nobody was asked. */
  findings: z.array(Finding).optional(),
});
export type Incident = z.infer<typeof Incident>;

export const memberKey = (cluster: string, ref: FluxRef): string =>
  `${cluster}/${ref.kind}/${ref.namespace}/${ref.name}`;

export const keyOf = (member: Pick<Member, 'cluster' | 'ref'>): string =>
  memberKey(member.cluster, member.ref);

export const causeOf = (incident: Incident): Member => {
  const cause = incident.members.find((member) => keyOf(member) === incident.cause);
  if (cause === undefined) {
    throw new Error(`incident ${incident.id} has no member ${incident.cause}`);
  }
  return cause;
};

export const hasEnded = (incident: Incident): boolean =>
  incident.state === 'resolved' || incident.state === 'deleted';

interface Version {
  readonly epoch: number;
  readonly resourceVersion: string;
}

const counter = (version: string): bigint => (/^\d+$/.test(version) ? BigInt(version) : 0n);

/** Whether `candidate` is a later snapshot than `current` of the same object. Equal is not newer. */
export const isNewer = (candidate: Version, current: Version): boolean =>
  candidate.epoch !== current.epoch
    ? candidate.epoch > current.epoch
    : counter(candidate.resourceVersion) > counter(current.resourceVersion);

const storyLimit = 40;

const withStory = (story: readonly StoryEntry[], entries: readonly StoryEntry[]): StoryEntry[] => {
  const fresh = entries.filter((entry) => story.every((known) => known.id !== entry.id));
  const all = [...story, ...fresh];
  // the beginning is kept, because it says how it began
  return all.length <= storyLimit ? all : [...all.slice(0, 1), ...all.slice(1 - storyLimit)];
};

const stateOf = (members: readonly Member[]): Incident['state'] => {
  const has = (standing: Member['standing']) =>
    members.some((member) => member.standing === standing);
  if (has('failing')) {
    return 'open';
  }
  if (has('suspended')) {
    return 'suspended';
  }
  return has('recovered') ? 'resolved' : 'deleted';
};

export interface IncidentChange {
  readonly member?: Member | undefined;
  readonly story: readonly StoryEntry[];
  /** An answer of a Git host. */
  readonly finding?: Finding | undefined;
  /** It leaves the roll-up and gets a card of its own. */
  readonly unroll?: boolean | undefined;
  /** ms, our clock; when an ended state is reached this is its end. */
  readonly at: number;
}

/**
 * Folds one change into an incident. Members are registers and story entries a set, so a change that comes
 * twice changes nothing, and two changes of one object may come in either order.
 */
export const foldIncident = (incident: Incident, change: IncidentChange): Incident => {
  const { member } = change;
  const known = incident.members.find(
    (candidate) => member !== undefined && keyOf(candidate) === keyOf(member),
  );
  const members =
    member === undefined ||
    (known !== undefined && !isNewer(member, known) && !isSame(member, known))
      ? incident.members
      : [...incident.members.filter((candidate) => candidate !== known), member];
  const state = stateOf(members);
  const ended = state === 'resolved' || state === 'deleted';
  const { endedAt, ...rest } = incident;
  const { finding } = change;
  return {
    ...rest,
    members,
    state,
    rolledUp: incident.rolledUp && change.unroll !== true,
    story: withStory(incident.story, change.story),
    ...(finding === undefined
      ? {}
      : { findings: [...withFinding(incident.findings ?? [], finding)] }),
    ...(ended
      ? { endedAt: hasEnded(incident) && endedAt !== undefined ? endedAt : change.at }
      : {}),
  };
};

// the dwell turns a snapshot that is already known into `recovered`
const isSame = (left: Version, right: Version): boolean =>
  left.epoch === right.epoch && left.resourceVersion === right.resourceVersion;
