import { evaluate } from '@marcbachmann/cel-js';
import { isList, isRecord } from '#test/sandbox/api/json.ts';

// numbers of an object are integers to CEL, as they are in JSON
const asCel = (value: unknown): unknown => {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? BigInt(value) : value;
  }
  if (isList(value)) {
    return value.map(asCel);
  }
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asCel(inner)]))
    : value;
};

/**
 * Decides a CEL expression, as Flux does for `readyExpr` and `healthCheckExprs`. What cannot be decided,
 * such as a field that is not there yet, is not so.
 */
export const holds = (
  expression: string,
  variables: Readonly<Record<string, unknown>>,
): boolean => {
  try {
    const context = Object.entries(variables).map(([name, value]) => [name, asCel(value)]);
    return evaluate(expression, Object.fromEntries(context)) === true;
  } catch {
    return false;
  }
};
