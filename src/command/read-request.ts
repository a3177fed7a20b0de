import type { AnyCommand, CommandDoc, Prepared } from '#src/command/define.ts';
import { nearest, readWords, tokenize } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import type { FormInput, FormValue } from '#src/form.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Json } from '#src/store/store.ts';

/** What was typed after the root command; or a command with its input, as a button carries it. */
export type Asked = { readonly text: string } | { readonly command: string; readonly input: Json };

/** What a person gets who types the root command alone. */
export const rootAlone = 'here';

const helpName = 'help';
const helpSigns: ReadonlySet<string> = new Set(['--help', '-h', '?']);

/**
 * Splits a request into the name of a command and its words; none where its input came as such. What asks
 * for help in the ways of other programs is read as `help`, and a slash command that was pasted whole
 * without its first word.
 */
export const namedIn = (
  asked: Asked,
): { readonly name: string; readonly words: readonly string[] | undefined } => {
  if (!('text' in asked)) {
    return { name: asked.command, words: undefined };
  }
  const all = tokenize(asked.text);
  const [first = rootAlone, ...words] = /^\/./.test(all[0] ?? '') ? all.slice(1) : all;
  const name = first.toLowerCase();
  if (helpSigns.has(name)) {
    return { name: helpName, words: [] };
  }
  return words.some((word) => helpSigns.has(word))
    ? { name: helpName, words: name === helpName ? [] : [name] }
    : { name, words };
};

const isFormValue = (value: unknown): value is FormValue =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** What a request says of the arguments of its command; or what is wrong with its words. */
export const inputOf = (
  asked: Asked,
  { arguments: shapes, positional }: Pick<CommandDoc, 'arguments' | 'positional'>,
): Result<FormInput, readonly string[]> => {
  if ('text' in asked) {
    return readWords(namedIn(asked).words ?? [], shapes, positional);
  }
  const said = Object.entries(asked.input ?? {}).flatMap(([name, value]) =>
    isFormValue(value) ? [[name, value] as const] : [],
  );
  return ok(Object.fromEntries(said));
};

/** Finds the command that a request means, and has it accept its arguments. */
export const readRequest = (
  request: Asked,
  commands: readonly AnyCommand[],
): Result<{ readonly command: AnyCommand; readonly prepared: Prepared }, Failure> => {
  const { name } = namedIn(request);
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
  const input = 'text' in request ? inputOf(request, command.doc) : ok(request.input);
  if (!input.ok) {
    return fail({ code: 'invalid-arguments', issues: input.failure, usage });
  }
  const prepared = command.prepare(input.value);
  return prepared.ok
    ? ok({ command, prepared: prepared.value })
    : fail({ code: 'invalid-arguments', issues: prepared.failure, usage });
};
