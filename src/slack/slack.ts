import type { Result } from '#src/result.ts';

/** The bot's verbs towards Slack, as a port; the adapter on Bolt is `app.ts`. */
export interface Slack {
  post(message: OutgoingMessage): Promise<Result<PostedMessage, SlackFailure>>;
  update(
    message: OutgoingMessage & { readonly ts: string },
  ): Promise<Result<PostedMessage, SlackFailure>>;
  remove(channel: string, ts: string): Promise<Result<void, SlackFailure>>;
  ephemeral(
    message: OutgoingMessage & { readonly user: string },
  ): Promise<Result<void, SlackFailure>>;
  /**
   * Answers a slash command or a click where it was made, also where the bot is not a member. Slack takes
   * five answers within 30 minutes: nothing that matters may rely on it alone.
   */
  respond(answer: Answer): Promise<Result<void, SlackFailure>>;
  /**
   * Our own messages in a channel (or under a thread's root) since `oldest` (ms), found by their metadata; the way to settle a lost reply.
   */
  ownMessages(query: {
    readonly channel: string;
    readonly thread?: string | undefined;
    readonly oldest: number;
  }): Promise<Result<readonly OwnMessage[], SlackFailure>>;
  /** What a person sees in the Home tab of the app. */
  publishHome(user: string, blocks: readonly SlackBlock[]): Promise<Result<void, SlackFailure>>;
  /** The conversation of the bot with one person; the same each time. */
  directChannel(user: string): Promise<Result<string, SlackFailure>>;
  person(user: SlackUser): Promise<Result<SlackPerson, SlackFailure>>;
  /** User ids of a Slack user group. */
  groupMembers(group: string): Promise<Result<readonly string[], SlackFailure>>;
  permalink(channel: string, ts: string): Promise<Result<string, SlackFailure>>;
}

/** The verbs for modals. */
export interface SlackViews {
  /** Opens a modal; the trigger of a deed lives three seconds and is good for one. */
  openView(triggerId: string, view: SlackView): Promise<Result<OpenedView, SlackFailure>>;
  /** Shows something else in an open modal. */
  updateView(viewId: string, view: SlackView): Promise<Result<OpenedView, SlackFailure>>;
}

export interface OutgoingMessage {
  readonly channel: string;
  /** `ts` of the root message. */
  readonly thread?: string | undefined;
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  /** Which card this is, and which attempt at posting it; kept by Slack beside the message. */
  readonly card: CardMark;
}

export interface Answer {
  readonly responseUrl: string;
  /** Who sees it: the one who asked, or the channel. */
  readonly audience: 'asker' | 'channel';
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  /** Put in the place of the message that was clicked. */
  readonly replace?: boolean | undefined;
  /** `ts` of the root of the thread that it belongs to. */
  readonly thread?: string | undefined;
}

export interface CardMark {
  readonly card: string;
  readonly attempt: string;
}

/** One Block Kit block, as JSON. */
export type SlackBlock = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A modal, as JSON. */
export type SlackView = {
  readonly type: 'modal';
  readonly blocks: readonly SlackBlock[];
} & Readonly<Record<string, unknown>>;

export interface OpenedView {
  readonly id: string;
}

/** What becomes of a modal that was submitted: it closes, says what is wrong by block, or shows another. */
export type SubmitAnswer =
  | { readonly kind: 'close' }
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'show'; readonly view: SlackView };

export interface PostedMessage {
  readonly channel: string;
  readonly ts: string;
}

export interface OwnMessage extends PostedMessage {
  readonly card: string;
  readonly attempt: string;
}

export interface SlackUser {
  readonly team: string;
  readonly user: string;
}

export interface SlackPerson extends SlackUser {
  readonly name: string;
  readonly kind: 'member' | 'guest' | 'external' | 'deactivated' | 'bot';
  readonly timeZone?: string | undefined;
}

export type SlackFailure =
  | { readonly code: 'rate-limited'; readonly retryAfterMs: number }
  /** Slack may or may not have done it: the reply was lost or came too late. */
  | { readonly code: 'no-reply'; readonly detail: string }
  /** Slack was not reached, so nothing was done. */
  | { readonly code: 'unreachable'; readonly detail: string }
  | { readonly code: 'not-in-channel'; readonly channel: string }
  | { readonly code: 'channel-gone'; readonly channel: string; readonly error: string }
  | { readonly code: 'message-gone'; readonly channel: string; readonly ts: string }
  | { readonly code: 'token-rejected'; readonly error: string }
  | { readonly code: 'refused'; readonly method: string; readonly error: string };
