import { correctionOf } from '#src/command/correct.ts';
import type { AnyCommand, Context } from '#src/command/define.ts';
import type { Target } from '#src/command/policy.ts';
import type { Asked } from '#src/command/read-request.ts';
import { wishOf } from '#src/command/wish.ts';
import type { Failure } from '#src/failure.ts';
import type { FormInput } from '#src/form.ts';
import type { Button } from '#src/view.ts';

/** Failures that come of what was written, and not of how things are. */
const ofWriting: ReadonlySet<Failure['code']> = new Set([
  'unknown-command',
  'invalid-arguments',
  'unknown-cluster',
  'no-such-object',
  'no-such-namespace',
  'not-found',
  'ambiguous',
]);

/** Whoever presses a button must have been able to read on it all that it does. */
const mostOnButton = 75;

const mayUse =
  (context: Context) =>
  (permission: string | undefined, targets: readonly Target[]): boolean =>
    permission === undefined || targets.every((target) => context.may(permission, target));

/** What a person can press after a request that failed: the form, or the request as it was meant. */
export const offersAfter = (
  failure: Failure,
  asked: Asked,
  commands: readonly AnyCommand[],
  context: Context,
): readonly Button[] => {
  if (!ofWriting.has(failure.code)) {
    return [];
  }
  const choose = (command: string, input: FormInput): Button => ({
    label: 'Choose …',
    command,
    input,
    style: 'primary',
  });
  const wish = wishOf(asked, commands, context);
  if (wish !== undefined) {
    return [choose(wish.command.doc.name, wish.input)];
  }
  const correction = correctionOf(asked, commands, context, mayUse(context));
  if (correction?.isOpen === true) {
    return [choose(correction.command, correction.input)];
  }
  const label = `${context.root} ${correction?.text}`;
  return correction === undefined || label.length > mostOnButton
    ? []
    : [{ label, command: correction.command, input: correction.input }];
};
