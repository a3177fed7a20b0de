import type { AnyCommand, Context } from '#src/command/define.ts';
import { type Asked, inputOf, namedIn } from '#src/command/read-request.ts';
import { explain } from '#src/failure.ts';
import type { FormInput } from '#src/form.ts';

/** A request that lacks something which a form can ask for. */
export interface Incomplete {
  readonly command: AnyCommand;
  readonly input: FormInput;
}

/** The command and input of a request that leaves out what its command must know; pure, by the words alone. */
export const incompleteOf = (
  asked: Asked,
  commands: readonly AnyCommand[],
): Incomplete | undefined => {
  const command = commands.find(({ doc }) => doc.name === namedIn(asked).name);
  const input = command === undefined ? undefined : inputOf(asked, command.doc);
  if (command === undefined || input?.ok !== true) {
    return undefined;
  }
  const missing = command.doc.arguments.some(
    ({ name, required }) => required && input.value[name] === undefined,
  );
  return missing ? { command, input: input.value } : undefined;
};

/**
 * What a form can settle of a request, for the person who asks: what is left out, or a name that can mean
 * several things. Undefined where no form helps.
 */
export const wishOf = (
  asked: Asked,
  commands: readonly AnyCommand[],
  context: Context,
): (Incomplete & { readonly note?: string }) | undefined => {
  const incomplete = incompleteOf(asked, commands);
  if (incomplete !== undefined) {
    return context.mayEver(incomplete.command.doc.permission) ? incomplete : undefined;
  }
  const command = commands.find(({ doc }) => doc.name === namedIn(asked).name);
  if (command === undefined || !context.mayEver(command.doc.permission)) {
    return undefined;
  }
  const input = inputOf(asked, command.doc);
  const prepared = input.ok ? command.prepare(input.value) : input;
  const targets = prepared.ok ? prepared.value.targets(context) : undefined;
  return input.ok && targets?.ok === false && targets.failure.code === 'ambiguous'
    ? { command, input: input.value, note: explain(targets.failure).what }
    : undefined;
};
