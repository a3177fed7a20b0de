import { isRecord, type KubeObject, listAt, textAt } from '#test/sandbox/api/json.ts';
import { timestamp } from '#test/sandbox/clock.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export type NewCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionsOf = (object: KubeObject | undefined): readonly Condition[] =>
  listAt(object, 'status', 'conditions').filter(isRecord) as unknown as readonly Condition[];

export const conditionOf = (object: KubeObject | undefined, type: string): Condition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

// as Flux sorts them: what is abnormal first, then the summary
const order = ['Stalled', 'Reconciling', 'Ready'];

const rank = (type: string): number => {
  const known = order.indexOf(type);
  return known < 0 ? order.length : known;
};

/** Sets and removes conditions; the time moves when status, reason or message does, as Flux has it. */
export const withConditions = (
  before: readonly Condition[],
  set: readonly NewCondition[],
  remove: readonly string[],
  generation: number,
  nowMs: number,
): readonly Condition[] => {
  const kept = before.filter(
    ({ type }) => !remove.includes(type) && !set.some((one) => one.type === type),
  );
  const made = set.map((one): Condition => {
    const old = before.find(({ type }) => type === one.type);
    const same =
      old?.status === one.status && old.reason === one.reason && old.message === one.message;
    return {
      lastTransitionTime: same ? old.lastTransitionTime : timestamp(nowMs),
      message: one.message,
      observedGeneration: generation,
      reason: one.reason,
      status: one.status,
      type: one.type,
    };
  });
  return [...made, ...kept].toSorted((left, right) => {
    const byRank = rank(left.type) - rank(right.type);
    return byRank === 0 ? placeOf(before, left) - placeOf(before, right) : byRank;
  });
};

const placeOf = (before: readonly Condition[], condition: Condition): number => {
  const index = before.findIndex(({ type }) => type === condition.type);
  return index < 0 ? before.length : index;
};

/** The token of a request that is still to be handled or has been, as the annotation says it. */
export const requestedAt = (object: KubeObject): string | undefined =>
  object.metadata.annotations?.['reconcile.fluxcd.io/requestedAt'];

export const isSuspended = (object: KubeObject): boolean =>
  isRecord(object['spec']) && object['spec']['suspend'] === true;

export const isReady = (object: KubeObject | undefined): boolean =>
  conditionOf(object, 'Ready')?.status === 'True';

export const generationOf = (object: KubeObject): number => object.metadata.generation ?? 0;

export const observedGenerationOf = (object: KubeObject | undefined): number => {
  const status = isRecord(object?.['status']) ? object['status'] : {};
  return typeof status['observedGeneration'] === 'number' ? status['observedGeneration'] : -1;
};

export const statusText = (object: KubeObject | undefined, key: string): string | undefined =>
  textAt(object, 'status', key);

/** The status field that says which request a pass handled; none when there was none that is new. */
export const handledBy = (object: KubeObject): Readonly<Record<string, string>> => {
  const token = requestedAt(object);
  return token === undefined || token === statusText(object, 'lastHandledReconcileAt')
    ? {}
    : { lastHandledReconcileAt: token };
};
