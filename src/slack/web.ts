import { z } from 'zod';
import { fail, ok, type Result } from '#src/result.ts';
import type {
  OpenedView,
  OutgoingMessage,
  OwnMessage,
  PostedMessage,
  Slack,
  SlackFailure,
  SlackPerson,
  SlackViews,
} from '#src/slack/slack.ts';
import { type CallContext, slackFailure } from '#src/slack/slack-failure.ts';

/** A Web API method by its name; rejects as @slack/web-api does. */
export type CallWebApi = (
  method: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

/** Who we are in the workspace, from auth.test. */
export const Identity = z
  .object({ team_id: z.string(), user_id: z.string(), bot_id: z.string().optional() })
  .transform(({ team_id, user_id, bot_id }) => ({ team: team_id, user: user_id, bot: bot_id }));
export type Identity = z.infer<typeof Identity>;

const cardEvent = 'flux_chatops_card';
const historyPage = 200;
const mostPages = 20;

const Posted = z.object({ channel: z.string(), ts: z.string() });

const History = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      bot_id: z.string().optional(),
      metadata: z
        .object({
          event_type: z.string(),
          event_payload: z
            .object({ card: z.string(), attempt: z.string() })
            .optional()
            .catch(undefined),
        })
        .optional()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

const UserInfo = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    name: z.string().optional(),
    real_name: z.string().optional(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    tz: z.string().optional(),
    profile: z.object({ display_name: z.string().optional() }).optional(),
    enterprise_user: z.object({ teams: z.array(z.string()).optional() }).optional(),
  }),
});
type User = z.infer<typeof UserInfo>['user'];

const kindOf = (user: User, team: string): SlackPerson['kind'] => {
  if (user.deleted === true) {
    return 'deactivated';
  }
  if (user.is_bot === true || user.id === 'USLACKBOT') {
    return 'bot';
  }
  const ours =
    user.team_id === undefined ||
    user.team_id === team ||
    user.enterprise_user?.teams?.includes(team) === true;
  if (!ours || user.is_stranger === true) {
    return 'external';
  }
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member';
};

// What Slack would add by itself (previews, links, mentions) is not ours to show.
const plain = {
  unfurl_links: false,
  unfurl_media: false,
  link_names: false,
  parse: 'none',
  mrkdwn: false,
} as const;

const messageParameters = (message: OutgoingMessage) => ({
  channel: message.channel,
  text: message.text,
  // An edit keeps the blocks that are not given: none at all must be said.
  blocks: message.blocks,
  metadata: { event_type: cardEvent, event_payload: { ...message.card } },
});

/** Our verbs towards Slack on its Web API, except `respond`, which is no method of it. */
export const createWebSlack = (
  call: CallWebApi,
  identity: () => Promise<Identity>,
): Omit<Slack, 'respond'> & SlackViews => {
  const ask = async <Value>(
    schema: z.ZodType<Value>,
    context: CallContext,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Result<Value, SlackFailure>> => {
    try {
      const parsed = schema.safeParse(await call(context.method, parameters));
      return parsed.success
        ? ok(parsed.data)
        : fail({ code: 'no-reply', detail: `${context.method} answered something else` });
    } catch (error) {
      return fail(slackFailure(error, context));
    }
  };

  const askView = async (
    context: CallContext,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Result<OpenedView, SlackFailure>> => {
    const opened = await ask(z.object({ view: z.object({ id: z.string() }) }), context, parameters);
    return opened.ok ? ok(opened.value.view) : opened;
  };

  const Anything = z.unknown();
  const done = (result: Result<unknown, SlackFailure>): Result<void, SlackFailure> =>
    result.ok ? ok(undefined) : result;

  const history = async (
    method: string,
    channel: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Result<z.infer<typeof History>['messages'], SlackFailure>> => {
    const messages: z.infer<typeof History>['messages'] = [];
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const result = await ask(
        History,
        { method, channel },
        {
          channel,
          ...parameters,
          include_all_metadata: true,
          limit: historyPage,
          ...(cursor === undefined ? {} : { cursor }),
        },
      );
      if (!result.ok) {
        return result;
      }
      messages.push(...result.value.messages);
      cursor = result.value.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) {
        break;
      }
    }
    return ok(messages);
  };

  return {
    post: (message) =>
      ask<PostedMessage>(
        Posted,
        { method: 'chat.postMessage', channel: message.channel, ts: message.thread },
        {
          ...messageParameters(message),
          ...plain,
          ...(message.thread === undefined ? {} : { thread_ts: message.thread }),
        },
      ),

    update: (message) =>
      ask<PostedMessage>(
        Posted,
        { method: 'chat.update', channel: message.channel, ts: message.ts },
        {
          ...messageParameters(message),
          ts: message.ts,
          link_names: plain.link_names,
          parse: plain.parse,
        },
      ),

    remove: async (channel, ts) =>
      done(await ask(Anything, { method: 'chat.delete', channel, ts }, { channel, ts })),

    ephemeral: async (message) =>
      done(
        await ask(
          Anything,
          { method: 'chat.postEphemeral', channel: message.channel },
          {
            channel: message.channel,
            user: message.user,
            text: message.text,
            blocks: message.blocks,
            link_names: plain.link_names,
            parse: plain.parse,
            ...(message.thread === undefined ? {} : { thread_ts: message.thread }),
          },
        ),
      ),

    ownMessages: async ({ channel, thread, oldest }) => {
      const since = { oldest: (oldest / 1_000).toFixed(6), inclusive: true };
      const found =
        thread === undefined
          ? await history('conversations.history', channel, since)
          : await history('conversations.replies', channel, { ...since, ts: thread });
      if (!found.ok) {
        return found;
      }
      const us = await identity().catch(() => undefined);
      return ok(
        found.value.flatMap(({ ts, user, bot_id, metadata }): readonly OwnMessage[] => {
          const mark = metadata?.event_type === cardEvent ? metadata.event_payload : undefined;
          const ours = us === undefined || user === us.user || (bot_id ?? '') === us.bot;
          return mark !== undefined && ours ? [{ channel, ts, ...mark }] : [];
        }),
      );
    },

    publishHome: async (user, blocks) =>
      done(
        await ask(
          Anything,
          { method: 'views.publish' },
          { user_id: user, view: { type: 'home', blocks } },
        ),
      ),

    directChannel: async (user) => {
      const opened = await ask(
        z.object({ channel: z.object({ id: z.string() }) }),
        { method: 'conversations.open' },
        { users: user },
      );
      return opened.ok ? ok(opened.value.channel.id) : opened;
    },

    person: async ({ team, user }) => {
      const found = await ask(UserInfo, { method: 'users.info' }, { user });
      if (!found.ok) {
        return found;
      }
      const { user: info } = found.value;
      return ok({
        team: info.team_id ?? team,
        user: info.id,
        name: info.profile?.display_name || info.real_name || info.name || info.id,
        kind: kindOf(info, (await identity().catch(() => undefined))?.team ?? team),
        timeZone: info.tz,
      });
    },

    groupMembers: async (group) => {
      const found = await ask(
        z.object({ users: z.array(z.string()) }),
        { method: 'usergroups.users.list' },
        { usergroup: group },
      );
      return found.ok ? ok(found.value.users) : found;
    },

    openView: (trigger_id, view) => askView({ method: 'views.open' }, { trigger_id, view }),

    updateView: (view_id, view) => askView({ method: 'views.update' }, { view_id, view }),

    permalink: async (channel, ts) => {
      const found = await ask(
        z.object({ permalink: z.string() }),
        { method: 'chat.getPermalink', channel, ts },
        { channel, message_ts: ts },
      );
      return found.ok ? ok(found.value.permalink) : found;
    },
  };
};
