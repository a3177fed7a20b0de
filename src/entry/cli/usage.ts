import type { ArgumentDoc } from '#src/command/define.ts';
import { flagName } from '#src/command/words.ts';
import { type CliDoc, type Group, groups } from '#src/entry/cli/docs.ts';
import { exits } from '#src/entry/cli/exits.ts';
import { type OwnOption, ownOptions } from '#src/entry/cli/options.ts';
import { flow, padded, paint, type Run } from '#src/text/flow.ts';

export interface HelpOptions {
  readonly width: number;
  readonly color: boolean;
}

type Pair = readonly [name: string, says: string];

const title = (text: string): readonly Run[] => [{ text, style: 'bold' }];

/** A name that is longer than this stands on a line of its own. */
const longestName = 28;

/** Beside its name a text needs some room, or it stands under it. */
const leastRoom = 24;

const nameWidth = (list: readonly Pair[]): number =>
  list.reduce((most, [{ length }]) => (length > longestName ? most : Math.max(most, length)), 0);

const pairs = (
  list: readonly Pair[],
  width: number,
  names = nameWidth(list),
): readonly (readonly Run[])[] =>
  list.flatMap(([name, says]) => {
    const written: Run = { text: name, style: 'cyan' };
    const isNarrow = width < names + 4 + leastRoom;
    const hang = [{ text: ' '.repeat(isNarrow ? 6 : names + 4) }];
    const shared = { width, hang, cutsWords: false };
    return isNarrow || name.length > names
      ? [[{ text: '  ' }, written], ...flow([{ text: says }], { ...shared, lead: hang })]
      : flow([{ text: says }], {
          ...shared,
          lead: [{ text: '  ' }, ...padded([written], names), { text: '  ' }],
        });
  });

const written = ({ name, short, value }: OwnOption): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

export const optionPairs: readonly Pair[] = ownOptions.map((option) => [
  written(option),
  option.says,
]);
export const exitPairs: readonly Pair[] = Object.values(exits).map(([code, says]) => [
  String(code),
  says,
]);

const join = (sections: readonly (readonly (readonly Run[])[])[], { color }: HelpOptions): string =>
  `${sections.map((lines) => lines.map((line) => paint(line, color)).join('\n')).join('\n\n')}\n`;

const underneath = (list: readonly Pair[], width: number): readonly (readonly Run[])[] =>
  list.flatMap(([line, says]) => [
    [{ text: `  ${line}` }],
    ...flow([{ text: says, style: 'dim' }], {
      width,
      lead: [{ text: '      ' }],
      cutsWords: false,
    }),
  ]);

const examples: readonly Pair[] = [
  ['flux-chatops get failing', 'what fails on the cluster of your current context'],
  ['flux-chatops status --context admin@infra --context admin@apps', 'how two clusters stand'],
  ['flux-chatops bootstrap status infra', 'how far a new cluster has come'],
  ['source <(flux-chatops completion bash)', 'completion in this shell'],
];

/** `flux-chatops help`: everything there is, on one page. */
export const helpPage = (docs: readonly CliDoc[], options: HelpOptions): string => {
  const { width } = options;
  const listed = (group: Group) =>
    docs.filter((doc) => doc.group === group).map(({ name, summary }): Pair => [name, summary]);
  const names = nameWidth(docs.map(({ name }) => [name, '']));
  const wide = { width, cutsWords: false };
  return join(
    [
      flow([{ text: 'Flux alerts as incidents in Slack, and Flux at your command.' }], wide),
      flow([{ text: 'flux-chatops COMMAND [arguments] [options]' }], {
        ...wide,
        lead: title('Usage: '),
      }),
      ...Object.entries(groups).map(([group, says]) => [
        ...flow(title(`${says}:`), wide),
        ...pairs(listed(group as Group), width, names),
      ]),
      [title('Options:'), ...pairs(optionPairs, width)],
      [title('Exit codes:'), ...pairs(exitPairs, width)],
      [title('Examples:'), ...underneath(examples, width)],
      flow([{ text: 'More about a command: flux-chatops help COMMAND' }], wide),
    ],
    options,
  );
};

const argumentPair = (argument: ArgumentDoc, positional: readonly string[]): Pair => {
  const flag = `--${flagName(argument.name)}`;
  const isPlaced = positional.includes(argument.name);
  const value = argument.type === 'boolean' ? '' : ` ${argument.type.toUpperCase()}`;
  const choices = argument.choices.length === 0 ? '' : ` (${argument.choices.join(', ')})`;
  return [isPlaced ? argument.name : flag + value, `${argument.description}${choices}`];
};

/** `flux-chatops help get`: all about one command. */
export const helpOf = (doc: CliDoc, options: HelpOptions): string => {
  const { width } = options;
  const wide = { width, cutsWords: false };
  const list = (isPlaced: boolean) =>
    doc.arguments
      .filter(({ name }) => doc.positional.includes(name) === isPlaced)
      .map((argument) => argumentPair(argument, doc.positional));
  const section = (name: string, content: readonly Pair[]) =>
    content.length === 0 ? [] : [[title(name), ...pairs(content, width)]];
  return join(
    [
      flow([{ text: doc.summary }], wide),
      flow([{ text: `flux-chatops ${doc.usage}` }], { ...wide, lead: title('Usage: ') }),
      ...section('Arguments, by place or as --name VALUE:', list(true)),
      ...section('Options:', list(false)),
      [title('Examples:'), ...doc.examples.map((one) => [{ text: `  flux-chatops ${one}` }])],
      flow([{ text: 'Options of every command and exit codes: flux-chatops help' }], wide),
    ],
    options,
  );
};
