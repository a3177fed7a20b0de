import { correctionOf } from '#src/command/correct.ts';
import type { AnyCommand, Context } from '#src/command/define.ts';
import type { Target } from '#src/command/policy.ts';
import { type Asked, namedIn } from '#src/command/read-request.ts';
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

/** All about what was asked for, where its words were wrong; all that there is, where it is not there. */
const helpAfter = (failure: Failure, asked: Asked, root: string): readonly Button[] => {
  const { name } = namedIn(asked);
  switch (failure.code) {
    case 'unknown-command':
      return [{ label: `${root} help`, command: 'help', input: {} }];
    case 'invalid-arguments':
      return [{ label: `${root} help ${name}`, command: 'help', input: { command: name } }];
    default:
      return [];
  }
};

/** What a person can press after a request that failed: the form, the request as it was meant, or help. */
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
  const help = helpAfter(failure, asked, context.root);
  const correction = correctionOf(asked, commands, context, mayUse(context));
  if (correction === undefined) {
    return help;
  }
  const { command, input, isOpen, text } = correction;
  const label = `${context.root} ${text}`;
  if (isOpen) {
    return [choose(command, input), ...help];
  }
  return label.length > mostOnButton || help.some((one) => one.label === label)
    ? help
    : [{ label, command, input }, ...help];
};
