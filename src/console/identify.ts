import type { Actor } from '#src/command/actor.ts';
import type { ActorNow } from '#src/command/context.ts';
import type { People } from '#src/slack/people.ts';
import type { SlackFailure, SlackPerson, SlackUser } from '#src/slack/slack.ts';

export interface IdentifyOptions {
  readonly people: People;
  /** The workspace whose people are answered. */
  readonly team: () => string;
  /** User groups that the policy names. */
  readonly groups: () => readonly string[];
}

/** Why a person is not answered. */
export const refusals: Record<Exclude<SlackPerson['kind'], 'member'>, string> = {
  guest: 'Guests are not answered.',
  external: 'People of other workspaces are not answered.',
  deactivated: 'This account is deactivated.',
  bot: 'Bots are not answered.',
};

// Slack said so, and will say so again: the group is gone, say
const isAnswer = ({ code }: SlackFailure): boolean => code === 'refused';

/** Asks Slack who a person is at this moment, and which of the policy's groups he is in. */
export const createIdentify =
  ({ people, team, groups }: IdentifyOptions) =>
  async (user: SlackUser): Promise<ActorNow> => {
    if (user.team !== team()) {
      return { kind: 'refused', why: refusals.external };
    }
    const person = await people.person(user);
    if (!person.ok) {
      return { kind: 'unknown' };
    }
    const { kind, name } = person.value;
    if (kind !== 'member') {
      return { kind: 'refused', why: refusals[kind] };
    }
    const asked = await Promise.all(
      groups().map(async (group) => ({ group, members: await people.groupMembers(group) })),
    );
    return {
      kind: 'known',
      groupsKnown: asked.every(({ members }) => members.ok || isAnswer(members.failure)),
      actor: {
        kind: 'slack',
        ...user,
        name,
        groups: asked.flatMap(({ group, members }) =>
          members.ok && members.value.includes(user.user) ? [group] : [],
        ),
      },
    };
  };

export type Identify = ReturnType<typeof createIdentify>;

/** The same of an actor that is known already; a terminal's own cluster vouches for its user. */
export const actorNowBy =
  (identify: Identify) =>
  (actor: Actor): Promise<ActorNow> =>
    actor.kind === 'slack'
      ? identify({ team: actor.team, user: actor.user })
      : Promise.resolve({ kind: 'known', actor, groupsKnown: true });
