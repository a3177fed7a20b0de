import { eventDigest, FluxEvent, isStaleEvent } from '#src/flux/event.ts';
import { type IntakeEntry, intakeStream, redactEvent } from '#src/flux/intake.ts';
import { findSigningKey } from '#src/http/signature.ts';
import { defineWebhook } from '#src/http/webhook.ts';

/**
 * Events of Flux, as notification-controller's `generic-hmac` provider sends them.
 * @see https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
 */
export const flux = defineWebhook({
  name: 'flux',
  body: FluxEvent,
  verify: (raw, headers, keys) => findSigningKey(raw, headers['x-signature'], keys),
  namespace: (event) => event.involvedObject.namespace,
  appends: (event, { cluster, raw, receivedAt, replayWindowMs }) => {
    const digest = eventDigest(cluster, raw);
    const entry: IntakeEntry = {
      type: 'flux-event',
      cluster,
      receivedAt,
      event: redactEvent(event),
      digest,
      stale: isStaleEvent(event, receivedAt, replayWindowMs),
    };
    return [{ stream: intakeStream, digest, at: receivedAt, value: entry }];
  },
});
