import { createHash } from 'node:crypto';
import type { Reply } from '#src/command/dispatch.ts';
import { createVirtualClock } from '#src/entry/replay/clock.ts';
import { printRef } from '#src/flux/ref.ts';
import { requestedAt } from '#src/flux/request.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import type { Store } from '#src/store/store.ts';
import { createFakeSlack } from '#test/fakes/slack.ts';
import { between } from '#test/faults/chance.ts';
import { createFluxCluster, type FluxCluster } from '#test/faults/flux.ts';
import { createPlatform } from '#test/faults/git.ts';
import { type Remains, violationsOf } from '#test/faults/invariants.ts';
import type { Surface } from '#test/faults/process.ts';
import {
  clusterNames,
  type Replica,
  type Sabotage,
  startReplica,
  team,
} from '#test/faults/replica.ts';
import { createSender, lengthMs, play } from '#test/faults/scenario.ts';
import { drawnSchedule, type Fault, givenSchedule } from '#test/faults/schedule.ts';
import { createWakeupExchange } from '#test/faults/wakeups.ts';

export interface Simulation {
  readonly seed: number;
  /** Just these instead of those that chance draws. */
  readonly faults?: readonly Fault[];
  readonly sabotage?: Sabotage;
  /** Takes each line of the trace. */
  readonly onTrace?: (line: string) => void;
}

export interface Outcome {
  /** What was not as promised; nothing when all was well. */
  readonly violations: readonly string[];
  readonly fired: readonly Fault[];
  /** The same for the same seed and faults. */
  readonly trace: string;
}

const startedAt = Date.parse('2026-11-24T08:00:00Z');
/** How long the bot has to set everything right once the faults are over, ms. */
const quietMs = 120_000;
const places = ['a', 'b'] as const;
const widestSkewMs = 5 * 60_000;

const keepingKeys = (store: Store, keys: Set<string>): Store => ({
  ...store,
  commit: (batch) => {
    for (const { key } of batch.put ?? []) {
      keys.add(key);
    }
    return store.commit(batch);
  },
});

/** Counts the patches that the API server took, by object and token. */
const countingPatches = (cluster: FluxCluster, patches: Map<string, number>): FluxCluster => {
  const { server } = cluster;
  return {
    ...cluster,
    server: {
      ...server,
      annotate: async (ref, annotations, lock) => {
        const result = await server.annotate(ref, annotations, lock);
        const token = annotations[requestedAt];
        if (result.ok && typeof token === 'string') {
          const name = `${server.name} ${printRef(ref)} ${token}`;
          patches.set(name, (patches.get(name) ?? 0) + 1);
        }
        return result;
      },
    },
  };
};

/** Runs one simulation to its end; nothing in it depends on real time or real chance. */
export const simulate = async ({
  seed,
  faults,
  sabotage = {},
  onTrace,
}: Simulation): Promise<Outcome> => {
  const clock = createVirtualClock(startedAt);
  const schedule = faults === undefined ? drawnSchedule(seed, lengthMs) : givenSchedule(faults);
  const hash = createHash('sha256');
  const trace = (line: string): void => {
    const timed = `${clock.now() - startedAt} ${line}`;
    hash.update(timed);
    onTrace?.(timed);
  };
  const surface: Surface = { clock, startedAt, seed, schedule, trace };
  const errors: string[] = [];
  const keys = new Set<string>();
  const replies: Reply[] = [];
  const patches = new Map<string, number>();
  const skew = (name: string) => between(`${seed}/skew/${name}`, -widestSkewMs, widestSkewMs);
  const storeSkew = skew('store');
  const store = keepingKeys(
    createMemoryStore({ clock: { now: () => clock.now() + storeSkew } }),
    keys,
  );
  const slack = createFakeSlack({ clock });
  slack.addPerson({ team, user: 'U1', name: 'robin', kind: 'member' });
  slack.setHistoryDelay(between(`${seed}/history`, 0, 1) * 1_500);

  const wakeups = createWakeupExchange(surface);
  const replicas = new Map<string, Replica>();
  const up = (): readonly Replica[] =>
    [...replicas.values()].filter(({ process }) => process.alive());
  const sender = createSender(seed, clock, up);
  const platform = createPlatform();
  const clusters = clusterNames.map((name) =>
    countingPatches(createFluxCluster({ name, clock, seed, onEvent: sender, platform }), patches),
  );

  const startAt = (place: string, generation: number): void => {
    const name = `${place}${generation}`;
    trace(`${name} starts`);
    const restart = (ms: number): void => {
      trace(`${name} died`);
      void clock.wait(ms).then(() => startAt(place, generation + 1));
    };
    const replica = startReplica({
      name,
      skewMs: skew(name),
      surface,
      store,
      slack,
      git: platform.git,
      clusters,
      wakeups,
      sabotage,
      onError: (what) => errors.push(what),
      onCrash: restart,
    });
    replicas.set(place, replica);
  };

  const unhandled = (error: unknown): void => {
    errors.push(`not handled: ${error instanceof Error ? error.stack : String(error)}`);
  };
  process.on('unhandledRejection', unhandled);
  try {
    for (const place of places) {
      startAt(place, 1);
    }
    play({ seed, clock, clusters, replicas: up, onAnswer: (reply) => replies.push(reply) });
    await clock.advanceTo(startedAt + lengthMs);

    schedule.calm();
    trace('quiet');
    for (const { process: one } of up()) {
      one.resume();
    }
    for (const cluster of clusters) {
      void cluster.passAll();
    }
    const remains: Remains = { store, keys, slack, clusters, replies, patches };
    let violations: readonly string[] = [];
    for (let at = 20_000; at <= quietMs; at += 20_000) {
      await clock.advanceTo(startedAt + lengthMs + at);
      violations = await violationsOf(remains);
      if (violations.length === 0) {
        break;
      }
    }
    for (const { process: one } of replicas.values()) {
      one.kill();
    }
    return {
      violations: [...errors, ...violations],
      fired: schedule.fired(),
      trace: hash.digest('hex'),
    };
  } finally {
    process.off('unhandledRejection', unhandled);
  }
};
