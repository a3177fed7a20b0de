import type { Check, ConditionCheck, FieldCheck } from '#src/bootstrap/ladder.ts';
import { conditionIn, kindKey, type Snapshot, timeOf, valueAt } from '#src/bootstrap/snapshot.ts';

/** What was looked at and what it said: the evidence of a verdict. */
export interface Finding {
  readonly holds: boolean;
  /** `Ready`, `status.ceph.health` */
  readonly looked: string;
  /** `False InvalidProviderConfig`, `HEALTH_WARN`, `absent` */
  readonly found: string;
  /** the condition's own message */
  readonly message: string;
  /** ms; since when it is as found */
  readonly since: number | undefined;
  /** the status is older than what is wanted now */
  readonly stale: boolean;
}

const say = (value: unknown): string => {
  if (value === undefined || value === null) {
    return 'absent';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const isStale = (object: unknown, generation: number | undefined): boolean => {
  const wanted = valueAt(object, ['metadata', 'generation']);
  return typeof wanted === 'number' && generation !== undefined && generation < wanted;
};

const checkCondition = (check: ConditionCheck, object: unknown): Finding => {
  const looked = check.condition;
  const condition = conditionIn(object, check.condition);
  if (condition === undefined) {
    return { holds: false, looked, found: 'absent', message: '', since: undefined, stale: false };
  }
  const { status, reason, message, since, generation } = condition;
  const stale = isStale(object, generation);
  const holds =
    !stale &&
    status === check.status &&
    (check.reasons?.includes(reason) ?? true) &&
    !(check.exceptReasons?.includes(reason) ?? false);
  return { holds, looked, found: `${status} ${reason}`.trim(), message, since, stale };
};

const same = (one: unknown, other: unknown): boolean =>
  one !== undefined && JSON.stringify(one) === JSON.stringify(other);

const otherValue = (
  { object, field }: NonNullable<FieldCheck['sameAs']>,
  snapshot: Snapshot,
): unknown => {
  const listing = snapshot.listings.get(kindKey(object));
  const found =
    listing?.type === 'objects'
      ? listing.objects.find(
          ({ metadata }) =>
            metadata.name === object.name &&
            (object.namespace === undefined || metadata.namespace === object.namespace),
        )
      : undefined;
  return valueAt(found, field);
};

const fieldHolds = (
  check: FieldCheck,
  value: unknown,
  object: unknown,
  snapshot: Snapshot,
): boolean => {
  const time = timeOf(value);
  if (check.equals !== undefined) return value === check.equals;
  if (check.in !== undefined) return check.in.some((each) => each === value);
  if (check.matches !== undefined)
    return typeof value === 'string' && new RegExp(check.matches, 'u').test(value);
  if (check.atLeast !== undefined) return typeof value === 'number' && value >= check.atLeast;
  if (check.isSet !== undefined) return (value !== undefined && value !== null) === check.isSet;
  if (check.sameField !== undefined) return same(value, valueAt(object, check.sameField));
  if (check.sameAs !== undefined) return same(value, otherValue(check.sameAs, snapshot));
  if (check.within !== undefined) return time !== undefined && snapshot.at - time <= check.within;
  return time !== undefined && time > snapshot.at === (check.isFuture ?? true);
};

const checkField = (check: FieldCheck, object: unknown, snapshot: Snapshot): Finding => {
  const value = valueAt(object, check.field);
  const generation = valueAt(object, ['status', 'observedGeneration']);
  const stale =
    check.field[0] === 'status' &&
    isStale(object, typeof generation === 'number' ? generation : undefined);
  return {
    holds: !stale && fieldHolds(check, value, object, snapshot),
    looked: check.field.join('.'),
    found: say(value),
    message: '',
    since: undefined,
    stale,
  };
};

/** Judges one check over one object (or one entry of a list in it). */
export const checkObject = (check: Check, object: unknown, snapshot: Snapshot): Finding => {
  if ('condition' in check) {
    return checkCondition(check, object);
  }
  if ('field' in check) {
    return checkField(check, object, snapshot);
  }
  const list = valueAt(object, check.each);
  const looked = check.each.join('.');
  if (!Array.isArray(list) || list.length === 0) {
    return { holds: false, looked, found: 'absent', message: '', since: undefined, stale: false };
  }
  const findings = list.flatMap((entry: unknown) =>
    check.expect.map((each) => checkObject(each, entry, snapshot)),
  );
  const broken = findings.find(({ holds }) => !holds);
  return broken === undefined
    ? {
        holds: true,
        looked,
        found: `${list.length} as wanted`,
        message: '',
        since: undefined,
        stale: false,
      }
    : { ...broken, looked: `${looked}[].${broken.looked}` };
};
