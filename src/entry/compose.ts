import { commands } from '#commands/index.ts';
import type { Clock, Ids } from '#src/clock.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import type { Actor } from '#src/command/actor.ts';
import { contextFor, type Surroundings } from '#src/command/context.ts';
import type { Context } from '#src/command/define.ts';
import { createDispatch, type Dispatch } from '#src/command/dispatch.ts';
import type { AuditedCommit } from '#src/command/journals.ts';
import type { Policy } from '#src/command/policy.ts';
import { createRunner } from '#src/command/runner.ts';
import { createHomeData, type GatherHome } from '#src/console/home-data.ts';
import { createOffering, type Offering } from '#src/console/offering.ts';
import { normaliseMessage } from '#src/flux/message.ts';
import type { CommitAuthor, Git } from '#src/git/git.ts';
import type { Person } from '#src/incident/findings.ts';
import { hasEnded } from '#src/incident/incident.ts';
import { createKeeper } from '#src/incident/keeper.ts';
import { loadIncidents } from '#src/incident/records.ts';
import type { IncidentSettings } from '#src/incident/situation.ts';
import type { Log } from '#src/log.ts';
import { advanceJournal, drainOutbox, journalOf, type Wakeups } from '#src/queue/wakeups.ts';
import type { Rates } from '#src/slack/budget.ts';
import { type OutboxStatus, startOutbox } from '#src/slack/outbox.ts';
import type { Slack } from '#src/slack/slack.ts';
import { createSharedClock } from '#src/store/shared-clock.ts';
import type { Store } from '#src/store/store.ts';
import type { SayTime } from '#src/text/plain.ts';
import { redact } from '#src/text/redact.ts';

/** What differs between production, a replay and a simulation. */
export interface Ports {
  readonly clock: Clock;
  /** See `SharedClockOptions`. */
  readonly steady?: (() => number) | undefined;
  readonly ids: Ids;
  readonly store: Store;
  /** In the order of acting. */
  readonly clusters: readonly Cluster[];
  readonly slack: Slack;
  /** Left out: no commits are read, and cards name none. */
  readonly git?: Git | undefined;
  /** Wakes whoever can go on; nothing depends on it. */
  readonly wakeups: Wakeups;
  /** Commits together with the audit trail. */
  readonly commit: AuditedCommit;
  readonly log: Log;
  /** Who an actor is by now; asked before each effect. */
  readonly actorNow?: Surroundings['actorNow'];
}

/** What the configuration says; asked each time, since it may change while we run. */
export interface Settings {
  readonly incidents: () => IncidentSettings;
  readonly channelOf: (cluster: string) => string | undefined;
  readonly defaultCluster: (channel: string | undefined) => string | undefined;
  readonly policy: () => Policy;
  /** Who in Slack wrote a commit; for showing, never for deciding. */
  readonly personOf?: ((author: CommitAuthor) => Person | undefined) | undefined;
  /** The slash command. */
  readonly root: string;
  /** Signs what was decided. */
  readonly journalKey: string;
  readonly rates?: Rates | undefined;
  /** For the plain text of messages; see `renderMessage`. */
  readonly sayTime?: SayTime | undefined;
}

export interface Bot {
  readonly dispatch: Dispatch;
  /** What the Home of a person shows. */
  readonly gatherHome: GatherHome;
  readonly offer: Offering;
  /** Something is to be posted. */
  onCards(): void;
  /** The world as one person may see it now, in a channel. */
  readonly contextOf: (actor: Actor, channel: string) => Context;
  /** The store may have lost writes: compare with Slack before anything is posted. */
  recount(): void;
  /** Something was put on the intake stream. */
  wakeIntake(): void;
  /** Runs the named parts until the signal is aborted; resolves when they have ended. */
  run(signal: AbortSignal, parts?: Parts): Promise<void>;
  status(): { readonly keeping: boolean; readonly outbox: OutboxStatus | undefined };
}

export interface Parts {
  /** Keeps incidents and brings cards to Slack. */
  readonly front: boolean;
  /** Carries commands forward. */
  readonly worker: boolean;
}

const clean = { redact, normalise: normaliseMessage };

/** Builds the bot of its ports: read from top to bottom, this is how it hangs together. */
export const compose = (settings: Settings, ports: Ports): Bot => {
  const { ids, store, clusters, slack, wakeups, commit, log } = ports;
  const clock = createSharedClock({ clock: ports.clock, store, steady: ports.steady });
  const holder = ids.next();
  let outbox: ReturnType<typeof startOutbox> | undefined;
  const send = (name: string, at?: number): void => {
    // never rejects; the queue waits by our own clock
    void wakeups.wake(name, at === undefined ? undefined : at - clock.now() + ports.clock.now());
  };
  const onCards = (): void => {
    outbox?.wake();
    if (outbox?.status().leading !== true) {
      // another replica writes to Slack
      send(drainOutbox);
    }
  };

  const surroundings: Surroundings = {
    clusters,
    policy: settings.policy,
    root: settings.root,
    defaultCluster: settings.defaultCluster,
    commands: commands.map((command) => command.doc),
    actorNow: ports.actorNow,
    incidents: async () => {
      const stored = await loadIncidents(store, Number.POSITIVE_INFINITY);
      return stored.map(({ incident }) => incident).filter((incident) => !hasEnded(incident));
    },
  };
  const keeper = createKeeper({
    store,
    clusters,
    clock,
    holder,
    settings: settings.incidents,
    clean,
    channelOf: settings.channelOf,
    commits: { git: ports.git, personOf: (author) => settings.personOf?.(author) },
    log: log.child({ part: 'keeper' }),
    onCards,
  });
  const runner = createRunner({
    store,
    clock,
    commands,
    surroundings,
    commit,
    holder,
    key: settings.journalKey,
    log: log.child({ part: 'runner' }),
    onCards,
    wakeAt: (id, at) => send(advanceJournal(id), at),
  });
  const dispatch = createDispatch({
    store,
    clock,
    ids,
    commands,
    surroundings,
    commit,
    key: settings.journalKey,
    log: log.child({ part: 'dispatch' }),
    ready: clock.agreed,
    onJournal: (id) => {
      send(advanceJournal(id));
      onCards();
    },
  });

  const agreed = async (signal: AbortSignal): Promise<void> => {
    for (let waiting = true; waiting && !signal.aborted; ) {
      waiting = await clock.agreed().then(
        () => false,
        () => true,
      );
      await clock.wait(waiting ? 1_000 : 0, signal);
    }
  };

  const contextOf = (actor: Actor, channel: string): Context =>
    contextFor(surroundings, actor, channel, clock.now());

  return {
    dispatch,
    offer: createOffering({
      store,
      contextOf,
      clock,
      ids,
      audit: (facts) => commit({}, facts),
    }),
    gatherHome: createHomeData({ surroundings, commands, store, clock }),
    onCards,
    contextOf,
    recount: () => outbox?.recount(),
    wakeIntake: () => keeper.wake(),
    status: () => ({ keeping: keeper.leads(), outbox: outbox?.status() }),
    run: async (signal, parts = { front: true, worker: true }) => {
      const { rates, sayTime } = settings;
      const following = clock.follow(signal);
      await agreed(signal);
      outbox = startOutbox({
        store,
        slack,
        clock,
        ids,
        log: log.child({ part: 'outbox' }),
        sayTime,
        ...(rates === undefined ? {} : { rates }),
      });
      if (parts.worker) {
        wakeups.listen(async (name) => {
          const id = journalOf(name);
          await (id === undefined ? outbox?.wake() : runner.take(id));
        });
      }
      await Promise.all([
        ...(parts.front ? [keeper.run(signal)] : []),
        ...(parts.worker ? [runner.run(signal)] : []),
        untilAborted(signal),
        following,
      ]);
      await wakeups.close();
      await outbox.close();
    },
  };
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
