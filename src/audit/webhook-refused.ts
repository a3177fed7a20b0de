import type { AuditedFact } from '#src/audit/chain.ts';
import type { Refusal } from '#src/http/refusals.ts';

/** A signed delivery that its key may not speak for, as the audit trail keeps it. */
export const webhookRefused = (refusal: Refusal): AuditedFact & Refusal => ({
  ...refusal,
  kind: 'webhook-refused',
});
