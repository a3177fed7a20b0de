import { dataAt, listAt, textAt } from '#test/platform/world/value.ts';

type Labels = Readonly<Record<string, string>>;

const isMet = (expression: unknown, labels: Labels): boolean => {
  const value = labels[textAt(expression, 'key') ?? ''];
  const values = listAt(expression, 'values');
  switch (textAt(expression, 'operator')) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    default:
      return false;
  }
};

/** Whether a Kubernetes label selector matches: all labels and all expressions; an empty one matches all. */
export const selects = (selector: unknown, labels: Labels): boolean =>
  Object.entries(dataAt(selector, 'matchLabels')).every(
    ([label, value]) => labels[label] === value,
  ) && listAt(selector, 'matchExpressions').every((expression) => isMet(expression, labels));
