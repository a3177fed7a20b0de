import type { FluxRef } from '#src/flux/ref.ts';
import { printRef } from '#src/flux/ref.ts';
import { sayDuration } from '#src/text/duration.ts';

/** What can go wrong with a request in ways that we expect. A bug is thrown instead. */
export type Failure =
  | {
      readonly code: 'unknown-command';
      readonly name: string;
      readonly nearest: string | undefined;
    }
  | {
      readonly code: 'invalid-arguments';
      readonly issues: readonly string[];
      readonly usage: string;
    }
  | {
      readonly code: 'not-allowed';
      readonly permission: string;
      readonly target: string;
      readonly who: string;
      /** What can be done without the right. */
      readonly instead?: string | undefined;
    }
  | { readonly code: 'refused-person'; readonly why: string }
  | {
      readonly code: 'unknown-cluster';
      readonly name: string;
      readonly known: readonly string[];
      readonly nearest?: string | undefined;
    }
  | {
      readonly code: 'no-such-object';
      readonly name: string;
      readonly clusters: readonly string[];
      readonly nearest: string | undefined;
    }
  | {
      readonly code: 'no-such-namespace';
      readonly name: string;
      readonly clusters: readonly string[];
      readonly nearest: string | undefined;
    }
  | {
      readonly code: 'not-found';
      readonly object: FluxRef;
      readonly cluster: string;
      readonly nearest?: string | undefined;
    }
  | { readonly code: 'ambiguous'; readonly name: string; readonly candidates: readonly string[] }
  | {
      readonly code: 'suspended';
      readonly object: FluxRef;
      readonly cluster: string;
      readonly what: string;
    }
  | { readonly code: 'not-supported'; readonly what: string; readonly instead: string }
  | {
      readonly code: 'busy';
      readonly object: FluxRef;
      readonly cluster: string;
      readonly holder: string;
    }
  | {
      readonly code: 'changed';
      readonly object: FluxRef;
      readonly cluster: string;
      readonly what: string;
    }
  | { readonly code: 'forbidden'; readonly cluster: string; readonly right: string }
  /** The admission fence around the bot's own identity does not stand. */
  | { readonly code: 'unfenced'; readonly cluster: string }
  | { readonly code: 'cluster-unreachable'; readonly cluster: string; readonly detail: string }
  | { readonly code: 'timed-out'; readonly what: string; readonly afterMs: number }
  /** Flux tried and said why it did not work. */
  | { readonly code: 'flux'; readonly what: string; readonly next: string }
  | { readonly code: 'store-unavailable' }
  /** The store went away while the request was recorded. */
  | { readonly code: 'in-doubt' }
  | { readonly code: 'unexpected'; readonly reference: string };

export interface Explanation {
  /** What happened. */
  readonly what: string;
  /** What the reader can do next. */
  readonly next: string;
}

const maybe = (nearest: string | undefined): string =>
  nearest === undefined ? '' : ` Did you mean ${nearest}?`;

/** A failure in words for the person who asked: what happened and what to do next. */
export const explain = (failure: Failure): Explanation => {
  switch (failure.code) {
    case 'unknown-command':
      return {
        what: `There is no command "${failure.name}".${maybe(failure.nearest)}`,
        next: 'See what there is with help.',
      };
    case 'invalid-arguments':
      return { what: failure.issues.join(' '), next: `Usage: ${failure.usage}` };
    case 'not-allowed':
      return {
        what: `${failure.who} may not do this; missing: ${failure.target}.`,
        next: [
          ...(failure.instead === undefined ? [] : [failure.instead]),
          'Whoever keeps the bot’s configuration can grant it under "access".',
        ].join(' '),
      };
    case 'refused-person':
      return {
        what: failure.why,
        next: 'Only full members of the configured workspace are answered.',
      };
    case 'unknown-cluster':
      return {
        what: `There is no cluster "${failure.name}".${maybe(failure.nearest)}`,
        next: `Use one of ${failure.known.join(', ')}.`,
      };
    case 'not-found':
      return {
        what: `${printRef(failure.object)} does not exist on ${failure.cluster}.${maybe(failure.nearest)}`,
        next: 'List what is there with get.',
      };
    case 'no-such-object':
      return {
        what: `Nothing on ${failure.clusters.join(' or ')} is called "${failure.name}".${maybe(failure.nearest)}`,
        next: 'List what is there with get.',
      };
    case 'no-such-namespace':
      return {
        what: `No namespace on ${failure.clusters.join(' or ')} that has Flux objects is called "${failure.name}".${maybe(failure.nearest)}`,
        next: 'List what is there with get.',
      };
    case 'ambiguous':
      return {
        what: failure.candidates.every((candidate) => candidate.includes(' '))
          ? `"${failure.name}" is on more than one cluster.`
          : `"${failure.name}" can be more than one object.`,
        next: `Write one of ${failure.candidates.join(', ')}.`,
      };
    case 'suspended':
      return {
        what: `${printRef(failure.object)} on ${failure.cluster} is suspended: ${failure.what}.`,
        next: 'Resume it first, in Git or by flux resume; until then Flux does nothing with it.',
      };
    case 'not-supported':
      return { what: failure.what, next: failure.instead };
    case 'busy':
      return {
        what: `${failure.holder} is working on ${printRef(failure.object)} on ${failure.cluster}.`,
        next: 'Ask again when that has ended.',
      };
    case 'changed':
      return {
        what: `${printRef(failure.object)} on ${failure.cluster} changed in the meantime: ${failure.what}.`,
        next: 'Nothing was done. Ask again to act on what is there now.',
      };
    case 'forbidden':
      return {
        what: `${failure.cluster} does not let the bot do this: ${failure.right} is missing.`,
        next: 'Apply the roles in deploy/ to that cluster.',
      };
    case 'cluster-unreachable':
      return {
        what: `${failure.cluster} does not answer: ${failure.detail}.`,
        next: 'Nothing was changed there. Ask again when it is back.',
      };
    case 'unfenced':
      return {
        what: `Nothing was done on ${failure.cluster}: its admission fence does not stand, so the API server would let the bot do more there than it should.`,
        next: 'Whoever runs the cluster applies deploy/cluster (ValidatingAdmissionPolicy flux-chatops-fence and its binding); then ask again.',
      };
    case 'timed-out':
      return {
        what: `${failure.what} did not end within ${sayDuration(failure.afterMs)}.`,
        next: 'It may still be running; see status.',
      };
    case 'flux':
      return { what: failure.what, next: failure.next };
    case 'store-unavailable':
      return {
        what: 'The bot cannot reach its own store, so nothing was done.',
        next: 'Ask again in a minute; the operators see it on /readyz.',
      };
    case 'in-doubt':
      return {
        what: 'The bot’s store did not answer while this was recorded, so it may or may not be done.',
        next: 'If it is, its card appears in the channel. If none has come in two minutes, ask again.',
      };
    case 'unexpected':
      return {
        what: `Something unexpected happened (reference ${failure.reference}).`,
        next: 'The reference is in the bot’s log.',
      };
    default:
      return failure satisfies never;
  }
};
