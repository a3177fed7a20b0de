import type { Cluster } from '#src/cluster/cluster.ts';
import type { Actor } from '#src/command/actor.ts';
import type { CommandDoc, Context } from '#src/command/define.ts';
import { authorise, grantsOf, type Policy, type Target } from '#src/command/policy.ts';
import type { Incident } from '#src/incident/incident.ts';

/** What stays the same from request to request; the configuration may change while the bot runs. */
export interface Surroundings {
  readonly clusters: readonly Cluster[];
  readonly policy: () => Policy;
  readonly root: string;
  readonly defaultCluster: (channel: string | undefined) => string | undefined;
  readonly incidents: () => Promise<readonly Incident[]>;
  readonly commands: readonly CommandDoc[];
  /** Who an actor is by now; left out where nobody can be asked but the cluster itself. */
  readonly actorNow?: ((actor: Actor) => Promise<ActorNow>) | undefined;
}

/** What is known of an actor at this moment. */
export type ActorNow =
  /** Without `groupsKnown`, groups may be missing: some could not be asked. */
  | { readonly kind: 'known'; readonly actor: Actor; readonly groupsKnown: boolean }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unknown' };

/** The world as one actor may see it at one moment. */
export const contextFor = (
  surroundings: Surroundings,
  actor: Actor,
  channel: string | undefined,
  now: number,
): Context => {
  const policy = surroundings.policy();
  const grants = grantsOf(actor, policy);
  const isOpen = ({ name }: Cluster): boolean =>
    grants.some(({ clusters }) => clusters === undefined || clusters.includes(name));
  return {
    now,
    actor,
    clusters: surroundings.clusters.filter(isOpen),
    configured: surroundings.clusters,
    defaultCluster: surroundings.defaultCluster(channel),
    root: surroundings.root,
    may: (permission, target) => authorise(actor, permission, target, policy).kind === 'allow',
    incidents: surroundings.incidents,
    commands: surroundings.commands,
    grants,
    mayEver: (permission) =>
      permission === undefined ||
      grants.some(
        (grant) => grant.permissions.includes('*') || grant.permissions.includes(permission),
      ),
  };
};

/** The first target that the actor may not use the permission on, in words; undefined when all is allowed. */
export const missingRight = (
  surroundings: Surroundings,
  actor: Actor,
  permission: string | undefined,
  targets: readonly Target[],
): string | undefined => {
  if (permission === undefined) {
    return undefined;
  }
  for (const target of targets.length === 0 ? [{ any: true }] : targets) {
    const verdict = authorise(actor, permission, target, surroundings.policy());
    if (verdict.kind === 'reject') {
      return verdict.why;
    }
  }
  return undefined;
};
