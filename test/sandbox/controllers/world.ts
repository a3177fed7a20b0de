import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type JsonRecord, recordAt, without } from '#test/sandbox/api/json.ts';
import { apiVersionOf, type ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';
import { scopedClock, sleep } from '#test/sandbox/clock.ts';
import {
  conditionsOf,
  type NewCondition,
  withConditions,
} from '#test/sandbox/controllers/conditions.ts';

/** The settings of the controllers; the defaults are Flux's own. */
export interface ControllerSettings {
  /** `--requeue-dependency`; the recordings used 5 s. */
  readonly requeueDependencyMs: number;
  /** `--rate-limit-interval` of notification-controller. */
  readonly rateLimitMs: number;
  /** How often a health check looks. */
  readonly healthPollMs: number;
  /** How long a new pod takes to be ready. */
  readonly podStartMs: number;
  /** Numbers from 0 to 1, for the parts of messages that differ each time. */
  readonly random: () => number;
  /** What a regular interval becomes; Flux spreads it by 5 %. */
  readonly jitter: (ms: number) => number;
  /** How long after a new artifact the queue of kustomize-controller comes to an object. */
  readonly turnMs: (kustomization: Ref, revision: string) => number;
}

export const defaultSettings: ControllerSettings = {
  requeueDependencyMs: 30_000,
  rateLimitMs: 300_000,
  healthPollMs: 5_000,
  podStartMs: 900,
  random: Math.random,
  jitter: (ms) => ms * (0.95 + Math.random() * 0.1),
  turnMs: () => 9,
};

/** Chance that repeats itself: the same seed, the same numbers. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export interface Ref {
  readonly namespace: string;
  readonly name: string;
}

export const refOf = (object: KubeObject): Ref => ({
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

export interface StatusChange {
  readonly set?: readonly NewCondition[];
  readonly remove?: readonly string[];
  /** Fields of status besides conditions; undefined removes. */
  readonly fields?: JsonRecord;
}

/** What every controller works with: one cluster, its clock and the settings. */
export const createWorld = (server: ApiServer, settings: ControllerSettings) => {
  const clock = scopedClock(server.clock);

  const kindNamed = (group: string, kind: string): ResourceKind => {
    const found = server.kinds.all().find((one) => one.group === group && one.kind === kind);
    if (found === undefined) {
      throw new Error(`the sandbox serves no ${kind} of ${group}`);
    }
    return found;
  };

  const read = (kind: ResourceKind, ref: Ref): KubeObject | undefined =>
    server.storage.read(kind, kind.namespaced ? ref.namespace : undefined, ref.name);

  /**
   * Writes a status as the controllers of Flux do, in up to two patches: conditions first, then the rest.
   * @returns the object as it is then; undefined when it is gone
   */
  const patchStatus = (
    kind: ResourceKind,
    ref: Ref,
    manager: string,
    change: StatusChange,
    pauseMs = 5,
  ): Promise<KubeObject | undefined> => patchBoth(kind, ref, manager, change, pauseMs);

  const patchOne = (
    kind: ResourceKind,
    ref: Ref,
    manager: string,
    status: (object: KubeObject) => JsonRecord,
  ): KubeObject | undefined => {
    const live = read(kind, ref);
    if (live === undefined) {
      return undefined;
    }
    const next = Object.fromEntries(
      Object.entries(status(live)).filter(([, value]) => value !== undefined),
    );
    return server.api.replace(kind, { ...live, status: next }, { manager, subresource: 'status' });
  };

  const patchBoth = async (
    kind: ResourceKind,
    ref: Ref,
    manager: string,
    change: StatusChange,
    pauseMs: number,
  ): Promise<KubeObject | undefined> => {
    const { set = [], remove = [], fields = {} } = change;
    let object = read(kind, ref);
    if (set.length > 0 || remove.length > 0) {
      object = patchOne(kind, ref, manager, (live) => ({
        ...recordAt(live, 'status'),
        conditions: withConditions(
          conditionsOf(live),
          set,
          remove,
          live.metadata.generation ?? 0,
          clock.now(),
        ),
      }));
    }
    if (Object.keys(fields).length > 0 && object !== undefined) {
      await sleep(clock, pauseMs);
      object = patchOne(kind, ref, manager, (live) => ({
        ...without(recordAt(live, 'status'), ...Object.keys(fields)),
        ...fields,
      }));
    }
    return object;
  };

  /** Adds or takes Flux's finalizer. */
  const setFinalizer = (kind: ResourceKind, ref: Ref, manager: string, present: boolean): void => {
    const live = read(kind, ref);
    if (live === undefined) {
      return;
    }
    const others = (live.metadata.finalizers ?? []).filter((one) => one !== fluxFinalizer);
    const finalizers = present ? [...others, fluxFinalizer] : others;
    const metadata =
      finalizers.length === 0
        ? (without(live.metadata, 'finalizers') as KubeObject['metadata'])
        : { ...live.metadata, finalizers };
    server.api.replace(kind, { ...live, metadata }, { manager });
  };

  const failures: string[] = [];

  /** A duration as measured: what the clock says, and some nanoseconds nobody can foresee. */
  const measured = (sinceMs: number): number => clock.now() - sinceMs + settings.random();

  return {
    server,
    clock,
    settings,
    kindNamed,
    read,
    patchStatus,
    setFinalizer,
    measured,
    /** Passes that ended in an error of their own, which no real controller was seen to have. */
    failures: (): readonly string[] => [...failures],
    noteFailure: (what: string, error: unknown): void => {
      failures.push(
        `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    },
    /** Ends all that waits for its time; the controllers are not started again. */
    stop: clock.stop,
    pause: (ms: number): Promise<void> => sleep(clock, ms),
    apiVersion: apiVersionOf,
  };
};

export const fluxFinalizer = 'finalizers.fluxcd.io';

export type World = ReturnType<typeof createWorld>;
