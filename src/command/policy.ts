import { type Actor, actorId } from '#src/command/actor.ts';
import { type FluxRef, printRef } from '#src/flux/ref.ts';

/** What a permission is asked for: an object, a namespace, a cluster, or everything. */
export interface Target {
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
  readonly object?: string | undefined;
  /** Asked for a list, which is filtered by object later: a grant for a part of the cluster is enough. */
  readonly any?: boolean | undefined;
}

/** One object as a target. */
export const targetOf = (cluster: string, ref: FluxRef) => ({
  cluster,
  namespace: ref.namespace,
  object: printRef(ref),
});

/** Who may do what where. Plain data, made from the configuration. */
export interface Policy {
  /** Workspaces whose people are answered. */
  readonly teams: readonly string[];
  readonly grants: readonly Grant[];
}

export interface Grant {
  /** Names the grant for whoever looks for the reason: the role. */
  readonly role: string;
  /** Permissions, such as `reconcile`; `*` is all. */
  readonly permissions: readonly string[];
  /** Actor ids (see `actorId`), `slack-group:<team>:<group>`; `slack-member:<team>` is every full member. */
  readonly subjects: readonly string[];
  /** Cluster names; absent = all. */
  readonly clusters?: readonly string[] | undefined;
  /** Namespaces; absent = all. */
  readonly namespaces?: readonly string[] | undefined;
}

export type Verdict =
  | { readonly kind: 'allow'; readonly role: string }
  | { readonly kind: 'reject'; readonly why: string };

const subjectsOf = (actor: Actor): ReadonlySet<string> =>
  new Set(
    actor.kind === 'slack'
      ? [
          actorId(actor),
          `slack-member:${actor.team}`,
          ...actor.groups.map((group) => `slack-group:${actor.team}:${group}`),
        ]
      : [actorId(actor)],
  );

const covers = (allowed: readonly string[] | undefined, asked: string | undefined): boolean =>
  allowed === undefined || (asked !== undefined && allowed.includes(asked));

const sayTarget = (target: Target): string =>
  [target.object ?? target.namespace, target.cluster]
    .filter((part) => part !== undefined)
    .join(' on ') || 'everything';

/** Decides whether an actor may; denies what no grant allows. Pure. */
export const authorise = (
  actor: Actor,
  permission: string,
  target: Target,
  policy: Policy,
): Verdict => {
  if (actor.kind === 'slack' && !policy.teams.includes(actor.team)) {
    return { kind: 'reject', why: 'this workspace is not served' };
  }
  const subjects = subjectsOf(actor);
  const grant = policy.grants.find(
    (candidate) =>
      candidate.subjects.some((subject) => subjects.has(subject)) &&
      (candidate.permissions.includes('*') || candidate.permissions.includes(permission)) &&
      covers(candidate.clusters, target.cluster) &&
      (target.any === true || covers(candidate.namespaces, target.namespace)),
  );
  return grant === undefined
    ? { kind: 'reject', why: `${permission} on ${sayTarget(target)}` }
    : { kind: 'allow', role: grant.role };
};

/** What an actor may do anywhere, for showing it: by role. */
export const grantsOf = (actor: Actor, policy: Policy): readonly Grant[] => {
  const subjects = subjectsOf(actor);
  return policy.grants.filter((grant) => grant.subjects.some((subject) => subjects.has(subject)));
};
