import { z } from 'zod';
import type { AccessRight, Cluster } from '#src/cluster/cluster.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Grant, Target } from '#src/command/policy.ts';
import { type ArgumentShape, flagName, nearest } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import type { Incident } from '#src/incident/incident.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Json } from '#src/store/store.ts';
import type { Line, View } from '#src/view.ts';

/**
 * What a command may see of the world while it plans and runs. Reading goes through ports; nothing here
 * can act except a cluster's own verbs, which only a step calls.
 */
export interface Context {
  readonly now: number;
  readonly actor: Actor;
  /** Those that something is granted on, in the configured order, which is the order of acting. */
  readonly clusters: readonly Cluster[];
  /**
   * Those that nothing is granted on as well: for a word that names one, so that the refusal can name the
   * right. Nothing of it is ever offered or shown.
   */
  readonly configured: readonly Cluster[];
  /** Cluster that a word-less request of this place means. */
  readonly defaultCluster: string | undefined;
  /** `/flux`, or as the installation calls it. */
  readonly root: string;
  /** Whether the actor may use a permission on a target. */
  readonly may: (permission: string, target: Target) => boolean;
  /** Open incidents as the store has them. */
  readonly incidents: () => Promise<readonly Incident[]>;
  readonly commands: readonly CommandDoc[];
  /** Everything that the actor may do. */
  readonly grants: readonly Grant[];
  /** Whether the actor may use a permission anywhere at all. */
  readonly mayEver: (permission: string | undefined) => boolean;
}

/** A right on the Kubernetes API that a command needs of the bot; roles in deploy/ are made of these. */
export type Needs = Pick<AccessRight, 'verb' | 'group' | 'resource'>;

export type Approval = { readonly kind: 'none' };

export type StepState = 'pending' | 'running' | 'done' | 'failed' | 'skipped';

/** One step as the journal has it. */
export interface StepRecord {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly detail?: Line | undefined;
  /** What the step found, for later steps and for the view. */
  readonly data?: Json | undefined;
}

export type StepOutcome =
  | { readonly kind: 'done'; readonly detail?: Line; readonly data?: Json }
  /** Look again after this time (ms). */
  | {
      readonly kind: 'wait';
      readonly afterMs: number;
      readonly detail?: Line;
      readonly data?: Json;
    }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly data?: Json;
    };

export interface StepContext extends Context {
  /** Ours alone: set before the first step, the same in every attempt. */
  readonly token: string;
  readonly records: readonly StepRecord[];
  readonly startedAt: number;
  /** Still the one that works on this journal; asked right before an effect. */
  readonly stillMine: () => Promise<boolean>;
}

/** An object that nobody else may work on meanwhile. */
export interface HeldObject {
  readonly cluster: string;
  readonly object: string;
}

/** One step of a command that acts. A worker that takes over asks `done` first, so no effect comes twice. */
export interface CommandStep {
  readonly name: string;
  readonly title: string;
  /**
   * Held by this step besides the command's own targets: from its begin to the end of the last step in
   * succession that names it. Whoever comes second waits for its turn.
   */
  readonly holds?: readonly HeldObject[];
  /** It has no effect, so nobody has to be asked who the asker is by now. */
  readonly onlyLooks?: true;
  done(context: StepContext): Promise<Result<boolean, Failure>>;
  act(context: StepContext): Promise<StepOutcome>;
}

export interface Progress {
  readonly id: string;
  readonly status: 'running' | 'succeeded' | 'failed';
  readonly records: readonly StepRecord[];
  readonly askedBy: Actor;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly failure?: string | undefined;
  readonly advice?: string | undefined;
  readonly now: number;
}

export interface Command<Args extends z.ZodObject, Plan extends z.ZodType> {
  /** `reconcile` → `/flux reconcile`. */
  readonly name: string;
  readonly summary: string;
  /** A read answers at once to the one who asked; an act is journalled and shown in the channel. */
  readonly kind: 'read' | 'act';
  readonly args: Args;
  readonly positional: readonly (keyof z.input<Args> & string)[];
  /** Each one is parsed by a test. */
  readonly examples: readonly string[];
  /** Undefined: every full member may, as it shows nothing but what is the person's own. */
  readonly permission: string | undefined;
  readonly needs: readonly Needs[];
  /** What it is about; permission is asked for each, and an act locks each that names an object. */
  targets(args: z.output<Args>, context: Context): Result<readonly Target[], Failure>;
  readonly plan: {
    /** Plain data: hashed, stored, and read back by whoever runs it. */
    readonly schema: Plan;
    make(args: z.output<Args>, context: Context): Promise<Result<z.output<Plan>, Failure>>;
  };
  approval?(plan: z.output<Plan>): Approval;
  /**
   * All that the steps act on, where that is more than the targets. Permission is asked for each, when the
   * plan is made and again by whoever carries it out.
   */
  acts?(plan: z.output<Plan>): readonly Target[];
  /** None for a read. */
  steps?(plan: z.output<Plan>): readonly CommandStep[];
  view(
    plan: z.output<Plan>,
    progress: Progress | undefined,
    context: Pick<Context, 'now' | 'root' | 'actor'>,
  ): View;
}

/** What is known of a command without knowing its types: for help, docs, manifest, completion. */
export interface CommandDoc {
  readonly name: string;
  readonly summary: string;
  readonly kind: 'read' | 'act';
  readonly permission: string | undefined;
  readonly needs: readonly Needs[];
  readonly positional: readonly string[];
  readonly arguments: readonly ArgumentDoc[];
  readonly examples: readonly string[];
  readonly usage: string;
}

export interface ArgumentDoc extends ArgumentShape {
  readonly description: string;
  readonly required: boolean;
  readonly choices: readonly string[];
  /** What is taken where it is left out. */
  readonly initial?: string | boolean | number | undefined;
  /** Names things that a form can offer. */
  readonly candidates?: 'objects' | 'clusters' | undefined;
}

/** Arguments that the command's schema accepted; what is behind it keeps its types to itself. */
export interface Prepared {
  readonly input: Json;
  targets(context: Context): Result<readonly Target[], Failure>;
  plan(context: Context): Promise<Result<Planned, Failure>>;
}

export interface Planned {
  /** Canonical JSON of the plan. */
  readonly plan: Json;
  approval(): Approval;
  /** Undefined: its targets and nothing else. */
  acts(): readonly Target[] | undefined;
  steps(): readonly CommandStep[];
  view(progress: Progress | undefined, context: Pick<Context, 'now' | 'root' | 'actor'>): View;
}

/** A command as a list can hold it. */
export interface AnyCommand {
  readonly doc: CommandDoc;
  prepare(input: unknown): Result<Prepared, readonly string[]>;
  /** What the schema refuses, by argument; empty where it accepts. */
  problems(input: unknown): Readonly<Record<string, string>>;
  /** A plan that was stored, taken up again. */
  recall(plan: unknown): Result<Planned, string>;
  /** JSON schema of the plan: what a program reads of a command. */
  planSchema(): unknown;
}

const JsonSchema = z.object({
  properties: z
    .record(
      z.string(),
      z.object({
        type: z.string().optional(),
        description: z.string().optional(),
        enum: z.array(z.string()).optional(),
        default: z.union([z.string(), z.boolean(), z.number()]).optional().catch(undefined),
        candidates: z.enum(['objects', 'clusters']).optional(),
        words: z.array(z.string()).optional(),
      }),
    )
    .default({}),
  required: z.array(z.string()).default([]),
});

const describeArguments = (schema: z.ZodObject): readonly ArgumentDoc[] => {
  const { properties, required } = JsonSchema.parse(z.toJSONSchema(schema, { io: 'input' }));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type:
      property.type === 'boolean'
        ? ('boolean' as const)
        : property.type === 'number' || property.type === 'integer'
          ? ('number' as const)
          : ('string' as const),
    description: property.description ?? '',
    required: required.includes(name),
    choices: property.enum ?? [],
    ...(property.default === undefined ? {} : { initial: property.default }),
    ...(property.candidates === undefined ? {} : { candidates: property.candidates }),
    ...(property.words === undefined ? {} : { words: property.words }),
  }));
};

/** `get [filter] [cluster] [--page <number>]`. */
export const usageOf = (
  name: string,
  positional: readonly string[],
  documents: readonly ArgumentDoc[],
): string => {
  const words = positional.map((argument) => {
    const required = documents.find((document) => document.name === argument)?.required ?? false;
    return required ? `<${argument}>` : `[${argument}]`;
  });
  const flags = documents
    .filter((document) => !positional.includes(document.name))
    .map((document) => {
      const flag = `--${flagName(document.name)}`;
      const value = document.choices.length > 0 ? document.choices.join('|') : `<${document.type}>`;
      const written = document.type === 'boolean' ? flag : `${flag} ${value}`;
      return document.required ? written : `[${written}]`;
    });
  return [name, ...words, ...flags].join(' ');
};

const sayIssue = (issue: z.core.$ZodIssue): string => {
  const where = issue.path.map(String).map(flagName).join('.');
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return `${where} is missing.`;
  }
  if (issue.code === 'unrecognized_keys') {
    return `There is no argument ${issue.keys.map(flagName).join(', ')}.`;
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const choices = issue.values.map(String);
    const close = nearest(issue.input, choices);
    return `${where}: "${issue.input}" is none of ${choices.join(', ')}.${close === undefined ? '' : ` Did you mean ${close}?`}`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'number') {
    return `${where}: "${String(issue.input)}" is not a number.`;
  }
  if (issue.code === 'too_small' && issue.origin === 'string') {
    return `${where} is empty.`;
  }
  if (issue.code === 'too_small') {
    return `${where} must be ${issue.minimum} or more.`;
  }
  return `${where}: ${issue.message}.`;
};

/** Makes a command of its definition; everything about it is derived from this one value. */
export const defineCommand = <Args extends z.ZodObject, Plan extends z.ZodType>(
  command: Command<Args, Plan>,
): AnyCommand => {
  const documents = describeArguments(command.args);
  const planned = (plan: z.output<Plan>): Planned => ({
    plan: plan as Json,
    approval: () => command.approval?.(plan) ?? { kind: 'none' },
    acts: () => command.acts?.(plan),
    steps: () => command.steps?.(plan) ?? [],
    view: (progress, context) => command.view(plan, progress, context),
  });
  return {
    doc: {
      name: command.name,
      summary: command.summary,
      kind: command.kind,
      permission: command.permission,
      needs: command.needs,
      positional: command.positional,
      arguments: documents,
      examples: command.examples,
      usage: usageOf(command.name, command.positional, documents),
    },
    prepare: (input) => {
      const parsed = command.args.strict().safeParse(input, { reportInput: true });
      if (!parsed.success) {
        return fail(parsed.error.issues.map(sayIssue));
      }
      const args = parsed.data as z.output<Args>;
      return ok({
        input: parsed.data as Json,
        targets: (context) => command.targets(args, context),
        plan: async (context) => {
          const made = await command.plan.make(args, context);
          return made.ok ? ok(planned(made.value)) : made;
        },
      });
    },
    problems: (input) => {
      const parsed = command.args.strict().safeParse(input, { reportInput: true });
      const issues = parsed.success ? [] : parsed.error.issues;
      return Object.fromEntries(
        issues.map((issue) => [String(issue.path[0] ?? ''), sayIssue(issue)]),
      );
    },
    recall: (plan) => {
      const parsed = command.plan.schema.safeParse(plan);
      return parsed.success ? ok(planned(parsed.data)) : fail(z.prettifyError(parsed.error));
    },
    planSchema: () => z.toJSONSchema(command.plan.schema, { unrepresentable: 'any' }),
  };
};
