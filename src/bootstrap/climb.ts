import { isOn, type Ladder, type Rung } from '#src/bootstrap/ladder.ts';
import { type Snapshot, startOf } from '#src/bootstrap/snapshot.ts';
import { type Outcome, type Unit, unitPasses, unitsOf } from '#src/bootstrap/units.ts';

export interface RungResult {
  readonly name: string;
  readonly title: string;
  readonly budgetMs: number;
  readonly passed: number;
  readonly total: number;
  /** `unproven`: nothing stands against it, but something could not be looked at */
  readonly state: 'passed' | 'unproven' | 'blocked';
  readonly units: readonly Unit[];
}

/** How far one cluster has climbed. */
export interface Climb {
  readonly cluster: string;
  readonly at: number;
  readonly rungs: readonly RungResult[];
  /** rungs passed one after the other from the bottom */
  readonly reached: number;
  /** the first rung that something stands against; the root cause is what to look at first */
  readonly blocked: { readonly rung: RungResult; readonly cause: Unit } | undefined;
  readonly startedAt: number | undefined;
  /** since the cluster began; undefined when that is not known */
  readonly elapsedMs: number | undefined;
  /** how long the cause has stood, where it says so, and whether that is more than its rung may take */
  readonly blockedMs: number | undefined;
  readonly isLate: boolean;
  readonly budgetMs: number;
  readonly probes: number;
  /** units that could not be looked at, wherever they are */
  readonly unknown: readonly Unit[];
}

const climbRung = (rung: Rung, ladder: Ladder, snapshot: Snapshot): RungResult => {
  const units = rung.probes
    .filter((probe) => isOn(probe, snapshot.cluster))
    .flatMap((probe) => unitsOf(probe, ladder, snapshot));
  const open = units.filter((unit) => !unitPasses(unit));
  const isPassed = units.length > 0 && open.length === 0;
  const isUnproven = open.every(({ outcome }) => outcome === 'unknown');
  return {
    name: rung.name,
    title: rung.title,
    budgetMs: rung.budget,
    passed: units.length - open.length,
    total: units.length,
    state: isPassed ? 'passed' : isUnproven ? 'unproven' : 'blocked',
    units,
  };
};

// what fails for a reason of its own comes before what is merely not there yet, and that before what waits
const causeOrder: readonly Outcome[] = ['failed', 'missing', 'progressing', 'waiting'];

/** The unit that explains best why a rung is blocked; among equals the first probe, then the oldest. */
const causeOf = (rung: RungResult): Unit | undefined => {
  for (const outcome of causeOrder) {
    const candidates = rung.units.filter((unit) => unit.outcome === outcome);
    const [first] = candidates;
    if (first !== undefined) {
      return candidates
        .filter(({ probe }) => probe === first.probe)
        .reduce((oldest, unit) =>
          (unit.since ?? Infinity) < (oldest.since ?? Infinity) ? unit : oldest,
        );
    }
  }
  return undefined;
};

/**
 * Climbs the ladder with one snapshot of one cluster: every probe of every rung is judged, also above the
 * rung that blocks. Pure: the same ladder and snapshot give the same climb.
 * @param ladder - as {@link parseLadder} gave it, whole or with its first rungs only
 */
export const climb = (ladder: Ladder, snapshot: Snapshot): Climb => {
  const rungs = ladder.rungs.map((rung) => climbRung(rung, ladder, snapshot));
  const firstOpen = rungs.findIndex(({ state }) => state !== 'passed');
  const rung = rungs.find(({ state }) => state === 'blocked');
  const cause = rung && causeOf(rung);
  const startedAt = startOf(snapshot);
  const blockedMs = cause?.since === undefined ? undefined : Math.max(0, snapshot.at - cause.since);
  return {
    cluster: snapshot.cluster,
    at: snapshot.at,
    rungs,
    reached: firstOpen === -1 ? rungs.length : firstOpen,
    blocked: rung === undefined || cause === undefined ? undefined : { rung, cause },
    startedAt,
    elapsedMs: startedAt === undefined ? undefined : Math.max(0, snapshot.at - startedAt),
    blockedMs,
    isLate: rung !== undefined && blockedMs !== undefined && blockedMs > rung.budgetMs,
    budgetMs: rungs.reduce((sum, { budgetMs }) => sum + budgetMs, 0),
    probes: new Set(rungs.flatMap(({ units }) => units.map(({ probe }) => probe))).size,
    unknown: rungs.flatMap(({ units }) => units.filter(({ outcome }) => outcome === 'unknown')),
  };
};
