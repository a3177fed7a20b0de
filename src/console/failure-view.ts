import { explain, type Failure } from '#src/failure.ts';
import type { Button, View } from '#src/view.ts';

/** A failure as a card: what happened, what to do next, and the reference where one helps. */
export const failureView = (
  failure: Failure,
  invocation: string | undefined,
  offers: readonly Button[] = [],
): View => {
  const { what, next } = explain(failure);
  const inLog = failure.code === 'unexpected' || failure.code === 'not-allowed';
  return {
    summary: `${what} ${next}`,
    parts: [
      { kind: 'heading', tone: 'refused', line: [{ kind: 'bold', text: what }] },
      { kind: 'text', line: [next] },
      ...(offers.length === 0 ? [] : [{ kind: 'buttons' as const, buttons: offers }]),
      ...(inLog && invocation !== undefined
        ? [{ kind: 'small' as const, line: [`audit ${invocation}`] }]
        : []),
    ],
  };
};
