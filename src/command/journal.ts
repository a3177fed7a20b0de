import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Actor, actorName } from '#src/command/actor.ts';
import type { StepOutcome, StepRecord } from '#src/command/define.ts';
import type { Target } from '#src/command/policy.ts';
import { explain } from '#src/failure.ts';
import type { Json } from '#src/store/store.ts';
import type { Line } from '#src/view.ts';

const StepJournal = z.object({
  name: z.string(),
  state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
  startedAt: z.number().optional(),
  endedAt: z.number().optional(),
  detail: z.custom<Line>((value) => Array.isArray(value)).optional(),
  data: z.json().optional(),
  /** Locks of this step alone, besides the journal's own. */
  locks: z.array(z.string()).optional(),
}) satisfies z.ZodType<StepRecord>;

/** Where a request came from, so that its answer goes there. */
export const Place = z.object({
  channel: z.string().optional(),
  /** `ts` of the thread's root, where the request was made in a thread. */
  thread: z.string().optional(),
});
export type Place = z.infer<typeof Place>;

/**
 * A command that acts, as a record: who asked what, the plan that was made, and how far it has come. A
 * queue only says "advance this journal"; whoever takes it up goes on from here.
 */
export const Journal = z.object({
  /** `CMD-7`. */
  id: z.string(),
  /** Unguessable; also the reference in log and audit. */
  invocation: z.string(),
  command: z.string(),
  actor: Actor,
  place: Place,
  input: z.json(),
  plan: z.json(),
  planHash: z.string(),
  /** Written into the objects that are asked, to know our own request again. */
  token: z.string(),
  /** Objects that nobody else may work on meanwhile. */
  locks: z.array(z.string()),
  /** All that is acted on, for which permission is asked. */
  targets: z.array(
    z.object({
      cluster: z.string().optional(),
      namespace: z.string().optional(),
      object: z.string().optional(),
    }),
  ),
  status: z.enum(['running', 'succeeded', 'failed']),
  steps: z.array(StepJournal),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  failure: z.string().optional(),
  /** What to do about the failure. */
  advice: z.string().optional(),
  /** Over what was asked, by a key that is not in the store: a journal that was tampered with is not run. */
  mac: z.string(),
});
export type Journal = z.infer<typeof Journal>;

export const journalKey = (id: string): string => `journal/${id}`;
export const journalCounter = 'journal-counter';
/** Journals that are not settled; score = ms at which they must be looked at. */
export const dueJournals = 'journals/due';
export const settledJournals = 'journals/settled';
/** Journals that one person asked for, by `actorId`; score = ms at which they began. */
export const askedBy = (actor: string): string => `journals/asked/${actor}`;
export const objectLockKey = (cluster: string, object: string): string =>
  `object-lock/${cluster}/${object}`;

const sortKeys = (value: Json | undefined): Json | undefined => {
  if (Array.isArray(value)) {
    return value.map((item) => sortKeys(item) ?? null);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
};

/** JSON with sorted keys: the same value is the same text. */
export const canonical = (value: Json): string => JSON.stringify(sortKeys(value));

export const planHash = (plan: Json): string => hash('sha256', canonical(plan));

type Signed = Omit<Journal, 'mac' | 'status' | 'steps' | 'endedAt' | 'failure' | 'advice'>;

const signedPart = (journal: Signed): string =>
  canonical({
    id: journal.id,
    invocation: journal.invocation,
    command: journal.command,
    actor: journal.actor,
    place: journal.place,
    input: journal.input as Json,
    planHash: journal.planHash,
    token: journal.token,
    locks: journal.locks,
    targets: journal.targets,
    startedAt: journal.startedAt,
  });

export const journalMac = (journal: Signed, key: string): string =>
  createHmac('sha256', key).update(signedPart(journal)).digest('hex');

/** Whether the journal is what was decided: its mac and its plan are as signed. */
export const isGenuine = (journal: Journal, key: string): boolean => {
  const expected = Buffer.from(journalMac(journal, key));
  const given = Buffer.from(journal.mac);
  return (
    expected.length === given.length &&
    timingSafeEqual(expected, given) &&
    planHash(journal.plan as Json) === journal.planHash
  );
};

/** As people are told of it when they want to work on the same object. */
export const holderOf = (journal: Pick<Journal, 'id' | 'actor'>): string =>
  `${journal.id} by ${actorName(journal.actor)}`;

/** The first step that is neither done nor failed; undefined when there is none. */
export const currentStep = (journal: Journal): number | undefined => {
  const at = journal.steps.findIndex(
    (step) => step.state === 'pending' || step.state === 'running',
  );
  return at === -1 ? undefined : at;
};

const withStep = (journal: Journal, at: number, change: Partial<StepRecord>): Journal => ({
  ...journal,
  steps: journal.steps.map((step, index) =>
    index === at ? { ...step, ...(change as Partial<Journal['steps'][number]>) } : step,
  ),
});

/** The step is under way; written before its effect, so that whoever takes over asks first. */
export const beginStep = (journal: Journal, at: number, now: number): Journal =>
  journal.steps[at]?.state === 'running'
    ? journal
    : // what it waited for before it could begin is no longer so
      withStep(journal, at, { state: 'running', startedAt: now, detail: undefined });

/** The locks of steps that a journal holds now, besides its own. */
export const heldByStep = (journal: Pick<Journal, 'status' | 'steps'>): readonly string[] => {
  const at = journal.steps.findIndex(({ state }) => state === 'pending' || state === 'running');
  const step = journal.steps[at];
  if (journal.status !== 'running' || step === undefined) {
    return [];
  }
  const locks = step.locks ?? [];
  // before it begins, a step has what the step before it left
  const left = step.state === 'running' ? locks : (journal.steps[at - 1]?.locks ?? []);
  return locks.filter((lock) => left.includes(lock));
};

const ended = (
  journal: Journal,
  status: 'succeeded' | 'failed',
  now: number,
  failure?: string,
  advice?: string,
): Journal => ({
  ...journal,
  status,
  endedAt: now,
  ...(failure === undefined ? {} : { failure }),
  ...(advice === undefined ? {} : { advice }),
  steps: journal.steps.map((step) =>
    step.state === 'pending' ? { ...step, state: 'skipped' as const } : step,
  ),
});

/** Takes in what a step did; ends the journal with its last step or its first failure. */
export const takeOutcome = (
  journal: Journal,
  at: number,
  outcome: StepOutcome,
  now: number,
): Journal => {
  const found = {
    ...('detail' in outcome && outcome.detail !== undefined ? { detail: outcome.detail } : {}),
    ...(outcome.data === undefined ? {} : { data: outcome.data as Journal['plan'] }),
  };
  switch (outcome.kind) {
    case 'wait':
      return withStep(journal, at, found);
    case 'done': {
      // what was said while it waited is no longer so
      const after = withStep(journal, at, {
        detail: undefined,
        ...found,
        state: 'done',
        endedAt: now,
      });
      return currentStep(after) === undefined ? ended(after, 'succeeded', now) : after;
    }
    case 'failed': {
      const { what, next } = explain(outcome.failure);
      const after = withStep(journal, at, { ...found, state: 'failed', endedAt: now });
      return ended(after, 'failed', now, what, next);
    }
    default:
      return outcome satisfies never;
  }
};

/** Ends a journal that cannot go on, whatever its steps. */
export const abandon = (journal: Journal, why: string, now: number): Journal => {
  const at = currentStep(journal);
  const after =
    at === undefined ? journal : withStep(journal, at, { state: 'failed', endedAt: now });
  return ended(after, 'failed', now, why);
};

/** A target as the audit trail names it: `infra/ks/harbor/harbor`. */
export const sayTarget = (target: Target): string =>
  [target.cluster, target.object ?? target.namespace]
    .filter((part) => part !== undefined)
    .join('/');

/** What the audit trail is told; the trail itself adds number, time and chain. */
export interface AuditFact {
  readonly at: number;
  /** `decided` when it was asked, whatever the answer; `settled` when it has ended. */
  readonly kind: 'decided' | 'settled';
  readonly invocation: string;
  readonly actor: Actor;
  readonly command: string;
  readonly input: Json;
  readonly targets: readonly string[];
  /** `allowed`, `refused`, `invalid`, `succeeded`, `failed`. */
  readonly outcome: string;
  /** In words: the role that allowed it, the right that is missing, what went wrong. */
  readonly detail: string;
}
