import type { Clock } from '#src/clock.ts';
import type { Cluster } from '#src/cluster/cluster.ts';
import type { Decision } from '#src/incident/decide.ts';
import { type Incident, keyOf, type Member } from '#src/incident/incident.ts';
import { dueToMove, dueToUnroll, move, unroll } from '#src/incident/opening.ts';
import { changeIncident, type IncidentWriter, type Unreadable } from '#src/incident/records.ts';
import type { IncidentSettings, TextCleaning } from '#src/incident/situation.ts';
import type { SuspectsOptions } from '#src/incident/suspects.ts';
import { keeperLease, type Tenure } from '#src/incident/tenure.ts';
import { loadWorld, type Turn } from '#src/incident/turn.ts';
import { adopt, decideFor, dueKeys, forgetOld, observe } from '#src/incident/world.ts';
import type { Log } from '#src/log.ts';
import { isolated, restMs } from '#src/store/isolated.ts';
import type { Store } from '#src/store/store.ts';

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

/** One round of the work of whoever keeps the incidents: what is told is taken in, decided and written. */
export const createKeeping = (options: KeeperOptions, tenure: Pick<Tenure, 'stands'>) => {
  const { store, clusters, clock, holder, settings, clean, channelOf, log, onCards } = options;
  const endedAfter = (): number => clock.now() - settings().reopenMs;

  const unreadable: Unreadable = (incident, error) =>
    log.error({ incident, error }, 'an incident cannot be read; the others are kept');

  const writerOf = ({ token }: Turn): IncidentWriter => ({
    store,
    channelOf,
    fence: { lease: keeperLease, token },
    stillLeads: () => tenure.stands(token),
  });

  const write = (current: Turn, key: string, decision: Exclude<Decision, { kind: 'nothing' }>) => {
    const { world } = current;
    const writer = writerOf(current);
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
    const { world, reports, catchUp } = current;
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
    const writer = writerOf(current);
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

  /** @returns what `work` did; true where it failed unexpectedly, which keeps nobody else waiting */
  const apart = (
    restUntil: { set(what: string, until: number): void },
    what: string,
    work: () => Promise<boolean>,
  ): Promise<boolean> =>
    isolated(work, (error) => {
      log.error({ holder, what, error }, 'this failed unexpectedly and is tried again in a minute');
      restUntil.set(what, clock.now() + restMs);
      return true;
    });

  type Rehouse = typeof unroll | typeof move;
  const rehouse = async (current: Turn, incident: Incident, carry: Rehouse): Promise<boolean> => {
    const written = await carry(writerOf(current), incident, clock.now());
    if (written.kind === 'written') {
      adopt(current.world, written.incident);
      onCards();
    }
    current.stale ||= written.kind === 'stale';
    return written.kind !== 'fenced';
  };

  /** Gives those a card of their own, or in another channel, that are due for it. */
  const rehouseAll = async (current: Turn): Promise<boolean> => {
    const incidents = [...current.world.incidents.values()];
    const due = [
      ...dueToUnroll(incidents, clock.now()).map((incident) => [incident, unroll] as const),
      ...dueToMove(incidents, channelOf).map((incident) => [incident, move] as const),
    ];
    const { resting } = current;
    for (const [incident, carry] of due) {
      const { id } = incident;
      if ((resting.get(id) ?? 0) > clock.now()) {
        continue;
      }
      resting.delete(id);
      if (!(await apart(resting, id, () => rehouse(current, incident, carry)))) {
        return false;
      }
    }
    return true;
  };

  const upkeep = async (current: Turn, writer: IncidentWriter): Promise<boolean> => {
    const answered = await current.suspects.take(writer, current.world, clock.now());
    if (answered.changed) {
      onCards();
    }
    return (
      answered.done &&
      (await rehouseAll(current)) &&
      (await current.catchUp.beat(writer, clock.now()))
    );
  };

  const decideAll = async (current: Turn): Promise<boolean> => {
    const { rechecks } = current.world;
    for (const key of dueKeys(current.world, clock.now())) {
      if (!(await apart(rechecks, key, () => settle(current, key)))) {
        return false;
      }
      if (current.stale) {
        return true;
      }
    }
    for (let next = current.vanished[0]; next !== undefined; next = current.vanished[0]) {
      const member = next;
      const key = keyOf(member);
      // one that was made again meanwhile has its own verdict
      const absent = !current.world.tracked.has(key);
      if (absent && !(await apart(rechecks, key, () => vanish(current, member)))) {
        return false;
      }
      current.vanished.shift();
    }
    return true;
  };

  /** @returns false once another replica keeps the incidents */
  const work = async (current: Turn): Promise<boolean> => {
    if (current.stale) {
      const { world } = current;
      current.numbering = await loadWorld(store, world, endedAfter(), clock.now(), unreadable);
      current.stale = false;
      current.suspects.askOpen(current.world);
    }
    // first: what is told after a break is told after it is known that there was one
    current.world.sight.look(clusters, clock.now());
    takeIn(current);
    if (!(await decideAll(current))) {
      return false;
    }
    const writer = writerOf(current);
    const read = await current.reports.take(writer, current.world, clock.now());
    if (read.changed) {
      onCards();
    }
    current.unread = read.more;
    if (!(await upkeep(current, writer))) {
      return false;
    }
    forgetOld(current.world, clock.now(), settings().reopenMs);
    return read.done;
  };

  return { work, endedAfter, unreadable };
};
