import type { Trouble } from '#src/cluster/trouble.ts';

/**
 * How one kind of one cluster is being followed. Steps: find where it is served, list it (streamed
 * where the API server does that, else by pages), ask whether the server's versions have not gone back,
 * watch on from the newest version.
 */
export interface Reflection {
  readonly step: 'discover' | 'list' | 'check' | 'watch';
  readonly streaming: boolean;
  /** A list was completed, so that a watch can go on from what we hold. */
  readonly listed: boolean;
  /** The server did not name the kind; only when it does not do so again is all of it gone. */
  readonly missed: boolean;
  /** Attempts without hearing anything from a watch. */
  readonly failures: number;
  /** Before the step; a number is what the server asked for, in ms. */
  readonly wait: 'none' | 'back-off' | 'absent' | number;
}

export type Outcome =
  | { readonly type: 'served' }
  /** The cluster has no such kind; looked for again later. */
  | { readonly type: 'not-served' }
  /**
   * It names no such kind, of which we hold a list. An API server that has just started names its kinds one
   * by one, and what it holds of them is not gone for that.
   */
  | { readonly type: 'missed' }
  | { readonly type: 'listed' }
  /** The server's versions have reached ours, or not: then it was restored. */
  | { readonly type: 'checked'; readonly behind: boolean }
  /** The server ended the stream, as it does after `timeoutSeconds`. */
  | { readonly type: 'ended'; readonly heard: boolean; readonly listed: boolean }
  | {
      readonly type: 'trouble';
      readonly trouble: Trouble;
      readonly heard: boolean;
      readonly listed: boolean;
    }
  /** A stream that was asked for a list goes on as if it had not been. */
  | { readonly type: 'no-streaming' }
  /** Another kind has seen that the server was restored: a list is next, once the server is known again. */
  | { readonly type: 'restored' };

export interface BackOff {
  readonly firstMs: number;
  readonly capMs: number;
  /** How often to look for a kind that is not served. */
  readonly absentMs: number;
}

export const startReflection: Reflection = {
  step: 'discover',
  streaming: true,
  listed: false,
  missed: false,
  failures: 0,
  wait: 'none',
};

const isExpired = (trouble: Trouble): boolean =>
  trouble.type === 'status' && (trouble.status === 410 || trouble.status === 504);

const isRefusedStreaming = (state: Reflection, trouble: Trouble): boolean =>
  trouble.type === 'status' &&
  state.step === 'list' &&
  state.streaming &&
  [400, 405, 406, 422, 501].includes(trouble.status);

const afterTrouble = (state: Reflection, outcome: Outcome & { type: 'trouble' }): Reflection => {
  const { trouble } = outcome;
  if (isRefusedStreaming(state, trouble)) {
    return { ...state, step: 'list', streaming: false, wait: 'none' };
  }
  const failures = (outcome.heard ? 0 : state.failures) + 1;
  const listed = state.listed || outcome.listed;
  if (isExpired(trouble)) {
    // our version is too old, or newer than a restored server's: only a list tells what there is
    return {
      ...state,
      step: 'list',
      listed: false,
      failures,
      wait: outcome.heard ? 'none' : 'back-off',
    };
  }
  const asked = trouble.type === 'status' ? trouble.retryAfterMs : undefined;
  // after anything else the server may be another one, with other versions of the API
  return {
    step: 'discover',
    streaming: true,
    listed,
    missed: false,
    failures,
    wait: asked ?? 'back-off',
  };
};

const afterEnd = (state: Reflection, outcome: Outcome & { type: 'ended' }): Reflection => {
  const listed = state.listed || outcome.listed;
  const failures = outcome.heard ? 0 : state.failures + 1;
  return {
    ...state,
    step: listed ? 'check' : 'list',
    listed,
    failures,
    // a server that ends streams without a word must not be asked in a loop
    wait: outcome.heard ? 'none' : 'back-off',
  };
};

/** What to do after what has happened. */
export const reflect = (state: Reflection, outcome: Outcome): Reflection => {
  switch (outcome.type) {
    case 'served':
      return { ...state, step: state.listed ? 'check' : 'list', missed: false, wait: 'none' };
    case 'not-served':
      return { ...startReflection, missed: true, wait: 'absent' };
    case 'missed':
      return { ...state, step: 'discover', missed: true, wait: 'absent' };
    case 'listed':
      return { ...state, step: 'watch', listed: true, wait: 'none' };
    case 'checked':
      // what we hold is of another history, also when its counter passes ours before we could list
      return outcome.behind
        ? { ...state, step: 'list', listed: false, wait: 'none' }
        : { ...state, step: 'watch', wait: 'none' };
    case 'ended':
      return afterEnd(state, outcome);
    case 'trouble':
      return afterTrouble(state, outcome);
    case 'no-streaming':
      return { ...state, step: 'list', streaming: false, wait: 'none' };
    case 'restored':
      return state.step === 'discover'
        ? { ...state, listed: false }
        : { ...state, step: 'list', listed: false, wait: 'none' };
    default:
      return outcome satisfies never;
  }
};

const LONGEST_DOUBLING = 16;

/**
 * How long to wait before the next step, in ms: doubling from the first, capped, and spread over its
 * upper half so that replicas and kinds do not come back all at once.
 * @param chance - from 0 to below 1
 */
export const waitBefore = (state: Reflection, backOff: BackOff, chance: number): number => {
  if (state.wait === 'none') {
    return 0;
  }
  const spread = (ms: number): number => ms * (0.5 + chance / 2);
  if (state.wait === 'absent') {
    return spread(backOff.absentMs);
  }
  const doubled =
    backOff.firstMs * 2 ** Math.min(Math.max(state.failures - 1, 0), LONGEST_DOUBLING);
  const own = spread(Math.min(doubled, backOff.capMs));
  return typeof state.wait === 'number' ? Math.min(Math.max(state.wait, own), backOff.capMs) : own;
};
