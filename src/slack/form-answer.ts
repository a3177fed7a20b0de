import { z } from 'zod';
import type { FormInput, FormValue } from '#src/form.ts';
import { formCallback } from '#src/slack/form-blocks.ts';
import { type FormPlace, readPlace } from '#src/slack/form-place.ts';
import { escapeText } from '#src/slack/mrkdwn.ts';
import { cleanLine, shortenTo } from '#src/text/clean.ts';

/** What a person filled in. */
export interface FilledForm {
  readonly command: string;
  readonly place: FormPlace;
  readonly input: FormInput;
  /** Block that shows the errors of an argument; the first one where there is none. */
  readonly blocks: Readonly<Record<string, string>>;
}

const Submitted = z.object({
  callback_id: z.literal(formCallback),
  private_metadata: z.string(),
  state: z.object({
    values: z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          value: z.string().nullish(),
          selected_option: z.object({ value: z.string() }).nullish(),
          selected_options: z.array(z.object({ value: z.string() })).optional(),
        }),
      ),
    ),
  }),
  blocks: z.array(
    z.object({
      type: z.string(),
      block_id: z.string().optional(),
      element: z
        .object({
          type: z.string(),
          action_id: z.string().optional(),
          options: z.array(z.object({ value: z.string() })).optional(),
        })
        .optional(),
    }),
  ),
});
type Submitted = z.infer<typeof Submitted>;

interface Answered {
  readonly argument: string;
  readonly block: string;
  readonly value: FormValue | undefined;
  readonly isNarrowing: boolean;
}

const answersOf = ({ blocks, state }: Submitted): readonly Answered[] =>
  blocks.flatMap(({ block_id: block = '', element }): readonly Answered[] => {
    const argument = element?.action_id;
    const given = argument === undefined ? undefined : state.values[block]?.[argument];
    if (element === undefined || argument === undefined) {
      return [];
    }
    if (element.type === 'checkboxes') {
      const on = new Set(given?.selected_options?.map(({ value }) => value));
      return (element.options ?? []).map(({ value }) => ({
        argument: value,
        block,
        value: on.has(value),
        isNarrowing: false,
      }));
    }
    const written = given?.selected_option?.value ?? given?.value?.trim();
    return [
      {
        argument,
        block,
        value: written === '' ? undefined : written,
        isNarrowing: block.startsWith('narrow-'),
      },
    ];
  });

/** What was typed counts where nothing was chosen, or where it was typed after the list was made. */
const chosen = (
  listed: FormValue | undefined,
  typed: FormValue | undefined,
  narrowedBy: string | undefined,
): FormValue | undefined => {
  if (typed === undefined || listed === undefined) {
    return listed ?? typed;
  }
  const isNewer = typed !== narrowedBy && !String(listed).includes(String(typed).toLowerCase());
  return isNewer ? typed : listed;
};

/** What a person filled into a form of ours; undefined where the view is none. */
export const readForm = (view: unknown): FilledForm | undefined => {
  const parsed = Submitted.safeParse(view);
  const asked = readPlace(parsed.data?.private_metadata ?? '');
  if (!parsed.success || asked === undefined) {
    return undefined;
  }
  const input: Record<string, FormValue> = {};
  const blocks: Record<string, string> = {};
  for (const { argument, block, value, isNarrowing } of answersOf(parsed.data)) {
    const settled = isNarrowing
      ? chosen(input[argument], value, asked.narrowedBy[argument])
      : value;
    blocks[argument] ??= block;
    if (settled !== undefined) {
      input[argument] = settled;
    }
  }
  return { command: asked.command, place: asked.place, input, blocks };
};

/** Written as Slack shows it under a field: plain, one line. */
export const fieldError = (what: string): string => shortenTo(cleanLine(what), 500, escapeText);
