import {
  blockProblems,
  isNode,
  type Node,
  nodes,
  textProblems,
  twice,
} from '#test/slack/limits.ts';

/**
 * What the real Slack refuses of a modal, written down independently of the renderer.
 * @see https://docs.slack.dev/reference/views/modal-views/
 * @see https://docs.slack.dev/reference/block-kit/blocks/input-block/
 */

const plain = ['plain_text'];

const atMost = (value: unknown, most: number, where: string): readonly string[] =>
  typeof value === 'string' && value.length > most
    ? [`${where}: ${value.length} characters, at most ${most}`]
    : [];

const optional = (value: unknown, where: string, most: number): readonly string[] =>
  value === undefined ? [] : textProblems(value, where, most, plain);

const optionsProblems = (element: Node, where: string, most: number): readonly string[] => {
  const options = nodes(element['options']);
  return [
    ...(options.length >= 1 && options.length <= most ? [] : [`${where}: ${options.length}`]),
    ...(twice(options.map(({ value }) => value)) ? [`${where}: a value twice`] : []),
    ...options.flatMap((option, at) => [
      ...textProblems(option['text'], `${where} option ${at}`, 75, plain),
      ...optional(option['description'], `${where} option ${at} description`, 75),
      ...(typeof option['value'] === 'string' && option['value'] !== ''
        ? atMost(option['value'], 75, `${where} option ${at} value`)
        : [`${where} option ${at}: no value`]),
    ]),
  ];
};

const isAmong = (option: unknown, element: Node): boolean =>
  nodes(element['options']).some((other) => JSON.stringify(other) === JSON.stringify(option));

const initialProblems = (element: Node, where: string): readonly string[] => {
  const several = element['initial_options'];
  const initial = [
    ...(element['initial_option'] === undefined ? [] : [element['initial_option']]),
    ...nodes(several),
  ];
  return [
    ...(several !== undefined && nodes(several).length === 0 ? [`${where}: none initial`] : []),
    ...(initial.every((option) => isAmong(option, element))
      ? []
      : [`${where}: an initial option that is none of the options`]),
  ];
};

const elementProblems = (element: unknown, where: string): readonly string[] => {
  if (!isNode(element)) {
    return [`${where}: no element`];
  }
  const common = [
    ...(typeof element['action_id'] === 'string' && element['action_id'] !== ''
      ? atMost(element['action_id'], 255, `${where} action_id`)
      : [`${where}: no action_id`]),
    ...optional(element['placeholder'], `${where} placeholder`, 150),
  ];
  switch (element['type']) {
    case 'plain_text_input':
      return [...common, ...atMost(element['initial_value'], 3_000, `${where} initial_value`)];
    case 'static_select':
      return [
        ...common,
        ...optionsProblems(element, where, 100),
        ...initialProblems(element, where),
      ];
    case 'checkboxes':
      return [
        ...common,
        ...optionsProblems(element, where, 10),
        ...initialProblems(element, where),
      ];
    default:
      return [`${where}: element ${String(element['type'])}`];
  }
};

const inputProblems = (block: Node, where: string): readonly string[] => [
  ...textProblems(block['label'], `${where} label`, 2_000, plain),
  ...optional(block['hint'], `${where} hint`, 2_000),
  ...elementProblems(block['element'], where),
];

/** Why Slack would refuse a modal; empty where it takes it. */
export const viewProblems = (view: unknown): readonly string[] => {
  if (!isNode(view)) {
    return ['no view'];
  }
  const blocks = nodes(view['blocks']);
  const ids = blocks.map((block) => block['block_id']).filter((id) => id !== undefined);
  const hasInput = blocks.some(({ type }) => type === 'input');
  return [
    ...(view['type'] === 'modal' ? [] : [`type ${String(view['type'])}`]),
    ...textProblems(view['title'], 'title', 24, plain),
    ...optional(view['close'], 'close', 24),
    ...(hasInput || view['submit'] !== undefined
      ? textProblems(view['submit'], 'submit', 24, plain)
      : []),
    ...atMost(view['private_metadata'], 3_000, 'private_metadata'),
    ...atMost(view['callback_id'], 255, 'callback_id'),
    ...(blocks.length >= 1 && blocks.length <= 100 ? [] : [`${blocks.length} blocks`]),
    ...(twice(ids) ? ['a block_id twice'] : []),
    ...ids.flatMap((id, at) => atMost(id, 255, `block_id ${at}`)),
    ...blocks.flatMap((block, index) =>
      block['type'] === 'input'
        ? inputProblems(block, `block ${index} (input)`)
        : blockProblems(block, index),
    ),
  ];
};
