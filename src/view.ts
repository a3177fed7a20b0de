/**
 * What to show, free of any platform. One renderer makes Block Kit of it, one makes terminal text.
 * Every string in a view is plain text: a renderer escapes it, so foreign text can neither format,
 * link nor mention.
 */
export interface View {
  /** The whole story as one plain sentence: notification, screen reader, fallback. */
  readonly summary: string;
  readonly parts: readonly Part[];
}

/** A run of text; a bare string is plain. */
export type Span =
  | string
  | { readonly kind: 'bold'; readonly text: string }
  | { readonly kind: 'italic'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  /** `at` in ms since the epoch; shown in the reader's own time zone. */
  | {
      readonly kind: 'time';
      readonly at: number;
      readonly precision: 'seconds' | 'minutes' | 'date';
    }
  /** A person of the workspace; shown by name, without a notification unless `notify`. */
  | {
      readonly kind: 'person';
      readonly user: string;
      readonly name: string;
      readonly notify: boolean;
    };

export type Line = readonly Span[];

/** What a heading is about: the one coloured dot of the card. */
export type Tone =
  | 'failing'
  | 'warning'
  | 'recovered'
  | 'running'
  | 'succeeded'
  | 'suspended'
  | 'deleted'
  | 'refused'
  | 'approval'
  | 'neutral';

export interface Step {
  readonly state: 'done' | 'running' | 'pending' | 'failed' | 'skipped';
  readonly line: Line;
  /** What the step waits for, or why it failed; shown under it. */
  readonly detail?: Line | undefined;
  readonly tookMs?: number | undefined;
}

/** A button is an invocation: the command and its arguments, never authority. */
export interface Button {
  readonly label: string;
  readonly command: string;
  readonly input: Readonly<Record<string, string | boolean | number>>;
  readonly style?: 'primary' | 'danger' | undefined;
  /**
   * Where the answer of a read goes: in the place of the answer that carries the button, or in the channel
   * for all. Left out: to the one who clicked, as a message of its own.
   */
  readonly answer?: 'in-place' | 'in-channel' | undefined;
}

export type Part =
  | { readonly kind: 'heading'; readonly tone: Tone; readonly line: Line }
  | { readonly kind: 'text'; readonly line: Line }
  /** Foreign text, preformatted; cut to a few lines by the renderer, unless `whole` is wanted. */
  | { readonly kind: 'quote'; readonly text: string; readonly whole?: boolean | undefined }
  | {
      readonly kind: 'fields';
      readonly fields: readonly { readonly label: string; readonly line: Line }[];
    }
  | { readonly kind: 'list'; readonly items: readonly Line[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Line[])[];
    }
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'buttons'; readonly buttons: readonly Button[] }
  /** Small print: ids, freshness, who acknowledged. */
  | { readonly kind: 'small'; readonly line: Line };
