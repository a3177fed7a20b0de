import { createBell } from '#src/bell.ts';
import type { Clock } from '#src/clock.ts';
import { contextFor, missingRight, type Surroundings } from '#src/command/context.ts';
import type {
  AnyCommand,
  CommandStep,
  Planned,
  StepContext,
  StepOutcome,
} from '#src/command/define.ts';
import {
  type AuditFact,
  abandon,
  beginStep,
  currentStep,
  dueJournals,
  isGenuine,
  type Journal,
  journalKey,
  sayTarget,
  takeOutcome,
} from '#src/command/journal.ts';
import {
  type AuditedCommit,
  progressOf,
  readJournal,
  type StoredJournal,
  writeJournal,
} from '#src/command/journals.ts';
import { stillMay, withdrawn } from '#src/command/still-may.ts';
import { takeStep } from '#src/command/take-step.ts';
import { waitForTurn } from '#src/command/turn.ts';
import type { Log } from '#src/log.ts';
import { isolated, restMs } from '#src/store/isolated.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';

export interface RunnerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly commands: readonly AnyCommand[];
  readonly surroundings: Surroundings;
  readonly commit: AuditedCommit;
  /** Name of this replica. */
  readonly holder: string;
  /** Key of the journals' macs. */
  readonly key: string;
  readonly log: Log;
  readonly onCards: () => void;
  /** Asks to be woken for a journal at a time (ms); a scan makes up for what gets lost. */
  readonly wakeAt: (id: string, at: number) => void;
}

export interface Runner {
  /** Looks at what is due now. */
  wake(): void;
  /** Takes one journal up now, unless it is being worked on here. */
  take(id: string): Promise<void>;
  /** Takes a journal as far as it goes now; harmless when it is settled or someone else has it. */
  advance(id: string): Promise<boolean>;
  run(signal: AbortSignal): Promise<void>;
}

const leaseMs = 15_000;
const scanMs = 1_000;
const atOnce = 32;

interface Held {
  readonly stored: StoredJournal;
  readonly lease: string;
  readonly token: number;
}

type Advanced = 'settled' | 'again' | 'later' | 'lost';

/**
 * Carries journals forward: one step after another, each asked `done` before it acts. A worker that dies,
 * hangs or is replaced loses nothing: the journal says where to go on, the lease who may write.
 */
export const createRunner = (options: RunnerOptions): Runner => {
  const { store, clock, commands, surroundings, commit, holder, key, log, onCards } = options;
  const bell = createBell(clock);
  const active = new Set<string>();

  const settledFact = (journal: Journal): AuditFact => ({
    at: clock.now(),
    kind: 'settled',
    invocation: journal.invocation,
    actor: journal.actor,
    command: journal.command,
    input: journal.input as AuditFact['input'],
    targets: journal.targets.map(sayTarget),
    outcome: journal.status,
    detail: journal.failure ?? '',
  });

  const save = async (held: Held, after: Journal, planned: Planned | undefined, dueAt: number) => {
    const now = clock.now();
    const view = planned?.view(progressOf(after, now), {
      now,
      root: surroundings.root,
      actor: after.actor,
    }) ?? { summary: after.failure ?? after.status, parts: [] };
    const result = await writeJournal({
      store,
      commit,
      before: held.stored,
      after,
      view,
      dueAt,
      now,
      fence: { lease: held.lease, token: held.token },
      facts: after.status === 'running' ? [] : [settledFact(after)],
    });
    onCards();
    if (result === 'committed' && after.status !== 'running') {
      log.info(
        { journal: after.id, status: after.status, tookMs: now - after.startedAt },
        'command settled',
      );
    }
    return result;
  };

  const giveUp = async (
    held: Held,
    planned: Planned | undefined,
    why: string,
  ): Promise<Advanced> => {
    const after = abandon(held.stored.journal, why, clock.now());
    const result = await save(held, after, planned, clock.now());
    return result === 'committed' ? 'settled' : 'lost';
  };

  const stepContext = (held: Held, journal: Journal): StepContext => ({
    ...contextFor(surroundings, journal.actor, journal.place.channel, clock.now()),
    token: journal.token,
    records: journal.steps,
    startedAt: journal.startedAt,
    stillMine: async () => {
      const lease = await store.lease(held.lease, holder, leaseMs);
      return lease.held && lease.token === held.token;
    },
  });

  const commandOf = (journal: Journal): AnyCommand | undefined =>
    commands.find((one) => one.doc.name === journal.command);

  /** Why a journal may not go on; undefined when it may. */
  const obstacle = (journal: Journal, command: AnyCommand | undefined): string | undefined => {
    if (!isGenuine(journal, key)) {
      return 'This record is not what was decided, so nothing more is done. Tell whoever runs the bot.';
    }
    if (command === undefined) {
      return `This version of the bot has no command ${journal.command}.`;
    }
    const { permission } = command.doc;
    const missing = missingRight(surroundings, journal.actor, permission, journal.targets);
    return missing === undefined ? undefined : withdrawn(missing);
  };

  const recallOf = (journal: Journal): Planned | undefined => {
    const recalled = commandOf(journal)?.recall(journal.plan);
    return recalled?.ok === true ? recalled.value : undefined;
  };

  const later = (id: string, dueAt: number): Advanced => {
    options.wakeAt(id, dueAt);
    return 'later';
  };

  const carryOut = async (
    held: Held,
    planned: Planned,
    at: number,
    step: CommandStep,
  ): Promise<Advanced> => {
    const { journal } = held.stored;
    const begun = beginStep(journal, at, clock.now());
    if (begun !== journal) {
      const turn = await waitForTurn(store, { journal, begun, at, now: clock.now() });
      if (turn !== undefined) {
        return note(held, planned, at, turn);
      }
      const result = await save(held, begun, planned, clock.now());
      return result === 'committed' ? 'again' : 'lost';
    }
    const permission = commandOf(journal)?.doc.permission;
    const may = await stillMay({ surroundings, journal, permission, step, now: clock.now() });
    if (may.kind === 'no') {
      return giveUp(held, planned, may.why);
    }
    const outcome = may.kind === 'wait' ? may : await takeStep(step, stepContext(held, journal));
    return outcome === 'lost' ? 'lost' : note(held, planned, at, outcome);
  };

  /** Writes down what a step came to. */
  const note = async (
    held: Held,
    planned: Planned,
    at: number,
    outcome: StepOutcome,
  ): Promise<Advanced> => {
    const { journal } = held.stored;
    const after = takeOutcome(journal, at, outcome, clock.now());
    const waits = outcome.kind === 'wait';
    const dueAt = clock.now() + (waits ? outcome.afterMs : 0);
    if ((await save(held, after, planned, dueAt)) !== 'committed') {
      return 'lost';
    }
    if (after.status !== 'running') {
      return 'settled';
    }
    return waits ? later(journal.id, dueAt) : 'again';
  };

  const oneStep = async (held: Held): Promise<Advanced> => {
    const { journal } = held.stored;
    const planned = recallOf(journal);
    const why = obstacle(journal, commandOf(journal));
    if (why !== undefined) {
      return giveUp(held, planned, why);
    }
    const at = currentStep(journal);
    const name = journal.steps[at ?? -1]?.name;
    const step = planned?.steps().find((one) => one.name === name);
    return at === undefined || planned === undefined || step === undefined
      ? giveUp(held, planned, 'The plan was made by another version of the bot. Ask again.')
      : carryOut(held, planned, at, step);
  };

  const advance = async (id: string): Promise<boolean> => {
    const lease = `journal/${id}`;
    for (let result: Advanced = 'again'; result === 'again'; ) {
      const held = await store.lease(lease, holder, leaseMs);
      if (!held.held) {
        return false;
      }
      const stored = readJournal(await store.read(journalKey(id)));
      if (stored === undefined || stored.journal.status !== 'running') {
        await store.commit({ unindex: [{ index: dueJournals, member: id }] });
        return true;
      }
      result = await oneStep({ stored, lease, token: held.token });
      if (result === 'settled') {
        await store.release(lease, holder);
      }
      if (result === 'lost') {
        return false;
      }
    }
    return true;
  };

  const failed = async (id: string, error: unknown): Promise<void> => {
    if (isStoreUnavailable(error)) {
      log.warn({ journal: id }, 'the store does not answer; the journal waits');
      return;
    }
    log.error({ journal: id, error }, 'a step failed unexpectedly');
    const lease = `journal/${id}`;
    const held = await store.lease(lease, holder, leaseMs);
    const stored = readJournal(await store.read(journalKey(id)));
    if (held.held && stored?.journal.status === 'running') {
      const why = `Something unexpected happened (reference ${stored.journal.invocation}). The reference is in the bot’s log.`;
      const end = (planned: Planned | undefined) =>
        giveUp({ stored, lease, token: held.token }, planned, why);
      // it may be the showing of it that failed
      const shown = await isolated<Advanced | undefined>(
        () => end(recallOf(stored.journal)),
        () => undefined,
      );
      await (shown ?? end(undefined));
    }
  };

  /** For a worker that can read it: of another version, perhaps. */
  const rest = async (id: string, error: unknown): Promise<void> => {
    if (isStoreUnavailable(error)) {
      log.warn({ journal: id, error }, 'the journal waits for the next scan');
      return;
    }
    log.error({ journal: id, error }, 'a journal can be neither carried out nor given up here');
    const due = { index: dueJournals, member: id, score: clock.now() + restMs };
    await store.commit({ index: [due] });
    await store.release(`journal/${id}`, holder);
  };

  const work = async (id: string): Promise<void> => {
    try {
      if (await advance(id)) {
        bell.ring();
      }
    } catch (error) {
      await failed(id, error)
        .catch((further: unknown) => rest(id, further))
        .catch((further: unknown) => log.warn({ journal: id, error: further }, 'it stays due'));
    } finally {
      active.delete(id);
    }
  };

  const take = async (id: string): Promise<void> => {
    if (!active.has(id)) {
      active.add(id);
      await work(id);
    }
  };

  const start = (id: string): void => {
    void take(id);
  };

  return {
    wake: () => bell.ring(),
    take,
    advance,
    run: async (signal) => {
      while (!signal.aborted) {
        let pause = scanMs;
        try {
          const due = await store.range(dueJournals, { limit: atOnce });
          const now = clock.now();
          for (const { member, score } of due) {
            if (score <= now) {
              start(member);
            } else {
              pause = Math.min(pause, score - now);
            }
          }
        } catch (error) {
          log.warn({ error }, 'the journals that are due could not be read; trying again');
        }
        await bell.sleep(pause, signal);
      }
      while (active.size > 0) {
        await clock.wait(20);
      }
    },
  };
};
