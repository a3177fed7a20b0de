import type { Stage } from '#test/demo/stage.ts';

/** Where a trouble can be seen. */
export type Shown =
  /** a message of the bot in a channel */
  | { readonly kind: 'card'; readonly channel: string; readonly says: RegExp }
  /** a component that `/readyz` says is not well */
  | { readonly kind: 'health'; readonly component: string }
  /** the answer to a command typed in a channel */
  | {
      readonly kind: 'answer';
      readonly channel: string;
      readonly typed: string;
      readonly says: RegExp;
    }
  /** a line of `/metrics` */
  | { readonly kind: 'metric'; readonly line: RegExp };

/** What a trouble needs to be undone; kept over a restart. */
export type Undo = Readonly<Record<string, string>>;

/** Something that can be made to go wrong, really, and put right again. */
export interface Trouble {
  readonly name: string;
  /** What happens, in a line. */
  readonly what: string;
  /** Where to look, in a line. */
  readonly look: string;
  readonly shown: readonly Shown[];
  /** What the bot says when it is over, where that is a message. */
  readonly over?: { readonly channel: string; readonly says: RegExp };
  start(stage: Stage): Promise<Undo>;
  /** Makes it so again after a restart, where nothing that is kept does. */
  again?(stage: Stage): Promise<void>;
  end(stage: Stage, undo: Undo): Promise<void>;
}
