import type { AnyCommand, Prepared } from '#src/command/define.ts';
import { nearest, readWords, tokenize } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Json } from '#src/store/store.ts';

/** What was typed after the root command; or a command with its input, as a button carries it. */
export type Asked = { readonly text: string } | { readonly command: string; readonly input: Json };

/** Finds the command that a request means, and has it accept its arguments. */
export const readRequest = (
  request: Asked,
  commands: readonly AnyCommand[],
): Result<{ readonly command: AnyCommand; readonly prepared: Prepared }, Failure> => {
  const words = 'text' in request ? tokenize(request.text) : [];
  const name = 'text' in request ? (words[0] ?? 'help').toLowerCase() : request.command;
  const command = commands.find((one) => one.doc.name === name);
  if (command === undefined) {
    return fail({
      code: 'unknown-command',
      name,
      nearest: nearest(
        name,
        commands.map((one) => one.doc.name),
      ),
    });
  }
  const { usage } = command.doc;
  const input =
    'text' in request
      ? readWords(words.slice(1), command.doc.arguments, command.doc.positional)
      : ok(request.input);
  if (!input.ok) {
    return fail({ code: 'invalid-arguments', issues: input.failure, usage });
  }
  const prepared = command.prepare(input.value);
  return prepared.ok
    ? ok({ command, prepared: prepared.value })
    : fail({ code: 'invalid-arguments', issues: prepared.failure, usage });
};
