import type { Clock } from '#src/clock.ts';
import type { AuditFact } from '#src/command/journal.ts';
import type { Failure } from '#src/failure.ts';
import type { Log } from '#src/log.ts';
import type { Asking } from '#src/slack/incoming.ts';
import { isStoreUnavailable } from '#src/store/store.ts';

export interface RefusalOptions {
  readonly audit: (facts: readonly AuditFact[]) => Promise<unknown>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export type RefusePerson = (
  incoming: Pick<Asking, 'team' | 'user' | 'delivery'>,
  failure: Failure,
) => Promise<void>;

/** A person who gets no further than the door is in the trail too, without what was asked. */
export const createRefusal =
  ({ audit, clock, log }: RefusalOptions): RefusePerson =>
  async ({ team, user, delivery }, failure) => {
    log.warn({ team, user }, 'a person was refused');
    const fact = {
      at: clock.now(),
      invocation: delivery,
      actor: { kind: 'slack', team, user, name: '', groups: [] },
      command: '',
      input: null,
      targets: [],
      detail: failure.code === 'refused-person' ? failure.why : failure.code,
    } as const;
    try {
      await audit([
        { ...fact, kind: 'decided', outcome: 'refused' },
        { ...fact, kind: 'settled', outcome: 'nothing done' },
      ]);
    } catch (error) {
      if (!isStoreUnavailable(error)) {
        throw error;
      }
      log.warn({ delivery }, 'a refusal could not be audited: the store does not answer');
    }
  };
