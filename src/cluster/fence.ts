import type { Clock } from '#src/clock.ts';
import type { Cluster, ClusterFailure, FenceState } from '#src/cluster/cluster.ts';
import type { FluxRef } from '#src/flux/ref.ts';
import type { Log } from '#src/log.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface FenceOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** False where an operator knowingly runs without the fence; asked each time. */
  readonly required: () => boolean;
  /** How long a fence that stood is taken to stand; ms. A missing one is looked for each time. */
  readonly freshMs?: number;
  readonly log: Log;
}

/**
 * A cluster on which the bot acts only inside its admission fence. Roles say what the bot's identity may
 * do; the fence bounds it should they ever be too wide. It can be missing without anything else going
 * wrong, so it is probed before an act, and again when the last probe is old: policies get deleted.
 */
export const insideFence = (cluster: Cluster, options: FenceOptions): Cluster => {
  const { clock, required, log, freshMs = 30_000 } = options;
  let stoodAt = Number.NEGATIVE_INFINITY;
  let stands: boolean | undefined;

  const learn = (now: boolean | undefined, at: number): void => {
    if (now !== undefined && now !== stands) {
      const say = now ? log.info : log.warn;
      say({ cluster: cluster.name }, now ? 'the fence stands' : 'the fence does not stand');
    }
    stands = now;
    stoodAt = now === true ? at : Number.NEGATIVE_INFINITY;
  };

  const probe = async (ref: FluxRef): Promise<Result<'closed' | 'open', ClusterFailure>> => {
    const at = clock.now();
    const age = at - stoodAt;
    if (age >= 0 && age < freshMs) {
      return ok('closed');
    }
    const result = await cluster.probeFence(ref);
    learn(result.ok ? result.value === 'closed' : undefined, at);
    return result;
  };

  /** Why nothing may be done now; undefined when it may. */
  const obstacle = async (ref: FluxRef): Promise<ClusterFailure | undefined> => {
    if (!required()) {
      return undefined;
    }
    const result = await probe(ref);
    if (!result.ok) {
      // a probe changes nothing, so whatever became of it nothing was done
      return result.failure.code === 'no-reply'
        ? { ...result.failure, code: 'unreachable' }
        : result.failure;
    }
    return result.value === 'closed' ? undefined : { code: 'unfenced' };
  };

  return {
    ...cluster,
    probeFence: probe,
    fence: (): FenceState => ({ required: required(), stands }),
    annotate: async (ref, annotations, lock) => {
      const hindered = await obstacle(ref);
      return hindered === undefined ? cluster.annotate(ref, annotations, lock) : fail(hindered);
    },
    setSuspended: async (ref, suspended, annotations, lock) => {
      const hindered = await obstacle(ref);
      return hindered === undefined
        ? cluster.setSuspended(ref, suspended, annotations, lock)
        : fail(hindered);
    },
  };
};

/** What operators are told of the fence; undefined while it stands, or nothing was tried. */
export const fenceWarning = ({ required, stands }: FenceState): string | undefined => {
  if (!required) {
    return 'the bot acts without its admission fence, as configured (clusters: fence: "off")';
  }
  return stands === false
    ? 'the admission fence does not stand, so nothing is done there; apply deploy/cluster'
    : undefined;
};
