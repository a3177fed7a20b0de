import { actorName } from '#src/command/actor.ts';
import { missingRight, type Surroundings } from '#src/command/context.ts';
import type { CommandStep, StepOutcome } from '#src/command/define.ts';
import type { Journal } from '#src/command/journal.ts';

/** How long an act waits for word of who the asker is now; ms. */
const patienceMs = 5 * 60_000;

type StillMay =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly why: string }
  | Extract<StepOutcome, { kind: 'wait' }>;

interface Question {
  readonly surroundings: Surroundings;
  readonly journal: Journal;
  readonly permission: string | undefined;
  readonly step: CommandStep;
  readonly now: number;
}

export const withdrawn = (why: string): string => `The right was withdrawn meanwhile: ${why}.`;

const no = (why: string): StillMay => ({ kind: 'no', why: withdrawn(why) });

/**
 * Decides again, before an effect, whether the one who asked may have it: by who the person is by now,
 * since people leave groups and workspaces. Where that cannot be asked, the effect waits; a step that has
 * none goes on.
 */
export const stillMay = async (question: Question): Promise<StillMay> => {
  const { surroundings, journal, permission, step, now } = question;
  const { actor, targets } = journal;
  const person = step.onlyLooks === true ? undefined : await surroundings.actorNow?.(actor);
  if (person === undefined) {
    return { kind: 'yes' };
  }
  if (person.kind === 'refused') {
    return no(person.why.replace(/\.$/, ''));
  }
  const today =
    person.kind === 'known'
      ? missingRight(surroundings, person.actor, permission, targets)
      : undefined;
  if (person.kind === 'known' && (today === undefined || person.groupsKnown)) {
    return today === undefined ? { kind: 'yes' } : no(today);
  }
  const since = journal.steps.find(({ name }) => name === step.name)?.startedAt ?? now;
  return now - since < patienceMs
    ? {
        kind: 'wait',
        afterMs: 2_000,
        detail: [`Slack cannot be asked whether ${actorName(actor)} still may`],
      }
    : no(`Slack could not be asked about ${actorName(actor)}`);
};
