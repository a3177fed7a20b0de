import type { Clock, Ids } from '#src/clock.ts';
import { type Actor, actorName } from '#src/command/actor.ts';
import { contextFor, missingRight, type Surroundings } from '#src/command/context.ts';
import type { AnyCommand, Context, Planned, Prepared } from '#src/command/define.ts';
import {
  type AuditFact,
  holderOf,
  type Journal,
  journalCounter,
  journalMac,
  type Place,
  planHash,
  sayTarget,
} from '#src/command/journal.ts';
import {
  type AuditedCommit,
  journalCardId,
  lockKeys,
  progressOf,
  writeJournal,
} from '#src/command/journals.ts';
import type { Target } from '#src/command/policy.ts';
import { type Asked, namedIn, readRequest } from '#src/command/read-request.ts';
import type { Failure } from '#src/failure.ts';
import { parseRef } from '#src/flux/ref.ts';
import type { Log } from '#src/log.ts';
import { isStoreUnavailable, type Json, type Store } from '#src/store/store.ts';
import type { View } from '#src/view.ts';

/** One request, whoever asked and however. */
export interface Invocation {
  readonly origin: 'slash' | 'mention' | 'button' | 'form' | 'terminal';
  readonly actor: Actor;
  readonly place: Place;
  readonly request: Asked;
}

export type Reply =
  /** For the one who asked. */
  | {
      readonly kind: 'view';
      readonly invocation: string;
      readonly view: View;
      /** What was answered, to be asked again. */
      readonly asked: { readonly command: string; readonly input: Json };
      /** What the view was made of. */
      readonly plan: Json;
    }
  | { readonly kind: 'failed'; readonly invocation: string; readonly failure: Failure }
  /** Recorded and on its way; its card shows what becomes of it. */
  | {
      readonly kind: 'queued';
      readonly invocation: string;
      readonly journal: string;
      readonly card: string | undefined;
      readonly view: View;
    };

export interface DispatcherOptions {
  /** Undefined where commands only read and nothing is kept (the terminal without a store). */
  readonly store: Store | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly commands: readonly AnyCommand[];
  readonly surroundings: Surroundings;
  readonly commit: AuditedCommit;
  readonly key: string;
  readonly log: Log;
  readonly onJournal: (id: string) => void;
  /** How long (ms) others leave a new journal to whoever made it; none where a worker is to take it. */
  readonly headStartMs?: number | undefined;
  /** Resolves once requests can be taken; rejects as the store does while it is unavailable. */
  readonly ready?: (() => Promise<void>) | undefined;
}

export type Dispatch = (invocation: Invocation) => Promise<Reply>;

interface Request {
  readonly id: string;
  readonly invocation: Invocation;
  readonly command: AnyCommand;
  readonly prepared: Prepared;
  readonly context: Context;
  /** What it is about: locked while it acts. */
  readonly targets: readonly Target[];
  /** What the plan acts on; the targets among it. */
  readonly acted?: readonly Target[];
}

/** RFC 3339 with nanoseconds, as Flux's own tools write it, and a part that nobody can guess. */
const tokenFor = (now: number, id: string): string =>
  `${new Date(now).toISOString().replace('Z', '000000Z')}/${id}`;

const attempts = 10;

/**
 * The one door: reads the request, decides, records, and answers or queues. Every request ends in a reply;
 * what nobody expected carries a reference that is in the log.
 */
export const createDispatch = (options: DispatcherOptions): Dispatch => {
  const { store, clock, ids, commands, surroundings, commit, key, log, onJournal } = options;

  const fact = (
    request: Pick<Request, 'id' | 'invocation'> & Partial<Request>,
    kind: AuditFact['kind'],
    outcome: string,
    detail: string,
  ): AuditFact => ({
    at: clock.now(),
    kind,
    invocation: request.id,
    actor: request.invocation.actor,
    command: request.command?.doc.name ?? '',
    input: request.prepared?.input ?? null,
    targets: (request.acted ?? request.targets ?? []).map(sayTarget),
    outcome,
    detail,
  });

  const refuse = async (
    request: Pick<Request, 'id' | 'invocation'> & Partial<Request>,
    outcome: string,
    failure: Failure,
  ): Promise<Reply> => {
    const detail = 'target' in failure ? failure.target : failure.code;
    await commit({}, [
      fact(request, 'decided', outcome, detail),
      fact(request, 'settled', 'nothing done', detail),
    ]);
    return { kind: 'failed', invocation: request.id, failure };
  };

  const answer = async (request: Request, planned: Planned): Promise<Reply> => {
    const { context } = request;
    const view = planned.view(undefined, context);
    await commit({}, [
      fact(request, 'decided', 'allowed', ''),
      fact(request, 'settled', 'answered', ''),
    ]);
    const asked = { command: request.command.doc.name, input: request.prepared.input };
    return { kind: 'view', invocation: request.id, view, asked, plan: planned.plan };
  };

  const draft = (request: Request, planned: Planned, number: number): Journal => {
    const { id, invocation, command, prepared, targets, acted } = request;
    const now = clock.now();
    const unsigned = {
      id: `CMD-${number}`,
      invocation: id,
      command: command.doc.name,
      actor: invocation.actor,
      place: invocation.place,
      input: prepared.input as Journal['input'],
      plan: planned.plan as Journal['plan'],
      planHash: planHash(planned.plan),
      token: tokenFor(now, id),
      locks: [...lockKeys({ targets: [...targets] })],
      targets: [...(acted ?? targets)],
      startedAt: now,
    };
    return {
      ...unsigned,
      status: 'running',
      steps: planned.steps().map(({ name, holds }) => ({
        name,
        state: 'pending' as const,
        ...(holds === undefined ? {} : { locks: [...lockKeys({ targets: [...holds] })] }),
      })),
      mac: journalMac(unsigned, key),
    };
  };

  const busyWith = async (from: Store, request: Request): Promise<Failure | undefined> => {
    const named = request.targets.flatMap(({ cluster, object }) => {
      const ref = object === undefined ? undefined : parseRef(object);
      return cluster === undefined || ref?.ok !== true ? [] : [{ cluster, ref: ref.value }];
    });
    const locks = await from.readAll(lockKeys({ targets: [...request.targets] }));
    const at = locks.findIndex((lock) => lock !== undefined);
    const lock = locks[at]?.value;
    const target = named[at];
    return lock === undefined || target === undefined
      ? undefined
      : { code: 'busy', object: target.ref, cluster: target.cluster, holder: String(lock) };
  };

  const record = async (into: Store, request: Request, planned: Planned) => {
    const counter = await into.read(journalCounter);
    const number = (typeof counter?.value === 'number' ? counter.value : 0) + 1;
    const journal = draft(request, planned, number);
    const now = clock.now();
    const view = planned.view(progressOf(journal, now), request.context);
    const holder = holderOf(journal);
    const written = await writeJournal({
      store: into,
      commit,
      before: undefined,
      after: journal,
      view,
      dueAt: now + (options.headStartMs ?? 0),
      now,
      further: {
        put: [
          { key: journalCounter, value: number, expect: counter?.version ?? 0 },
          ...journal.locks.map((lock) => ({ key: lock, value: holder, expect: 0 })),
        ],
      },
      facts: [fact(request, 'decided', 'allowed', '')],
    }).catch((error: unknown) => {
      if (isStoreUnavailable(error)) {
        return 'unanswered' as const;
      }
      throw error;
    });
    return { written, journal, view };
  };

  const queue = async (into: Store, request: Request, planned: Planned): Promise<Reply> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const busy = await busyWith(into, request);
      if (busy !== undefined) {
        return refuse(request, 'refused', busy);
      }
      const { written, journal, view } = await record(into, request, planned);
      if (written === 'unanswered') {
        log.warn({ invocation: request.id }, 'it is not known whether a request was recorded');
        return { kind: 'failed', invocation: request.id, failure: { code: 'in-doubt' } };
      }
      if (written === 'committed') {
        onJournal(journal.id);
        const { channel } = journal.place;
        const card = channel === undefined ? undefined : journalCardId(journal.id, channel);
        return { kind: 'queued', invocation: request.id, journal: journal.id, card, view };
      }
    }
    throw new Error('the request could not be recorded in ten attempts');
  };

  const notAllowed = (
    { command, invocation }: Pick<Request, 'command' | 'invocation'>,
    target: string,
  ): Failure => ({
    code: 'not-allowed',
    permission: command.doc.permission ?? '',
    target,
    who: actorName(invocation.actor),
  });

  /** Plans what is allowed so far, makes sure of all that the plan acts on, and answers or queues. */
  const carryOn = async (request: Request): Promise<Reply> => {
    const { id, command, prepared, context, targets } = request;
    const planned = await prepared.plan(context);
    if (!planned.ok) {
      const { failure } = planned;
      return refuse(request, failure.code === 'not-allowed' ? 'refused' : 'invalid', failure);
    }
    // a plan can act on more than was named: the sources of an object, say
    const acted = planned.value.acts() ?? targets;
    const whole = { ...request, acted };
    const { permission } = command.doc;
    const missing = missingRight(surroundings, context.actor, permission, acted);
    if (missing !== undefined) {
      return refuse(whole, 'refused', notAllowed(whole, missing));
    }
    if (command.doc.kind === 'read') {
      return answer(request, planned.value);
    }
    return store === undefined
      ? { kind: 'failed', invocation: id, failure: { code: 'store-unavailable' } }
      : queue(store, whole, planned.value);
  };

  type Named = Pick<Request, 'id' | 'invocation' | 'command'> & Partial<Request>;
  const refuseAnywhere = (request: Named): Promise<Reply> => {
    const { permission } = request.command.doc;
    return refuse(request, 'refused', notAllowed(request, `${permission} anywhere`));
  };

  const decide = async (id: string, invocation: Invocation): Promise<Reply> => {
    const { actor, place, request: wanted } = invocation;
    const context = contextFor(surroundings, actor, place.channel, clock.now());
    const asked = readRequest(wanted, commands);
    if (!asked.ok) {
      const command = commands.find(({ doc }) => doc.name === namedIn(wanted).name);
      // to mend the words would not help whoever may not use it anywhere
      return command === undefined || context.mayEver(command.doc.permission)
        ? refuse({ id, invocation }, 'invalid', asked.failure)
        : refuseAnywhere({ id, invocation, command });
    }
    const { command, prepared } = asked.value;
    const partial = { id, invocation, command, prepared };
    const { permission } = command.doc;
    if (!context.mayEver(permission)) {
      return refuseAnywhere(partial);
    }
    const targets = prepared.targets(context);
    if (!targets.ok) {
      return refuse(partial, 'invalid', targets.failure);
    }
    const request: Request = { ...partial, context, targets: targets.value };
    const missing = missingRight(surroundings, actor, permission, targets.value);
    if (missing !== undefined) {
      return refuse(request, 'refused', notAllowed(request, missing));
    }
    return carryOn(request);
  };

  /** A bug is in the trail too. Nothing is thrown once a request is recorded, so nothing was done. */
  const auditUnexpected = async (request: Pick<Request, 'id' | 'invocation'>): Promise<Reply> => {
    const { id } = request;
    const failure: Failure = { code: 'unexpected', reference: id };
    try {
      return await refuse(request, 'unexpected', failure);
    } catch (error) {
      log.warn({ invocation: id, error }, 'an unexpected failure could not be audited');
      return { kind: 'failed', invocation: id, failure };
    }
  };

  return async (invocation) => {
    const id = ids.next();
    try {
      await options.ready?.();
      return await decide(id, invocation);
    } catch (error) {
      if (isStoreUnavailable(error)) {
        log.warn({ invocation: id }, 'a request was refused: the store does not answer');
        return { kind: 'failed', invocation: id, failure: { code: 'store-unavailable' } };
      }
      log.error({ invocation: id, error }, 'a request failed unexpectedly');
      return auditUnexpected({ id, invocation });
    }
  };
};
