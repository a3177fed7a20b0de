import { createBell } from '#src/bell.ts';
import type { Clock } from '#src/clock.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createCatchUp } from '#src/incident/catch-up.ts';
import type { Decision, IncidentSettings, TextCleaning } from '#src/incident/decide.ts';
import { keyOf, type Member } from '#src/incident/incident.ts';
import { createOpening } from '#src/incident/opening.ts';
import { changeIncident, type IncidentWriter } from '#src/incident/records.ts';
import { createReports } from '#src/incident/reports.ts';
import { createSuspects, type SuspectsOptions } from '#src/incident/suspects.ts';
import { beginTurn, loadWorld, type Turn } from '#src/incident/turn.ts';
import { adopt, decideFor, dueKeys, forgetOld, nextDue, observe } from '#src/incident/world.ts';
import type { Log } from '#src/log.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';

export interface KeeperOptions {
  readonly store: Store;
  readonly clusters: readonly Cluster[];
  readonly clock: Clock;
  /** Name of this replica, for the lease. */
  readonly holder: string;
  /** Asked each time, since the configuration may change while we run. */
  readonly settings: () => IncidentSettings;
  readonly clean: TextCleaning;
  readonly channelOf: (cluster: string) => string | undefined;
  /** Where commits are read; left out: nowhere. */
  readonly commits?: Pick<SuspectsOptions, 'git' | 'personOf'> | undefined;
  readonly log: Log;
  /** Called after cards were wished for, so that they are brought to Slack at once. */
  readonly onCards: () => void;
}

export interface Keeper {
  /** Something may be on the intake stream. */
  wake(): void;
  /** Runs until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether this replica is the one that keeps the incidents. */
  leads(): boolean;
}

export const keeperLease = 'keeper';
// short, so that a keeper that was killed is followed within the ten seconds that are promised
const leaseMs = 5_000;
const renewEveryMs = 1_500;
const idleMs = 1_000;
const retryMs = 1_000;

/**
 * Turns what the clusters and the webhooks say into incidents: one lease holder, one thing at a time. Each
 * write is fenced by the lease, so a holder that was paused past it can write nothing.
 */
export const createKeeper = (options: KeeperOptions): Keeper => {
  const { store, clusters, clock, holder, settings, clean, channelOf, log, onCards } = options;
  const { commits } = options;
  const bell = createBell(clock);
  let turn: Turn | undefined;
  const endedAfter = (): number => clock.now() - settings().reopenMs;

  const takeOver = async (token: number): Promise<Turn> => {
    const begun = await beginTurn({
      store,
      clusters,
      token,
      endedAfter: endedAfter(),
      now: clock.now(),
      reports: createReports({ store, clean }),
      opening: createOpening(store),
      catchUp: await createCatchUp(store, clock.now(), `${holder}-${token}`),
      suspects: createSuspects({
        git: undefined,
        personOf: () => undefined,
        ...commits,
        redact: clean.redact,
        clock,
        log,
        onNews: () => bell.ring(),
      }),
      onNews: () => bell.ring(),
    });
    begun.suspects.askOpen(begun.world);
    log.info(
      { holder, token, incidents: begun.world.incidents.size },
      'keeping the incidents from now on',
    );
    return begun;
  };

  const stepDown = (why: string): void => {
    turn?.stop();
    turn = undefined;
    log.warn({ holder }, why);
  };

  const write = (current: Turn, key: string, decision: Exclude<Decision, { kind: 'nothing' }>) => {
    const { world, token } = current;
    const writer = { store, channelOf, fence: { lease: keeperLease, token } };
    const now = clock.now();
    if (decision.kind === 'change') {
      const id = world.latest.get(key) ?? '';
      return changeIncident(writer, id, { ...decision.change, flap: decision.flap });
    }
    return current.opening.open(writer, decision, current.numbering, now);
  };

  const carryOut = async (current: Turn, key: string, decision: Decision): Promise<boolean> => {
    if (decision.kind === 'nothing') {
      return true;
    }
    const { world, token, reports, catchUp } = current;
    const written = await write(current, key, decision);
    if (written.kind === 'fenced') {
      return false;
    }
    if (written.kind === 'stale') {
      current.stale = true;
      return true;
    }
    if (decision.kind === 'open') {
      const { count, version } = current.numbering;
      current.numbering = { count: count + 1, version: version + 1 };
    }
    adopt(world, written.incident);
    current.suspects.ask(written.incident);
    const writer = { store, channelOf, fence: { lease: keeperLease, token } };
    catchUp.note(writer, written.incident);
    log.info(
      { incident: written.incident.id, state: written.incident.state, object: key },
      'incident written',
    );
    await reports.attach(writer, world, written.incident, clock.now());
    onCards();
    return true;
  };

  const settle = async (current: Turn, key: string): Promise<boolean> => {
    const { world } = current;
    const decision = decideFor(world, key, clock.now(), settings(), clean);
    let stored = false;
    try {
      const leading = await carryOut(current, key, decision);
      stored = !current.stale;
      return leading;
    } finally {
      if (!stored) {
        // decided again on what the store has then
        world.rechecks.set(key, clock.now());
      }
    }
  };

  const vanish = async (current: Turn, member: Member): Promise<boolean> => {
    const now = clock.now();
    const gone: Member = { ...member, standing: 'gone', since: now };
    const story = {
      id: `deleted/${member.cluster}/${member.uid}/${member.epoch}.${member.resourceVersion}`,
      at: now,
      kind: 'deleted' as const,
      object: keyOf(member),
      text: '',
    };
    const decision: Decision = {
      kind: 'change',
      change: { member: gone, story: [story], at: now },
      flap: false,
    };
    return carryOut(current, keyOf(member), decision);
  };

  const takeIn = (current: Turn): void => {
    const now = clock.now();
    for (const told of current.queue.splice(0)) {
      const epoch = told.epoch + (current.epochs.get(told.cluster) ?? 0);
      const { touched, vanished } = observe(current.world, { ...told, epoch }, now);
      for (const key of touched) {
        current.world.rechecks.set(key, now);
      }
      current.vanished.push(...vanished);
    }
  };

  const upkeep = async (
    { world, opening, catchUp, suspects }: Turn,
    writer: IncidentWriter,
  ): Promise<boolean> => {
    const answered = await suspects.take(writer, world, clock.now());
    if (answered.changed) {
      onCards();
    }
    const unrolled = await opening.unroll(writer, world.incidents.values(), clock.now());
    for (const written of unrolled) {
      if (written.kind === 'written') {
        adopt(world, written.incident);
        onCards();
      }
    }
    return (
      answered.done &&
      unrolled.every((written) => written.kind === 'written') &&
      (await catchUp.beat(writer, clock.now()))
    );
  };

  const decideAll = async (current: Turn): Promise<boolean> => {
    for (const key of dueKeys(current.world, clock.now())) {
      if (!(await settle(current, key))) {
        return false;
      }
      if (current.stale) {
        return true;
      }
    }
    for (let next = current.vanished[0]; next !== undefined; next = current.vanished[0]) {
      // one that was made again meanwhile has its own verdict
      const absent = !current.world.tracked.has(keyOf(next));
      if (absent && !(await vanish(current, next))) {
        return false;
      }
      current.vanished.shift();
    }
    return true;
  };

  const work = async (current: Turn): Promise<boolean> => {
    if (current.stale) {
      current.numbering = await loadWorld(store, current.world, endedAfter(), clock.now());
      current.stale = false;
      current.suspects.askOpen(current.world);
    }
    takeIn(current);
    if (!(await decideAll(current))) {
      return false;
    }
    const writer = { store, channelOf, fence: { lease: keeperLease, token: current.token } };
    const read = await current.reports.take(writer, current.world, clock.now());
    if (read.changed) {
      onCards();
    }
    if (!(await upkeep(current, writer))) {
      return false;
    }
    forgetOld(current.world, clock.now(), settings().reopenMs);
    return read.done;
  };

  const ensureTurn = async (): Promise<Turn | undefined> => {
    const lease = await store.lease(keeperLease, holder, leaseMs);
    if (!lease.held) {
      if (turn !== undefined) {
        stepDown('the lease went to another replica');
      }
      return undefined;
    }
    if (turn !== undefined && turn.token !== lease.token) {
      stepDown('the lease was lost and taken again');
    }
    if (turn === undefined) {
      turn = await takeOver(lease.token);
    }
    return turn;
  };

  const round = async (signal: AbortSignal): Promise<void> => {
    const current = await ensureTurn();
    const renewAt = clock.now() + renewEveryMs;
    if (current === undefined) {
      await bell.sleep(renewEveryMs, signal);
      return;
    }
    while (!signal.aborted && clock.now() < renewAt) {
      if (!(await work(current))) {
        stepDown('another replica keeps the incidents now');
        return;
      }
      const due = nextDue(current.world) ?? Number.POSITIVE_INFINITY;
      const pause = Math.min(due - clock.now(), renewAt - clock.now(), idleMs);
      if (current.queue.length === 0 && pause > 0) {
        await bell.sleep(pause, signal);
      }
    }
  };

  return {
    wake: () => bell.ring(),
    leads: () => turn !== undefined,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await round(signal);
        } catch (error) {
          if (isStoreUnavailable(error)) {
            log.warn({ holder }, 'the store does not answer; trying again');
            if (turn !== undefined) {
              turn.stale = true;
            }
          } else {
            log.error({ holder, error }, 'a round of keeping the incidents failed');
            stepDown('starting over');
          }
          await bell.sleep(retryMs, signal);
        }
      }
      turn?.stop();
      turn = undefined;
      await store.release(keeperLease, holder).catch((error: unknown) => {
        log.warn({ holder, error }, 'the lease could not be given back; it ends by itself');
      });
    },
  };
};
