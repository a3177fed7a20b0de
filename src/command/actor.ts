import { z } from 'zod';

/** Who asks. Verified at the edge: by Slack's signature, or by a cluster's own word. */
export const Actor = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('slack'),
    team: z.string(),
    user: z.string(),
    /** For reading only; never decides anything. */
    name: z.string(),
    /** Slack user groups. */
    groups: z.array(z.string()).readonly(),
  }),
  z.object({
    kind: z.literal('terminal'),
    /** The cluster that named the person, and the name (SelfSubjectReview). */
    cluster: z.string(),
    username: z.string(),
    groups: z.array(z.string()).readonly(),
  }),
]);
export type Actor = z.infer<typeof Actor>;

/** One word that names an actor for good, for audit and approval. */
export const actorId = (actor: Actor): string =>
  actor.kind === 'slack'
    ? `slack:${actor.team}:${actor.user}`
    : `kubernetes:${actor.cluster}:${actor.username}`;

export const actorName = (actor: Actor): string =>
  actor.kind === 'slack' ? actor.name : actor.username;
