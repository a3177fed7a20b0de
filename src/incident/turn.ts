import type { Cluster, Observation } from '#src/cluster/cluster.ts';
import type { CatchUp } from '#src/incident/catch-up.ts';
import type { Member } from '#src/incident/incident.ts';
import type { Opening } from '#src/incident/opening.ts';
import {
  loadIncidents,
  type Numbering,
  readNumbering,
  type Unreadable,
} from '#src/incident/records.ts';
import type { Reports } from '#src/incident/reports.ts';
import type { Suspects } from '#src/incident/suspects.ts';
import { adopt, createWorld, type World } from '#src/incident/world.ts';
import type { Store } from '#src/store/store.ts';

/** What a replica has in mind from the moment it leads until it does no longer. */
export interface Turn {
  readonly world: World;
  numbering: Numbering;
  /** The store may have more than we know: a write of ours may have been carried out unanswered. */
  stale: boolean;
  /**
   * What is added to a cluster's epochs. They are counted by each process for itself; those of a turn
   * come after all that the store has, so that versions are compared within one turn only.
   */
  readonly epochs: ReadonlyMap<string, number>;
  readonly reports: Reports;
  readonly opening: Opening;
  readonly catchUp: CatchUp;
  readonly suspects: Suspects;
  readonly token: number;
  readonly queue: Observation[];
  readonly vanished: Member[];
  /** There is more on the intake stream. */
  unread: boolean;
  /** Incidents whose cards could not be moved, and until when (ms) they are left alone. */
  readonly resting: Map<string, number>;
  readonly stop: () => void;
}

const lastEpochs = (world: World): ReadonlyMap<string, number> => {
  const last = new Map<string, number>();
  for (const { members } of world.incidents.values()) {
    for (const { cluster, epoch } of members) {
      last.set(cluster, Math.max(last.get(cluster) ?? 0, epoch));
    }
  }
  return last;
};

/** Takes in the incidents as the store has them. */
export const loadWorld = async (
  store: Store,
  world: World,
  endedAfter: number,
  now: number,
  unreadable: Unreadable,
): Promise<Numbering> => {
  // the counter first: whatever is opened after it was read shows when we open one ourselves
  const numbering = await readNumbering(store);
  const stored = await loadIncidents(store, endedAfter, unreadable);
  world.incidents.clear();
  world.latest.clear();
  for (const { incident } of stored) {
    adopt(world, incident);
  }
  for (const key of world.latest.keys()) {
    world.rechecks.set(key, now);
  }
  return numbering;
};

/** What the caches hold, as if it were told now. */
const held = (cluster: Cluster): readonly Observation[] => {
  const common = { cluster: cluster.name, epoch: cluster.epoch() };
  return [
    ...cluster.objects().map((object) => ({ type: 'object' as const, ...common, object })),
    // lists that were complete before we listened: what is not in them is gone
    ...cluster.freshness().listed.map((kind) => ({
      type: 'listed' as const,
      ...common,
      kind,
    })),
  ];
};

interface TurnOptions {
  readonly store: Store;
  readonly clusters: readonly Cluster[];
  /** Of the lease. */
  readonly token: number;
  /** Which ended incidents are needed, ms. */
  readonly endedAfter: number;
  readonly now: number;
  readonly reports: Reports;
  readonly opening: Opening;
  readonly catchUp: CatchUp;
  readonly suspects: Suspects;
  readonly onNews: () => void;
  readonly unreadable: Unreadable;
}

/**
 * Begins a turn: everything that the store and the caches have.
 * @throws when the store is unavailable; nothing is listened to then
 */
export const beginTurn = async (options: TurnOptions): Promise<Turn> => {
  const { store, clusters, token, endedAfter, now, suspects, onNews } = options;
  const { reports, opening, catchUp, unreadable } = options;
  const queue: Observation[] = [];
  // listen first, load after: nothing falls between the two
  const stops = clusters.map((cluster) =>
    cluster.subscribe((observation) => {
      queue.push(observation);
      onNews();
    }),
  );
  const stop = (): void => {
    for (const one of stops) {
      one();
    }
    suspects.stop();
  };
  const world = createWorld();
  try {
    const numbering = await loadWorld(store, world, endedAfter, now, unreadable);
    queue.push(...clusters.flatMap(held));
    const epochs = lastEpochs(world);
    return {
      world,
      numbering,
      stale: false,
      epochs,
      token,
      queue,
      vanished: [],
      unread: false,
      resting: new Map(),
      stop,
      reports,
      opening,
      catchUp,
      suspects,
    };
  } catch (error) {
    stop();
    throw error;
  }
};
