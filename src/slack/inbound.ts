import { z } from 'zod';
import { readButtonValue } from '#src/slack/button.ts';
import { readForm } from '#src/slack/form-answer.ts';
import type {
  IncomingClick,
  IncomingCommand,
  IncomingHome,
  IncomingMention,
  IncomingNarrow,
  IncomingShortcut,
  IncomingSubmit,
} from '#src/slack/incoming.ts';

const CommandBody = z.object({
  command: z.string(),
  text: z.string().default(''),
  team_id: z.string(),
  user_id: z.string(),
  channel_id: z.string(),
  response_url: z.string(),
  trigger_id: z.string(),
});

/** A slash command; undefined where the payload is none. */
export const readCommand = (body: unknown): IncomingCommand | undefined => {
  const parsed = CommandBody.safeParse(body);
  if (!parsed.success) {
    return undefined;
  }
  const { data } = parsed;
  return {
    kind: 'command',
    delivery: data.trigger_id,
    workspace: data.team_id,
    team: data.team_id,
    user: data.user_id,
    channel: data.channel_id,
    command: data.command,
    text: plainText(data.text),
    responseUrl: data.response_url,
    triggerId: data.trigger_id,
  };
};

const MentionBody = z.object({
  event_id: z.string().optional(),
  team_id: z.string(),
  event: z.object({
    type: z.literal('app_mention'),
    user: z.string(),
    team: z.string().optional(),
    user_team: z.string().optional(),
    bot_id: z.string().optional(),
    channel: z.string(),
    text: z.string(),
    ts: z.string(),
    thread_ts: z.string().optional(),
  }),
});

/** A mention of the bot by a person; undefined where it is none, or another bot's. */
export const readMention = (body: unknown): IncomingMention | undefined => {
  const parsed = MentionBody.safeParse(body);
  if (!parsed.success || parsed.data.event.bot_id !== undefined) {
    return undefined;
  }
  const { event, team_id, event_id } = parsed.data;
  return {
    kind: 'mention',
    delivery: event_id ?? `${event.channel}-${event.ts}`,
    workspace: team_id,
    team: event.user_team ?? event.team ?? team_id,
    user: event.user,
    channel: event.channel,
    text: plainText(event.text.replace(/^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>/, '')).trim(),
    thread: event.thread_ts,
    ts: event.ts,
  };
};

const HomeBody = z.object({
  event_id: z.string().optional(),
  team_id: z.string(),
  event: z.object({
    type: z.literal('app_home_opened'),
    user: z.string(),
    user_team: z.string().optional(),
    channel: z.string().default(''),
    tab: z.literal('home'),
    event_ts: z.string(),
  }),
});

/** The Home tab that somebody opened; undefined where it is another tab. */
export const readHomeOpened = (body: unknown): IncomingHome | undefined => {
  const parsed = HomeBody.safeParse(body);
  if (!parsed.success) {
    return undefined;
  }
  const { event, team_id, event_id } = parsed.data;
  return {
    kind: 'home',
    delivery: event_id ?? `home-${event.user}-${event.event_ts}`,
    workspace: team_id,
    team: event.user_team ?? team_id,
    user: event.user,
    channel: event.channel,
  };
};

const ClickBody = z.object({
  type: z.literal('block_actions'),
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string(), team_id: z.string().optional() }),
  channel: z.object({ id: z.string() }).optional(),
  container: z
    .object({
      channel_id: z.string().optional(),
      message_ts: z.string().optional(),
      thread_ts: z.string().optional(),
      is_ephemeral: z.boolean().optional(),
    })
    .optional(),
  message: z
    .object({ ts: z.string(), thread_ts: z.string().optional(), subtype: z.string().optional() })
    .optional(),
  view: z.object({ type: z.string() }).optional(),
  response_url: z.string().optional(),
  trigger_id: z.string(),
  actions: z.array(z.object({ type: z.string(), value: z.string().optional() })).min(1),
});

/** Whether a button stands in the Home tab; a stand-in of Slack only leaves out channel and message. */
const isHome = ({ view, channel, message, container }: z.infer<typeof ClickBody>): boolean =>
  view?.type === 'home' ||
  (view === undefined &&
    (channel?.id ?? container?.channel_id ?? '') === '' &&
    (message?.ts ?? container?.message_ts) === undefined);

/** The thread that a message stands in; its root, which may bear the mark of a thread too, stands in none. */
const threadOf = ({ message, container }: z.infer<typeof ClickBody>): string | undefined => {
  const thread = message?.thread_ts ?? container?.thread_ts;
  return thread === (message?.ts ?? container?.message_ts) ? undefined : thread;
};

/** A click on one of our buttons; undefined where it is something else. */
export const readClick = (body: unknown): IncomingClick | undefined => {
  const parsed = ClickBody.safeParse(body);
  const value = parsed.data?.actions[0]?.value;
  const request = value === undefined ? undefined : readButtonValue(value);
  if (!parsed.success || request === undefined) {
    return undefined;
  }
  const { data } = parsed;
  return {
    kind: 'click',
    delivery: data.trigger_id,
    workspace: data.team.id,
    team: data.user.team_id ?? data.team.id,
    user: data.user.id,
    channel: data.channel?.id ?? data.container?.channel_id ?? '',
    request,
    message: data.message?.ts ?? data.container?.message_ts,
    thread: threadOf(data),
    // Slack marks the container, its stand-ins the message
    ephemeral: data.container?.is_ephemeral === true || data.message?.subtype === 'ephemeral',
    home: isHome(data),
    responseUrl: data.response_url,
    triggerId: data.trigger_id,
  };
};

const ShortcutBody = z.object({
  type: z.literal('message_action'),
  callback_id: z.string(),
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string(), team_id: z.string().optional() }),
  channel: z.object({ id: z.string() }),
  message_ts: z.string(),
  message: z.object({ thread_ts: z.string().optional() }).optional(),
  response_url: z.string(),
  trigger_id: z.string(),
});

/** A message shortcut, with where the message stands and nothing of what it says. */
export const readShortcut = (body: unknown): IncomingShortcut | undefined => {
  const parsed = ShortcutBody.safeParse(body);
  if (!parsed.success) {
    return undefined;
  }
  const { data } = parsed;
  const root = data.message?.thread_ts ?? data.message_ts;
  return {
    kind: 'shortcut',
    delivery: data.trigger_id,
    workspace: data.team.id,
    team: data.user.team_id ?? data.team.id,
    user: data.user.id,
    channel: data.channel.id,
    callbackId: data.callback_id,
    root,
    thread: root === data.message_ts ? undefined : root,
    responseUrl: data.response_url,
    triggerId: data.trigger_id,
  };
};

const ViewBody = z.object({
  type: z.enum(['view_submission', 'block_actions']),
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string(), team_id: z.string().optional() }),
  trigger_id: z.string(),
  view: z.object({ id: z.string() }).loose(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().nullish() })).default([]),
});

/** A form that was sent off, or one whose candidates are to be narrowed; undefined where it is neither. */
export const readFormDeed = (body: unknown): IncomingSubmit | IncomingNarrow | undefined => {
  const parsed = ViewBody.safeParse(body);
  const form = readForm(parsed.data?.view);
  if (!parsed.success || form === undefined) {
    return undefined;
  }
  const { data } = parsed;
  const [action] = data.actions;
  const typed = action === undefined ? {} : { [action.action_id]: action.value?.trim() ?? '' };
  return {
    kind: data.type === 'view_submission' ? 'submit' : 'narrow',
    delivery: data.trigger_id,
    workspace: data.team.id,
    team: data.user.team_id ?? data.team.id,
    user: data.user.id,
    channel: form.place.channel,
    form: { ...form, input: { ...form.input, ...typed } },
    viewId: data.view.id,
  };
};

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/** What a person typed, without what Slack made of it: links are their label, entities are characters. */
const plainText = (text: string): string =>
  text
    .replace(/<([^<>|]*)(?:\|([^<>]*))?>/g, (_, target: string, label?: string) =>
      label === undefined || label === '' ? target : label,
    )
    .replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? entity);
