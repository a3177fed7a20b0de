/**
 * What the real Slack refuses, written down independently of the renderer, for the proxy and the
 * properties. The local Slack accepts anything.
 * @see https://docs.slack.dev/reference/block-kit/blocks/
 * @see https://docs.slack.dev/reference/methods/chat.postMessage/#errors
 */
export interface SlackRefusal {
  readonly error: 'invalid_blocks' | 'msg_too_long' | 'msg_blocks_too_long' | 'no_text';
  readonly reasons: readonly string[];
}

export type Node = Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null;
export const nodes = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter(isNode) : [];

export const textProblems = (
  value: unknown,
  where: string,
  most: number,
  kinds: readonly string[],
) => {
  if (!isNode(value) || typeof value['text'] !== 'string') {
    return [`${where}: no text`];
  }
  const { type, text } = value as { type: unknown; text: string };
  return [
    ...(kinds.includes(String(type)) ? [] : [`${where}: type ${String(type)}`]),
    ...(text.length === 0 ? [`${where}: empty`] : []),
    ...(text.length > most ? [`${where}: ${text.length} characters, at most ${most}`] : []),
    ...(text.isWellFormed() ? [] : [`${where}: half a character`]),
  ];
};

const buttonProblems = (button: Node, where: string): readonly string[] => [
  ...(button['type'] === 'button' ? [] : [`${where}: type ${String(button['type'])}`]),
  ...textProblems(button['text'], `${where} label`, 75, ['plain_text']),
  ...(String(button['action_id'] ?? '').length > 255 ? [`${where}: action_id`] : []),
  ...(String(button['value'] ?? '').length > 2_000 ? [`${where}: value`] : []),
  ...(['primary', 'danger', 'undefined'].includes(String(button['style']))
    ? []
    : [`${where}: style`]),
];

export const twice = (values: readonly unknown[]): boolean => new Set(values).size < values.length;

const actionsProblems = (block: Node, where: string): readonly string[] => {
  const elements = nodes(block['elements']);
  return [
    ...(elements.length >= 1 && elements.length <= 25 ? [] : [`${where}: ${elements.length}`]),
    ...(twice(elements.map((element) => element['action_id']))
      ? [`${where}: action_id twice`]
      : []),
    ...elements.flatMap((element, index) => buttonProblems(element, `${where} button ${index}`)),
  ];
};

const sectionProblems = (block: Node, where: string): readonly string[] => {
  const fields = nodes(block['fields']);
  const kinds = ['mrkdwn', 'plain_text'];
  return [
    ...(block['text'] === undefined && fields.length === 0
      ? [`${where}: neither text nor fields`]
      : []),
    ...(block['text'] === undefined ? [] : textProblems(block['text'], where, 3_000, kinds)),
    ...(fields.length > 10 ? [`${where}: ${fields.length} fields`] : []),
    ...fields.flatMap((field, at) => textProblems(field, `${where} field ${at}`, 2_000, kinds)),
  ];
};

const contextProblems = (block: Node, where: string): readonly string[] => {
  const elements = nodes(block['elements']);
  return [
    ...(elements.length >= 1 && elements.length <= 10 ? [] : [`${where}: ${elements.length}`]),
    ...elements.flatMap((element) => textProblems(element, where, 3_000, ['mrkdwn', 'plain_text'])),
  ];
};

export const blockProblems = (block: Node, index: number): readonly string[] => {
  const where = `block ${index} (${String(block['type'])})`;
  switch (block['type']) {
    case 'section':
      return sectionProblems(block, where);
    case 'actions':
      return actionsProblems(block, where);
    case 'context':
      return contextProblems(block, where);
    case 'header':
      return textProblems(block['text'], where, 150, ['plain_text']);
    case 'divider':
      return [];
    default:
      return [`${where}: not a kind that we know`];
  }
};

/** Why Slack would refuse blocks in the Home tab; none where it takes them. */
export const homeProblems = (blocks: unknown): readonly string[] => {
  const found = nodes(blocks);
  return [
    ...(found.length <= 100 ? [] : [`${found.length} blocks`]),
    ...found.flatMap(blockProblems),
  ];
};

const lengthOf = (value: unknown): number => {
  if (typeof value === 'string') {
    return value.length;
  }
  return isNode(value)
    ? Object.values(value).reduce<number>((sum, item) => sum + lengthOf(item), 0)
    : 0;
};

/** Why Slack would refuse a message; undefined where it takes it. */
export const slackRefusal = (message: {
  readonly text?: string | undefined;
  readonly blocks?: unknown;
}): SlackRefusal | undefined => {
  const blocks = nodes(message.blocks);
  const text = message.text ?? '';
  if (text === '' && blocks.length === 0) {
    return { error: 'no_text', reasons: ['neither text nor blocks'] };
  }
  if (text.length > 40_000) {
    return { error: 'msg_too_long', reasons: [`${text.length} characters of text`] };
  }
  const reasons = [
    ...(blocks.length > 50 ? [`${blocks.length} blocks`] : []),
    ...blocks.flatMap(blockProblems),
  ];
  if (reasons.length > 0) {
    return { error: 'invalid_blocks', reasons };
  }
  const total = lengthOf(blocks);
  return total > 13_200
    ? { error: 'msg_blocks_too_long', reasons: [`${total} characters in blocks`] }
    : undefined;
};
