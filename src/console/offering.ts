import type { Clock, Ids } from '#src/clock.ts';
import type { Actor } from '#src/command/actor.ts';
import type { Context } from '#src/command/define.ts';
import { type AuditFact, sayTarget } from '#src/command/journal.ts';
import { mayRead, objectOf, offerView } from '#src/console/offer.ts';
import { findCardSubject } from '#src/incident/find-card.ts';
import type { Incident } from '#src/incident/incident.ts';
import type { Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

export interface OfferingOptions {
  readonly store: Store;
  /** The world as one person may see it in a channel. */
  readonly contextOf: (actor: Actor, channel: string) => Context;
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Ids;
  readonly audit: (facts: readonly AuditFact[]) => Promise<unknown>;
}

/** What an actor can do about the message at `ts` in a channel; rejects as the store does. */
export type Offering = (actor: Actor, channel: string, ts: string) => Promise<View>;

/** To be offered what can be done about an incident is to read it, and is audited like any other read. */
export const createOffering = (options: OfferingOptions): Offering => {
  const { store, contextOf, clock, ids, audit } = options;

  const auditRead = async (incident: Incident, context: Context): Promise<void> => {
    const target = objectOf(incident);
    const isAllowed = mayRead(incident, context);
    const fact = {
      at: clock.now(),
      invocation: ids.next(),
      actor: context.actor,
      command: 'status',
      input: { object: target.object, cluster: target.cluster },
      targets: [sayTarget(target)],
      detail: isAllowed ? '' : `status on ${target.object} on ${target.cluster}`,
    };
    await audit([
      { ...fact, kind: 'decided', outcome: isAllowed ? 'allowed' : 'refused' },
      { ...fact, kind: 'settled', outcome: isAllowed ? 'answered' : 'nothing done' },
    ]);
  };

  return async (actor, channel, ts) => {
    const subject = await findCardSubject(store, channel, ts);
    const context = contextOf(actor, channel);
    if (subject?.kind === 'incident') {
      await auditRead(subject.incident, context);
    }
    return offerView(subject, context);
  };
};
