import type { Field, Form } from '#src/form.ts';
import { type FormPlace, writePlace } from '#src/slack/form-place.ts';
import { writeLine } from '#src/slack/mrkdwn.ts';
import type { SlackBlock, SlackView } from '#src/slack/slack.ts';
import { cleanLine, shortenTo } from '#src/text/clean.ts';

/**
 * Slack's limits for modals and for the elements of a form; lengths in characters.
 * @see https://docs.slack.dev/reference/views/modal-views/
 * @see https://docs.slack.dev/reference/block-kit/block-elements/
 */
const limits = {
  blocks: 100,
  title: 24,
  label: 200,
  hint: 500,
  option: 75,
  checkboxes: 10,
  initialText: 3_000,
  note: 2_000,
  actionId: 200,
} as const;

/** The modals that are forms of ours; others have no input. */
export const formCallback = 'flux-form';

const text = (limit: number, written: string) => ({
  type: 'plain_text',
  text: shortenTo(cleanLine(written), limit, (one) => one).trim() || '…',
  emoji: false,
});

const paragraph = (written: string): SlackBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text: writeLine([written], limits.note) || '…', verbatim: true },
});

const small = (written: string): SlackBlock => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: writeLine([written], limits.note) || '…', verbatim: true }],
});

const titleOf = (command: string) =>
  text(limits.title, command.slice(0, 1).toUpperCase() + command.slice(1));

/** A modal without anything to fill in: while something is looked up, or to say how it ended. */
export const noticeView = (command: string, lines: readonly string[]): SlackView => ({
  type: 'modal',
  title: titleOf(command),
  close: text(limits.title, 'Close'),
  blocks: lines.map(paragraph),
});

type Choice = Extract<Field, { kind: 'choice' }>;
type Switch = Extract<Field, { kind: 'switch' }>;

// A list of other options is another block, so that what was chosen before is not kept.
const listId = (field: Choice, index: number): string =>
  `${blockId('value', index)}-${(field.narrow?.by ?? '').slice(0, 100)}`;

// The place of an argument among the fields names its block: an argument's own name may be of any length.
const blockId = (kind: 'value' | 'narrow' | 'switches', index: number): string =>
  `${kind}-${index}`;

const withHint = (hint: string) => (hint === '' ? {} : { hint: text(limits.hint, hint) });

const typedBlock = (field: Field & { readonly value?: string | undefined }, id: string) => ({
  type: 'input',
  block_id: id,
  label: text(limits.label, field.label),
  optional: !field.required,
  element: {
    type: 'plain_text_input',
    action_id: field.argument.slice(0, limits.actionId),
    ...(field.value === undefined || field.value === ''
      ? {}
      : { initial_value: field.value.slice(0, limits.initialText).toWellFormed() }),
  },
  ...withHint(field.hint),
});

const listBlock = (field: Choice, id: string): SlackBlock => {
  const options = field.options.map(({ value, label }) => ({
    text: text(limits.option, label),
    value,
  }));
  const initial = options.find(({ value }) => value === field.value);
  return {
    type: 'input',
    block_id: id,
    label: text(limits.label, field.label),
    // where not every candidate is listed, a typed one will do
    optional: !field.required || field.narrow !== undefined,
    element: {
      type: 'static_select',
      action_id: field.argument.slice(0, limits.actionId),
      placeholder: text(limits.option, 'Choose'),
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
    ...withHint(
      field.narrow === undefined
        ? field.hint
        : `${field.options.length} of ${field.narrow.total} are listed; narrow them below.`,
    ),
  };
};

const narrowBlock = (field: Choice, by: string, id: string): SlackBlock => ({
  type: 'input',
  block_id: id,
  dispatch_action: true,
  label: text(limits.label, `${field.label}: part of its name`),
  optional: true,
  element: {
    type: 'plain_text_input',
    action_id: field.argument.slice(0, limits.actionId),
    dispatch_action_config: { trigger_actions_on: ['on_enter_pressed'] },
    ...(by === '' ? {} : { initial_value: by.slice(0, limits.initialText).toWellFormed() }),
  },
  hint: text(limits.hint, 'Press Enter to narrow the list; or send it off, if that names one.'),
});

const fieldBlocks = (field: Exclude<Field, Switch>, index: number): readonly SlackBlock[] => {
  const id = blockId('value', index);
  if (field.kind === 'text') {
    return [typedBlock(field, id)];
  }
  const { narrow } = field;
  const list = listBlock(field, listId(field, index));
  return narrow === undefined
    ? [list]
    : [list, narrowBlock(field, narrow.by, blockId('narrow', index))];
};

const switchOption = ({ label, hint }: Switch, value: string) => {
  const whole = cleanLine(`${label}: ${hint}`);
  return hint !== '' && whole.length > limits.option
    ? { text: text(limits.option, label), description: text(limits.option, hint), value }
    : { text: text(limits.option, hint === '' ? label : whole), value };
};

const switchBlocks = (switches: readonly Switch[]): readonly SlackBlock[] => {
  const rows = Array.from({ length: Math.ceil(switches.length / limits.checkboxes) }, (_, row) =>
    switches.slice(row * limits.checkboxes, (row + 1) * limits.checkboxes),
  );
  return rows.map((row, index) => {
    const options = row.map((one) => ({
      on: one.on,
      option: switchOption(one, one.argument.slice(0, limits.option)),
    }));
    const initial = options.filter(({ on }) => on).map(({ option }) => option);
    return {
      type: 'input',
      block_id: blockId('switches', index),
      label: text(limits.label, 'Options'),
      optional: true,
      element: {
        type: 'checkboxes',
        action_id: 'switches',
        options: options.map(({ option }) => option),
        ...(initial.length === 0 ? {} : { initial_options: initial }),
      },
    };
  });
};

/** A form as a modal that Slack accepts, whatever the form; what does not fit into one can still be typed. */
export const formView = (form: Form, place: FormPlace): SlackView => {
  const open = form.fields.filter((field) => field.kind !== 'switch');
  const switches = switchBlocks(form.fields.filter((field) => field.kind === 'switch'));
  const blocks = [...open.flatMap(fieldBlocks), ...switches];
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: writePlace(form, place),
    title: titleOf(form.command),
    submit: titleOf(form.command),
    close: text(limits.title, 'Cancel'),
    blocks: [
      ...(form.note === undefined ? [] : [paragraph(form.note)]),
      small(form.summary),
      ...blocks.slice(0, limits.blocks - 2),
    ],
  };
};
