import type { FluxObject } from '#src/flux/object.ts';
import type { FluxKind, FluxRef } from '#src/flux/ref.ts';
import type { Result } from '#src/result.ts';

/**
 * One Kubernetes cluster as the product sees it: the bot's verbs, not the Kubernetes API. Reads without a
 * promise answer from the local cache, which watches keep; the others ask the API server, with a deadline.
 */
export interface Cluster {
  readonly name: string;
  /** From the cache. */
  objects(): readonly FluxObject[];
  cached(ref: FluxRef): FluxObject | undefined;
  freshness(): Freshness;
  /** See {@link Observation}. */
  epoch(): number;
  /** Called for every change from now on, in order of arrival. Gives the way to stop. */
  subscribe(listener: (observation: Observation) => void): () => void;

  read(ref: FluxRef): Promise<Result<FluxObject, ClusterFailure>>;
  /**
   * Sets (or, with null, removes) annotations in one patch, as field manager `flux-chatops`.
   * Refused as `changed` when the object is not what the lock says.
   */
  annotate(
    ref: FluxRef,
    annotations: Readonly<Record<string, string | null>>,
    lock: ObjectLock,
  ): Promise<Result<FluxObject, ClusterFailure>>;
  /** Suspends (`true`) or resumes (removes the field), together with annotations, in one patch. */
  setSuspended(
    ref: FluxRef,
    suspended: boolean,
    annotations: Readonly<Record<string, string | null>>,
    lock: ObjectLock,
  ): Promise<Result<FluxObject, ClusterFailure>>;
  /**
   * Whether the admission fence stands around the bot's own identity: tries, as a dry run, what it must
   * deny on this object. Nothing is changed either way.
   */
  probeFence(ref: FluxRef): Promise<Result<'closed' | 'open', ClusterFailure>>;
  /** What is known of the fence where acts depend on it; absent where they do not. */
  readonly fence?: (() => FenceState) | undefined;
  /** The state of what a Flux object applied, where the role grants it: why a health check waits. */
  workloads(ids: readonly string[]): Promise<Result<readonly Workload[], ClusterFailure>>;
  /** Who the API server says we are (SelfSubjectReview). */
  whoAmI(): Promise<
    Result<{ readonly username: string; readonly groups: readonly string[] }, ClusterFailure>
  >;
  /** Whether we may (SelfSubjectAccessReview). */
  mayI(right: AccessRight): Promise<Result<boolean, ClusterFailure>>;
  close(): Promise<void>;
}

export interface FenceState {
  /** False where an operator knowingly runs without. */
  readonly required: boolean;
  /** As last probed; undefined before the first time, and when the last probe had no answer. */
  readonly stands: boolean | undefined;
}

/** What an act relies on; the patch is refused when one of it is no longer so. */
export interface ObjectLock {
  readonly uid: string;
  readonly generation?: number | undefined;
  readonly suspended?: boolean | undefined;
  /** An annotation that must still say this (undefined: must not be there). */
  readonly annotation?: { readonly key: string; readonly value: string | undefined } | undefined;
}

export interface AccessRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export interface Workload {
  /** `Deployment/harbor/harbor-core`, as Flux writes it. */
  readonly name: string;
  readonly healthy: boolean;
  /** `1 of 3 ready`; a reason such as `ImagePullBackOff` where one shows. */
  readonly detail: string;
}

/**
 * What the cache has to say. An epoch is one history of the cluster: it grows when a list comes back with
 * versions below those we hold (a restored API server), and versions compare only within one.
 */
export type Observation =
  | {
      readonly type: 'object';
      readonly cluster: string;
      readonly epoch: number;
      readonly object: FluxObject;
    }
  | {
      readonly type: 'gone';
      readonly cluster: string;
      readonly epoch: number;
      readonly ref: FluxRef;
      readonly uid: string;
    }
  /** A list of this kind is complete: what was missed has been said before this. */
  | {
      readonly type: 'listed';
      readonly cluster: string;
      readonly epoch: number;
      readonly kind: FluxKind;
    };

export interface Freshness {
  /** Every kind that the cluster serves has been listed at least once since start. */
  readonly synced: boolean;
  /** Oldest moment (ms) at which a watched kind was last heard of; undefined before the first list. */
  readonly heardAt: number | undefined;
  /** What hinders, in words for the operator. */
  readonly problem: string | undefined;
  /** Kinds of which nothing is heard just now: what is held of them may be long over. */
  readonly unheard: readonly FluxKind[];
  /** Kinds of which a whole list is held: what is not in it does not exist. */
  readonly listed: readonly FluxKind[];
}

export type ClusterFailure =
  | { readonly code: 'not-found' }
  | { readonly code: 'changed'; readonly what: string }
  | { readonly code: 'forbidden'; readonly right: string }
  | { readonly code: 'not-served'; readonly kind: FluxKind }
  /** The admission fence does not stand, so nothing was tried. */
  | { readonly code: 'unfenced' }
  | { readonly code: 'unreachable'; readonly detail: string }
  /** The API server may or may not have done it. */
  | { readonly code: 'no-reply'; readonly detail: string };
