import type { ButtonRequest } from '#src/slack/button.ts';
import type { FilledForm } from '#src/slack/form-answer.ts';
import type { SubmitAnswer } from '#src/slack/slack.ts';

/** What a person did in Slack, from a payload whose signature was verified. */
export type Incoming = Asking | IncomingHome | IncomingShortcut;
/** What asks for a command. */
export type Asking = IncomingCommand | IncomingMention | IncomingClick;

interface IncomingCommon {
  /** The same for each delivery of one deed: Slack repeats what was not acknowledged in time. */
  readonly delivery: string;
  /** The workspace that the app is installed in. */
  readonly workspace: string;
  /** The person's own workspace; another one in a shared channel. */
  readonly team: string;
  readonly user: string;
  readonly channel: string;
}

export interface IncomingCommand extends IncomingCommon {
  readonly kind: 'command';
  /** With its slash, as it is installed. */
  readonly command: string;
  readonly text: string;
  readonly responseUrl: string;
  readonly triggerId: string;
}

export interface IncomingMention extends IncomingCommon {
  readonly kind: 'mention';
  /** What stands after the mention. */
  readonly text: string;
  /** ts of the root message, where the mention stands in a thread. */
  readonly thread: string | undefined;
  readonly ts: string;
}

export interface IncomingClick extends IncomingCommon {
  readonly kind: 'click';
  readonly request: ButtonRequest;
  /** The message that carries the button, and its root. */
  readonly message: string | undefined;
  readonly thread: string | undefined;
  /** The message is seen by this person alone. */
  readonly ephemeral: boolean;
  /** The button stands in the Home tab, where there is no channel to answer in. */
  readonly home: boolean;
  readonly responseUrl: string | undefined;
  readonly triggerId: string;
}

export interface IncomingHome extends IncomingCommon {
  /** The Home tab of the app was opened. */
  readonly kind: 'home';
}

export interface IncomingShortcut extends IncomingCommon {
  /** An entry of ours in the menu of a message. */
  readonly kind: 'shortcut';
  readonly callbackId: string;
  /** `ts` of the message, or of the root of the thread that it stands in. */
  readonly root: string;
  readonly thread: string | undefined;
  readonly responseUrl: string;
  readonly triggerId: string;
}

/** A form of ours, sent off. */
export interface IncomingSubmit extends IncomingCommon {
  readonly kind: 'submit';
  readonly form: FilledForm;
  readonly viewId: string;
}

/** Takes a form that was sent off; calls `reply` once, within three seconds. */
export type TakeSubmit = (
  incoming: IncomingSubmit,
  reply: (answer: SubmitAnswer) => Promise<void>,
) => Promise<void>;

/** What the candidates of an open form are to be narrowed by. */
export interface IncomingNarrow extends IncomingCommon {
  readonly kind: 'narrow';
  readonly form: FilledForm;
  readonly viewId: string;
}

/** What takes the deeds of forms. */
export interface IncomingForms {
  readonly submit: TakeSubmit;
  readonly narrow: (incoming: IncomingNarrow) => Promise<void>;
}
