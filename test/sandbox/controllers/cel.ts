import { evaluate } from '@marcbachmann/cel-js';

/**
 * Decides a CEL expression, as Flux does for `readyExpr` and `healthCheckExprs`. What cannot be decided,
 * such as a field that is not there yet, is not so.
 */
export const holds = (
  expression: string,
  variables: Readonly<Record<string, unknown>>,
): boolean => {
  try {
    return evaluate(expression, { ...variables }) === true;
  } catch {
    return false;
  }
};
