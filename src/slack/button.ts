import { z } from 'zod';
import type { Button } from '#src/view.ts';

/** What a click on one of our buttons asks for; never authority, which is decided anew for the clicker. */
export const ButtonValue = z.object({
  c: z.string().min(1),
  i: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  a: z.enum(['in-place', 'in-channel']).optional(),
});

export interface ButtonRequest {
  readonly command: string;
  readonly input: Readonly<Record<string, string | number | boolean>>;
  /** See `Button` in view.ts. */
  readonly answer?: Button['answer'];
}

/** The `value` of a Slack button. */
export const writeButtonValue = (button: Pick<Button, 'command' | 'input' | 'answer'>): string =>
  JSON.stringify({ c: button.command, i: button.input, a: button.answer });

/** The request in the `value` of a clicked button; undefined where it is not one of ours. */
export const readButtonValue = (value: string): ButtonRequest | undefined => {
  const parsed = ButtonValue.safeParse(parseJson(value));
  if (!parsed.success) {
    return undefined;
  }
  const { c: command, i: input, a: answer } = parsed.data;
  return { command, input, ...(answer === undefined ? {} : { answer }) };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
