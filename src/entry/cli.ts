import { readWords } from '#src/command/words.ts';
import { catalogue, type Entry, findEntry, unknownEntry } from '#src/entry/cli/catalogue.ts';
import { exitCode } from '#src/entry/cli/exits.ts';
import { type OwnOptions, readOptions } from '#src/entry/cli/options.ts';
import { type Call, documentOf, misused, type Outcome } from '#src/entry/cli/outcome.ts';
import { runs } from '#src/entry/cli/runs.ts';
import { optionsFor, type Screen, screenOf } from '#src/entry/cli/screen.ts';
import { typedFor } from '#src/entry/cli/typed.ts';
import { strayOption, wrongInput } from '#src/entry/cli/wrong-input.ts';
import { cleanLine } from '#src/text/clean.ts';
import { flow, paint } from '#src/text/flow.ts';
import { renderTerminal } from '#src/text/terminal.ts';

interface Screens {
  readonly out: Screen;
  readonly err: Screen;
}

const screens = (color: OwnOptions['color']): Screens => ({
  out: screenOf(process.stdout, color, process.env),
  err: screenOf(process.stderr, color, process.env),
});

const writeLines = (screen: Screen, text: string, style?: 'red' | 'yellow' | 'dim'): void => {
  for (const line of text.split('\n')) {
    const width = screen.isTerminal ? screen.width() : Number.POSITIVE_INFINITY;
    for (const one of flow([{ text: cleanLine(line), style }], { width, cutsWords: false })) {
      screen.write(`${paint(one, screen.color)}\n`);
    }
  }
};

/** Results go to standard output, everything else to standard error. @returns the exit code */
const print = (
  name: string | undefined,
  outcome: Outcome,
  { json, ...where }: Pick<OwnOptions, 'json' | 'contexts' | 'config'>,
  to: Screens,
): number => {
  if (outcome.kind === 'ended') {
    return outcome.exitCode;
  }
  if (json) {
    to.out.write(`${JSON.stringify(documentOf(name, outcome))}\n`);
    return exitCode(outcome.exit);
  }
  if (outcome.kind === 'failed') {
    writeLines(to.err, outcome.what, 'red');
    writeLines(to.err, outcome.next);
    return exitCode(outcome.exit);
  }
  const { shown, exit, remarks = [] } = outcome;
  if (typeof shown === 'string') {
    to.out.write(shown);
  } else {
    to.out.write(renderTerminal(shown, optionsFor(to.out, typedFor(catalogue, where))));
  }
  for (const remark of remarks) {
    writeLines(to.err, remark, exit === 'done' ? undefined : 'yellow');
  }
  return exitCode(exit);
};

const carryOut = async (entry: Entry, call: Omit<Call, 'input'>): Promise<Outcome> => {
  const { doc } = entry;
  const next = `Usage: flux-chatops ${doc.usage}`;
  const stray = strayOption(call.words, doc);
  if (stray !== undefined) {
    return misused(stray, next);
  }
  if (doc.name === 'help') {
    return runs.help({ ...call, input: {} });
  }
  const input = readWords(call.words, doc.arguments, doc.positional);
  if (!input.ok) {
    return misused(input.failure.join('\n'), next);
  }
  const problem = wrongInput(doc.arguments, input.value);
  if (problem !== undefined) {
    return misused(problem, next);
  }
  if (entry.kind === 'program') {
    return runs[entry.program.name]({ ...call, input: input.value });
  }
  const { ask } = await import('#src/entry/cli/ask.ts');
  return ask(entry.command, { ...call, input: input.value });
};

const answer = async (options: OwnOptions, to: Screens): Promise<[string | undefined, Outcome]> => {
  const { rest } = options;
  const call = { input: {}, options, ...to };
  if (options.version) {
    return ['version', await runs.version({ ...call, words: [] })];
  }
  if (options.help || rest.length === 0) {
    const found = findEntry(rest);
    const words = found === undefined ? rest : found.entry.doc.name.split(' ');
    const outcome = await runs.help({ ...call, words });
    // to ask for nothing at all is a mistake, but one that is answered best so
    return options.help || outcome.kind !== 'answer'
      ? ['help', outcome]
      : ['help', { ...outcome, exit: 'usage' }];
  }
  const found = findEntry(rest);
  if (found === undefined) {
    const { what, next } = unknownEntry(rest);
    return [undefined, misused(what, next)];
  }
  const { entry, rest: words } = found;
  return [entry.doc.name, await carryOut(entry, { words, options, ...to })];
};

/** Whoever reads our output may stop to: `flux-chatops get | head`. */
const endQuietlyOnClosedPipe = (): void => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
    process.exit(0);
  });
};

/** The terminal's door. @returns the exit code */
export const main = async (words: readonly string[]): Promise<number> => {
  endQuietlyOnClosedPipe();
  if (words[0] === '__complete') {
    const { complete } = await import('#src/entry/cli/completion.ts');
    return complete(words.slice(1));
  }
  const options = readOptions(words);
  if (!options.ok) {
    const outcome = misused(options.failure.join('\n'), 'See what there is: flux-chatops help');
    const unread = { json: words.includes('--json'), contexts: [], config: undefined };
    return print(undefined, outcome, unread, screens('auto'));
  }
  const to = screens(options.value.color);
  const [name, outcome] = await answer(options.value, to);
  return print(name, outcome, options.value, to);
};
