import { z } from 'zod';
import type { Form } from '#src/form.ts';

/** Characters of a view's `private_metadata` that Slack keeps. */
const mostMetadata = 3_000;

/** Where a form was asked for, so that its answer goes there. Carries no authority. */
export interface FormPlace {
  readonly channel: string;
  readonly thread?: string | undefined;
  /** Answers for a while where the bot is not a member. */
  readonly responseUrl?: string | undefined;
  /** Asked in the Home tab: the channel is the conversation with that person. */
  readonly home?: boolean | undefined;
  /** ms; when the place was last heard of. */
  readonly at: number;
}

const Metadata = z.object({
  c: z.string().min(1),
  ch: z.string(),
  t: z.string().optional(),
  r: z.string().optional(),
  h: z.boolean().default(false),
  at: z.number(),
  /** What the candidates of each argument were narrowed by. */
  n: z.record(z.string(), z.string()).default({}),
});

/** What a form remembers until it is sent off; the address for answers is left out where it does not fit. */
export const writePlace = (form: Form, place: FormPlace): string => {
  const narrowed = form.fields.flatMap((field) =>
    field.kind === 'choice' && field.narrow !== undefined
      ? [[field.argument, field.narrow.by.slice(0, 200)] as const]
      : [],
  );
  const written = (withUrl: boolean): string =>
    JSON.stringify({
      c: form.command,
      ch: place.channel,
      t: place.thread,
      at: place.at,
      ...(place.home === true ? { h: true } : {}),
      ...(withUrl ? { r: place.responseUrl, n: Object.fromEntries(narrowed) } : {}),
    });
  const whole = written(true);
  return whole.length <= mostMetadata ? whole : written(false);
};

/** What {@link writePlace} wrote; undefined where it is something else. */
export const readPlace = (
  written: string,
):
  | {
      readonly command: string;
      readonly place: FormPlace;
      readonly narrowedBy: Readonly<Record<string, string>>;
    }
  | undefined => {
  const parsed = Metadata.safeParse(parseJson(written));
  if (!parsed.success) {
    return undefined;
  }
  const { c, ch, t, r, h, at, n } = parsed.data;
  return {
    command: c,
    narrowedBy: n,
    place: {
      channel: ch,
      at,
      home: h,
      ...(t === undefined ? {} : { thread: t }),
      ...(r === undefined ? {} : { responseUrl: r }),
    },
  };
};

const parseJson = (written: string): unknown => {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
};
