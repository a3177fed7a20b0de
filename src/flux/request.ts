import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import type { FluxKind } from '#src/flux/ref.ts';
import { sameRevision } from '#src/flux/revision.ts';
import { judge } from '#src/flux/verdict.ts';

/** @see https://fluxcd.io/flux/components/kustomize/kustomizations/#triggering-a-reconcile */
export const requestedAt = 'reconcile.fluxcd.io/requestedAt';
export const forceAt = 'reconcile.fluxcd.io/forceAt';
export const resetAt = 'reconcile.fluxcd.io/resetAt';
/**
 * Ours: tells a worker that takes over that the request was made, even if another one came after it. Two
 * commands may ask one source, so it holds our last requests, apart by spaces.
 */
export const ownRequest = 'flux-chatops.dev/request';

/**
 * The kinds whose controller answers a request by writing its token back. An ExternalArtifact is written
 * by someone else's controller, which knows no requests; of images the bot asks nothing.
 */
export const requestableKinds = [
  'Kustomization',
  'HelmRelease',
  'GitRepository',
  'OCIRepository',
  'Bucket',
  'HelmRepository',
  'HelmChart',
] as const satisfies readonly FluxKind[];

const requestable: ReadonlySet<FluxKind> = new Set(requestableKinds);

/**
 * Whether a request for it would be answered: a Helm repository of type oci has nothing to fetch, so
 * Flux does not reconcile it.
 */
export const takesRequests = ({ ref, url }: Pick<FluxObject, 'ref' | 'url'>): boolean =>
  requestable.has(ref.kind) &&
  !(ref.kind === 'HelmRepository' && url?.startsWith('oci://') === true);

const ownRequestsKept = 8;

const ownRequests = (object: Pick<FluxObject, 'annotations'>): readonly string[] =>
  object.annotations[ownRequest]?.split(' ') ?? [];

/** Whether the request that carries our token was made. */
export const wasRequested = (object: Pick<FluxObject, 'annotations'>, token: string): boolean =>
  ownRequests(object).includes(token);

/** What {@link ownRequest} says once the request with this token is made. */
export const withRequest = (object: Pick<FluxObject, 'annotations'>, token: string): string =>
  [...ownRequests(object), token].slice(-ownRequestsKept).join(' ');

/** What has become of a request that carries our token. */
export type RequestOutcome =
  | { readonly state: 'running'; readonly doing: string }
  | { readonly state: 'succeeded'; readonly revision: string | undefined }
  /** This attempt failed; `final` = Flux will not try again by itself. */
  | {
      readonly state: 'failed';
      readonly reason: string;
      readonly message: string;
      readonly final: boolean;
    }
  /** Held back by another object. */
  | { readonly state: 'waiting'; readonly reason: string; readonly message: string }
  /** Someone else asked after us: what follows is no longer the answer to our request. */
  | { readonly state: 'overtaken'; readonly by: string }
  | { readonly state: 'suspended' };

const currentRevision = (object: FluxObject): string | undefined =>
  object.artifactRevision ?? object.lastAppliedRevision ?? object.history[0]?.revision;

const failed = (object: FluxObject): RequestOutcome | undefined => {
  const verdict = judge(object);
  if (verdict.state === 'waiting') {
    return { state: 'waiting', reason: verdict.reason, message: verdict.message };
  }
  return verdict.state === 'failing'
    ? {
        state: 'failed',
        reason: verdict.reason,
        message: verdict.message,
        final: conditionOf(object, 'Stalled')?.status === 'True',
      }
    : undefined;
};

/**
 * Reads from a live object what became of our request. Flux writes the handled token at the end of a pass,
 * in a second patch after the result, so a result counts only together with the token; with one exception:
 * when a new revision started the pass a moment before our request, its failure is the answer already.
 * A failing object stays Reconciling=True (ProgressingWithRetry), so that condition is not waited for.
 * @param wanted - revision that our request is to bring, where the source was asked first and it is one that
 *   was not tried before
 */
export const outcomeOf = (
  object: FluxObject,
  token: string,
  wanted: string | undefined,
): RequestOutcome => {
  const handled = object.lastHandledReconcileAt === token;
  if (object.suspended) {
    // a suspended object is "handled" at once, by a pass that does nothing
    return { state: 'suspended' };
  }
  if (!handled) {
    const early =
      wanted !== undefined && sameRevision(object.lastAttemptedRevision, wanted)
        ? failed(object)
        : undefined;
    if (early?.state === 'failed') {
      return early;
    }
    const written = object.annotations[requestedAt] ?? token;
    return written === token
      ? { state: 'running', doing: doing(object) }
      : { state: 'overtaken', by: written };
  }
  if (judge(object).state === 'healthy') {
    return { state: 'succeeded', revision: currentRevision(object) };
  }
  return failed(object) ?? { state: 'running', doing: doing(object) };
};

const doing = (object: FluxObject): string => {
  const healthy = conditionOf(object, 'Healthy');
  if (healthy?.status === 'Unknown') {
    return 'waiting for health';
  }
  const ready = conditionOf(object, 'Ready');
  return ready?.status === 'Unknown' && ready.message !== ''
    ? ready.message
    : 'waiting for its turn';
};
