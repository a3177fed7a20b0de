import type { Clock } from '#src/clock.ts';
import { type Actor, actorName } from '#src/command/actor.ts';
import { objectCandidates } from '#src/command/candidates.ts';
import type { AnyCommand, CommandDoc, Context } from '#src/command/define.ts';
import { formOf } from '#src/command/form.ts';
import type { Asked } from '#src/command/read-request.ts';
import { incompleteOf, wishOf } from '#src/command/wish.ts';
import { explain, type Failure } from '#src/failure.ts';
import type { FormInput } from '#src/form.ts';
import type { Log } from '#src/log.ts';
import type { Result } from '#src/result.ts';
import { type FilledForm, fieldError } from '#src/slack/form-answer.ts';
import { formView, noticeView } from '#src/slack/form-blocks.ts';
import type { FormPlace } from '#src/slack/form-place.ts';
import type { IncomingNarrow } from '#src/slack/incoming.ts';
import type { SlackView, SlackViews, SubmitAnswer } from '#src/slack/slack.ts';

export interface FormsOptions {
  readonly commands: readonly AnyCommand[];
  readonly contextOf: (actor: Actor, channel: string) => Context;
  readonly slack: SlackViews;
  readonly clock: Clock;
  readonly log: Log;
}

/** A deed that a modal can be opened for. */
export interface Triggered {
  readonly asked: Asked;
  readonly triggerId: string;
  readonly place: FormPlace;
  /** ms; when we heard of it. */
  readonly arrivedAt: number;
}

/** Whether a modal has answered a person; `refused` where it said which right is missing. */
export type Offered = 'unanswered' | 'answered' | 'refused';

export interface Forms {
  /**
   * Opens a form where a request leaves out what must be said, or can mean several things. What the words
   * alone show is opened at once, before anybody is asked who the person is, and filled then.
   */
  offer(deed: Triggered, identifying: Promise<Result<Actor, Failure>>): Promise<Offered>;
  /** Lists the candidates that have what the person typed. */
  narrow(incoming: IncomingNarrow, actor: Actor): Promise<void>;
  /** A form that was filled in and cannot be carried out: what its modal shows then. */
  refuse(form: FilledForm, failure: Failure, actor: Actor | undefined): SubmitAnswer;
  /** The same form again, with words on top. */
  again(form: FilledForm, actor: Actor, note: string): SlackView | undefined;
}

/** How old a deed may be when its modal is opened; Slack takes it for three seconds. */
const openWithinMs = 1_500;

const sayWhy = (failure: Failure): string => {
  const { what, next } = explain(failure);
  return `${what} ${next}`;
};

/** The argument that a failure is about; undefined where it is about none. */
const argumentOf = (failure: Failure, doc: CommandDoc): string | undefined => {
  const naming = (candidates: 'objects' | 'clusters') =>
    doc.arguments.find((argument) => argument.candidates === candidates)?.name;
  switch (failure.code) {
    case 'unknown-cluster':
    case 'forbidden':
    case 'cluster-unreachable':
      return naming('clusters');
    case 'ambiguous':
      return failure.candidates.some((candidate) => candidate.includes(' '))
        ? naming('clusters')
        : naming('objects');
    default:
      return naming('objects');
  }
};

/** Opens, narrows and refuses forms. */
export const createForms = ({ commands, contextOf, slack, clock, log }: FormsOptions): Forms => {
  const docOf = (name: string): CommandDoc | undefined =>
    commands.find(({ doc }) => doc.name === name)?.doc;

  const show = async (
    opening: ReturnType<SlackViews['openView']>,
    view: SlackView,
    said: Offered = 'answered',
  ): Promise<Offered> => {
    const opened = await opening;
    const shown = opened.ok ? await slack.updateView(opened.value.id, view) : opened;
    if (!shown.ok) {
      log.warn({ failure: shown.failure }, 'a form could not be shown');
    }
    return shown.ok ? said : 'unanswered';
  };

  const openIncomplete = async (
    deed: Triggered,
    { doc, input }: { readonly doc: CommandDoc; readonly input: FormInput },
    identifying: Promise<Result<Actor, Failure>>,
  ): Promise<Offered> => {
    const opening = slack.openView(deed.triggerId, noticeView(doc.name, ['One moment …']));
    const actor = await identifying;
    if (!actor.ok) {
      return show(opening, noticeView(doc.name, [sayWhy(actor.failure)]));
    }
    const context = contextOf(actor.value, deed.place.channel);
    if (!context.mayEver(doc.permission)) {
      const failure: Failure = {
        code: 'not-allowed',
        permission: doc.permission ?? '',
        target: `${doc.permission} anywhere`,
        who: actorName(actor.value),
      };
      return show(opening, noticeView(doc.name, [sayWhy(failure)]), 'refused');
    }
    return show(opening, formView(formOf(doc, input, context), deed.place));
  };

  const openAmbiguous = async (
    deed: Triggered,
    identifying: Promise<Result<Actor, Failure>>,
  ): Promise<Offered> => {
    const actor = await identifying;
    if (!actor.ok || clock.now() - deed.arrivedAt > openWithinMs) {
      return 'unanswered';
    }
    const context = contextOf(actor.value, deed.place.channel);
    const wish = wishOf(deed.asked, commands, context);
    if (wish === undefined) {
      return 'unanswered';
    }
    const form = formOf(wish.command.doc, wish.input, context, wish.note);
    const opened = await slack.openView(deed.triggerId, formView(form, deed.place));
    if (!opened.ok) {
      log.warn({ failure: opened.failure }, 'a form could not be opened');
    }
    return opened.ok ? 'answered' : 'unanswered';
  };

  const again: Forms['again'] = (form, actor, note) => {
    const doc = docOf(form.command);
    return doc === undefined
      ? undefined
      : formView(formOf(doc, form.input, contextOf(actor, form.place.channel), note), form.place);
  };

  /** Whether there is a list of what a name can mean: of objects that are called so, or partly so. */
  const canList = (failure: Failure, doc: CommandDoc, form: FilledForm, actor: Actor): boolean => {
    if (failure.code === 'ambiguous') {
      return failure.candidates.every((candidate) => !candidate.includes(' '));
    }
    return (
      failure.code === 'no-such-object' &&
      objectCandidates(doc, contextOf(actor, form.place.channel)).some(({ value }) =>
        value.includes(failure.name.toLowerCase()),
      )
    );
  };

  return {
    offer: (deed, identifying) => {
      const incomplete = incompleteOf(deed.asked, commands);
      return incomplete === undefined
        ? openAmbiguous(deed, identifying)
        : openIncomplete(
            deed,
            { doc: incomplete.command.doc, input: incomplete.input },
            identifying,
          );
    },

    narrow: async ({ form, viewId }, actor) => {
      const doc = docOf(form.command);
      if (doc === undefined) {
        return;
      }
      const narrowed = formOf(doc, form.input, contextOf(actor, form.place.channel));
      const shown = await slack.updateView(viewId, formView(narrowed, form.place));
      if (!shown.ok) {
        log.warn({ failure: shown.failure }, 'a form could not be narrowed');
      }
    },

    refuse: (form, failure, actor) => {
      const doc = docOf(form.command);
      const argument = doc === undefined ? undefined : argumentOf(failure, doc);
      const view =
        doc !== undefined && actor !== undefined && canList(failure, doc, form, actor)
          ? again(form, actor, `${explain(failure).what} Choose one.`)
          : undefined;
      if (view !== undefined) {
        return { kind: 'show', view };
      }
      const [first] = Object.values(form.blocks);
      const block = form.blocks[argument ?? ''] ?? first;
      const why = sayWhy(failure);
      return block === undefined
        ? { kind: 'show', view: noticeView(form.command, [why]) }
        : { kind: 'errors', errors: { [block]: fieldError(why) } };
    },

    again,
  };
};

/** What the schema of a command refuses of a filled form, by the block that shows it. */
export const problemsOf = (
  form: FilledForm,
  command: AnyCommand,
): Readonly<Record<string, string>> => {
  const [first = ''] = Object.values(form.blocks);
  return Object.fromEntries(
    Object.entries(command.problems(form.input)).map(([argument, problem]) => [
      form.blocks[argument] ?? first,
      fieldError(problem),
    ]),
  );
};
