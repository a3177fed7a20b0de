import type { ArgumentDoc, CommandDoc } from '#src/command/define.ts';
import { flagName, nearest } from '#src/command/words.ts';

type Value = string | boolean | number;

const wrongArgument = (
  { name, required, choices }: ArgumentDoc,
  value: Value | undefined,
): string | undefined => {
  const flag = flagName(name);
  const listed = choices.join(', ');
  if (value === undefined) {
    return required ? `${flag} is missing${listed === '' ? '' : `: one of ${listed}`}.` : undefined;
  }
  if (choices.length === 0 || choices.includes(String(value))) {
    return undefined;
  }
  const close = nearest(String(value), choices);
  const meant = close === undefined ? `It is one of ${listed}.` : `Did you mean ${close}?`;
  return `There is no ${flag} "${value}". ${meant}`;
};

/** What is wrong with an input as far as its documentation tells, in words; undefined when nothing is. */
export const wrongInput = (
  documents: readonly ArgumentDoc[],
  input: Readonly<Record<string, Value>>,
): string | undefined =>
  documents
    .map((document) => wrongArgument(document, input[document.name]))
    .find((problem) => problem !== undefined);

/** What people know from other programs for clusters, in the words of this one. */
const inOurWords = (stray: string, doc: Pick<CommandDoc, 'arguments'>): string => {
  if (stray.startsWith('-o')) {
    return ' For an answer that programs read there is --json.';
  }
  if (!doc.arguments.some(({ name }) => name === 'namespace')) {
    return '';
  }
  if (stray.startsWith('-A')) {
    return ' Every namespace is looked at where --namespace names none.';
  }
  return stray.startsWith('-n') ? ' Did you mean --namespace?' : '';
};

/** What is wrong with an option of one letter among the words of a command: none of them has any. */
export const strayOption = (
  words: readonly string[],
  doc: Pick<CommandDoc, 'arguments'>,
): string | undefined => {
  const stray = words.find((word) => /^-[a-zA-Z]/.test(word));
  return stray === undefined ? undefined : `There is no option ${stray}.${inOurWords(stray, doc)}`;
};
