import { z } from 'zod';
import { FluxEvent } from '#src/flux/event.ts';
import { redactForeign } from '#src/text/redact.ts';

/** The one stream that all replicas append to and the lease holder reads. */
export const intakeStream = 'intake';

/** What stands in the intake stream. */
export const IntakeEntry = z.object({
  type: z.literal('flux-event'),
  /** The cluster of the key that verified, never of the body. */
  cluster: z.string(),
  /** ms since the epoch by the receiver's clock. */
  receivedAt: z.number(),
  /** Its text is redacted. */
  event: FluxEvent,
  digest: z.string(),
  /** Too old or too far ahead to say anything about now: neither state nor heartbeat. */
  stale: z.boolean(),
});
export type IntakeEntry = z.output<typeof IntakeEntry>;

/** The event with no secret left in its text; names of objects stay, since they say what it is about. */
export const redactEvent = (event: FluxEvent): FluxEvent => ({
  ...event,
  message: redactForeign(event.message),
  reason: redactForeign(event.reason),
  metadata: Object.fromEntries(
    Object.entries(event.metadata).map(([key, value]) => [key, redactForeign(value)]),
  ),
});
