import { z } from 'zod';
import type { Progress } from '#src/command/define.ts';
import { type Exit, exitOf } from '#src/entry/cli/exits.ts';
import type { OwnOptions } from '#src/entry/cli/options.ts';
import type { Screen } from '#src/entry/cli/screen.ts';
import { explain, type Failure } from '#src/failure.ts';
import { plainLine } from '#src/text/plain.ts';
import type { View } from '#src/view.ts';

/** One request of a person at a terminal. */
export interface Call {
  readonly input: Readonly<Record<string, string | boolean | number>>;
  /** The words as they were typed, without the options of the program. */
  readonly words: readonly string[];
  readonly options: OwnOptions;
  readonly out: Screen;
  readonly err: Screen;
}

/** What became of a request: for a person `shown`, for a program `result`. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly exit: Exit;
      readonly result: unknown;
      readonly shown: View | string;
      /** Of a command that acts. */
      readonly progress?: Progress | undefined;
      /** What hinders, without being the answer. */
      readonly remarks?: readonly string[];
    }
  | {
      readonly kind: 'failed';
      readonly exit: Exit;
      readonly code: string;
      readonly what: string;
      readonly next: string;
    }
  /** It has printed all there is itself. */
  | { readonly kind: 'ended'; readonly exitCode: number };

export const failedBy = (failure: Failure): Outcome => ({
  kind: 'failed',
  exit: exitOf(failure),
  code: failure.code,
  ...explain(failure),
});

export const misused = (what: string, next: string): Outcome => ({
  kind: 'failed',
  exit: 'usage',
  code: 'usage',
  what,
  next,
});

/** Grows when a field changes its meaning or goes; new fields may come at any time. */
export const formatVersion = 1;

const Step = z.object({
  name: z.string(),
  state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
  startedAt: z.number().optional().describe('ms since the epoch'),
  endedAt: z.number().optional().describe('ms since the epoch'),
  detail: z.string().optional(),
});

const head = {
  version: z.literal(formatVersion).describe('of this format'),
  command: z.string(),
};

const act = {
  id: z.string().describe('as the bot’s channel and its audit trail name it'),
  status: z.enum(['running', 'succeeded', 'failed']),
  startedAt: z.number().describe('ms since the epoch'),
  endedAt: z.number().optional().describe('ms since the epoch'),
  steps: z.array(Step),
  failure: z.string().optional(),
  advice: z.string().optional(),
};

/** What `--json` prints, around the result that each command has for itself. */
export const AnswerDocument = z.object({ ...head, result: z.unknown() });
export const ActDocument = z.object({ ...head, ...act, result: z.unknown() });
export const FailureDocument = z.object({
  version: head.version,
  command: z.string().optional(),
  failure: z.object({
    code: z.string().describe('kind of failure; the exit code follows from it'),
    what: z.string().describe('what happened'),
    next: z.string().describe('what to do next'),
  }),
});

const stepsOf = (progress: Progress) =>
  progress.records.map(({ name, state, startedAt, endedAt, detail }) => ({
    name,
    state,
    startedAt,
    endedAt,
    ...(detail === undefined ? {} : { detail: plainLine(detail) }),
  }));

/** An answer as a program reads it. */
export const documentOf = (command: string | undefined, outcome: Outcome): unknown => {
  const version = formatVersion;
  switch (outcome.kind) {
    case 'answer': {
      const { progress, result } = outcome;
      if (progress === undefined) {
        return { version, command, result };
      }
      const { id, status, startedAt, endedAt, failure, advice } = progress;
      const steps = stepsOf(progress);
      return { version, command, id, status, startedAt, endedAt, steps, failure, advice, result };
    }
    case 'failed': {
      const { code, what, next } = outcome;
      return { version, command, failure: { code, what, next } };
    }
    case 'ended':
      return undefined;
    default:
      return outcome satisfies never;
  }
};
