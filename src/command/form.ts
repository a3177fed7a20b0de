import { type Candidate, clusterCandidates, objectCandidates } from '#src/command/candidates.ts';
import type { ArgumentDoc, CommandDoc, Context } from '#src/command/define.ts';
import { flagName } from '#src/command/words.ts';
import type { Field, FieldCommon, Form, FormInput, FormValue, Option } from '#src/form.ts';

/** What a list can hold on every platform. */
export const formLimits = { options: 100, option: 75 } as const;

/** `withSource` → `With source`. */
export const labelOf = (argument: string): string => {
  const words = flagName(argument).replaceAll('-', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
};

const isListable = (value: string): boolean =>
  value.length >= 1 && value.length <= formLimits.option && value.isWellFormed();

const optionOf = ({ value, clusters, state }: Candidate, several: boolean): Option => {
  const label = [
    value,
    ...(several ? [clusters.join(', ')] : []),
    ...(state === '' ? [] : [state]),
  ].join(' · ');
  return { value, label: isListable(label) ? label : value };
};

const choiceOfObjects = (
  doc: CommandDoc,
  common: FieldCommon,
  word: string,
  context: Context,
): Field => {
  const all = objectCandidates(doc, context);
  const wanted = word.toLowerCase();
  const matching = all.filter(({ value }) => value.includes(wanted));
  const options = (matching.length > 0 ? matching : all)
    .filter(({ value }) => isListable(value))
    .slice(0, formLimits.options)
    .map((candidate) => optionOf(candidate, context.clusters.length > 1));
  if (options.length === 0) {
    return { ...common, kind: 'text', ...(word === '' ? {} : { value: word }) };
  }
  const meant =
    options.find(({ value }) => value === word) ?? (matching.length === 1 ? options[0] : undefined);
  return {
    ...common,
    // how a name is written matters only to whoever writes one
    hint: '',
    kind: 'choice',
    options,
    ...(meant === undefined ? {} : { value: meant.value }),
    ...(options.length === all.length ? {} : { narrow: { by: word, total: all.length } }),
  };
};

const choiceOf = (
  common: FieldCommon,
  values: readonly string[],
  wanted: FormValue | undefined,
): Field => {
  const given = wanted === undefined ? undefined : String(wanted);
  return values.length === 0 || values.length > formLimits.options || !values.every(isListable)
    ? { ...common, kind: 'text', ...(given === undefined ? {} : { value: given }) }
    : {
        ...common,
        kind: 'choice',
        options: values.map((value) => ({ value, label: value })),
        ...(given !== undefined && values.includes(given) ? { value: given } : {}),
      };
};

const fieldOf = (
  doc: CommandDoc,
  argument: ArgumentDoc,
  input: FormInput,
  context: Context,
): Field => {
  const { name, description, required, choices, initial } = argument;
  const common = { argument: name, label: labelOf(name), hint: description, required };
  const given = input[name] ?? initial;
  if (argument.type === 'boolean') {
    return { ...common, kind: 'switch', on: given === true };
  }
  if (argument.candidates === 'objects') {
    return choiceOfObjects(doc, common, given === undefined ? '' : String(given), context);
  }
  if (argument.candidates === 'clusters') {
    return choiceOf(common, clusterCandidates(doc, context), given ?? context.defaultCluster);
  }
  return choices.length > 0
    ? choiceOf(common, choices, given)
    : { ...common, kind: 'text', ...(given === undefined ? {} : { value: String(given) }) };
};

/**
 * The form of a command, with what the person already said filled in. Candidates are what the caches have
 * and the person may use the command on, nothing else.
 */
export const formOf = (
  doc: CommandDoc,
  input: FormInput,
  context: Context,
  note?: string,
): Form => ({
  command: doc.name,
  summary: doc.summary,
  ...(note === undefined ? {} : { note }),
  fields: doc.arguments
    .map((argument) => fieldOf(doc, argument, input, context))
    // what must be said stands first; switches are shown together at the end
    .toSorted((left, right) => orderOf(left) - orderOf(right)),
});

const orderOf = (field: Field): number => {
  if (field.kind === 'switch') {
    return 2;
  }
  return field.required ? 0 : 1;
};
