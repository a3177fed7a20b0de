import { checkObject, type Finding } from '#src/bootstrap/check.ts';
import type { Ladder, ObjectsProbe, Probe, Shape } from '#src/bootstrap/ladder.ts';
import {
  kindKey,
  nameOf,
  type PlainObject,
  type Snapshot,
  valueAt,
} from '#src/bootstrap/snapshot.ts';

/**
 * What one thing that a rung counts came to:
 * `warning` passes with a remark; `waiting` is held back by another object; `unknown` could not be looked at,
 * and never counts as passed.
 */
export type Outcome =
  | 'ok'
  | 'warning'
  | 'progressing'
  | 'missing'
  | 'waiting'
  | 'failed'
  | 'unknown';

export interface Unit {
  readonly probe: string;
  readonly outcome: Outcome;
  /** `ClusterSecretStore/onepassword`; a path; a signal */
  readonly subject: string;
  /** `Ready=False InvalidProviderConfig`; empty when all is well */
  readonly detail: string;
  /** the object's own words */
  readonly message: string;
  /** ms; since when it is so, where that is known */
  readonly since: number | undefined;
  readonly next: string | undefined;
}

const unitOf = (
  probe: Probe,
  cluster: string,
  outcome: Outcome,
  subject: string,
  more: {
    readonly detail?: string;
    readonly message?: string;
    readonly since?: number | undefined;
  } = {},
): Unit => ({
  probe: probe.name,
  outcome,
  subject,
  detail: more.detail ?? '',
  message: more.message ?? '',
  since: more.since,
  next: probe.next?.replaceAll('{cluster}', cluster),
});

const evidence = (finding: Finding) => ({
  detail: `${finding.looked}=${finding.found}${finding.stale ? ' (not yet for the current generation)' : ''}`,
  message: finding.message,
  since: finding.since,
});

const judge = (
  probe: ObjectsProbe,
  shape: Shape,
  object: PlainObject,
  snapshot: Snapshot,
): Unit => {
  const subject = nameOf(object.kind, object.metadata.namespace, object.metadata.name);
  const first = (checks: Shape['expect'], holds: boolean) =>
    checks
      .map((check) => checkObject(check, object, snapshot))
      .find((finding) => finding.holds === holds);
  const make = (outcome: Outcome, finding: Finding | undefined) =>
    unitOf(probe, snapshot.cluster, outcome, subject, finding && evidence(finding));
  const broken = first(shape.expect, false);
  if (broken === undefined) {
    const remark = first(shape.warnWhen, true);
    return make(remark === undefined ? 'ok' : 'warning', remark);
  }
  const held = first(shape.waitingWhen, true);
  if (held !== undefined) {
    return make('waiting', held);
  }
  const failed = first(shape.failedWhen, true);
  return failed === undefined ? make('progressing', broken) : make('failed', failed);
};

const isSelected = (probe: ObjectsProbe, object: PlainObject): boolean => {
  const { namespace, labels = {} } = probe.objects;
  return (
    (namespace === undefined || object.metadata.namespace === namespace) &&
    Object.entries(labels).every(
      ([key, value]) => valueAt(object, ['metadata', 'labels', key]) === value,
    )
  );
};

/** Nothing there is never well by itself: a probe that may find nothing says `count: 0`. */
const wantedCount = (probe: ObjectsProbe, cluster: string): number => {
  const { count = 1 } = probe.objects;
  return typeof count === 'number' ? count : (count[cluster] ?? 1);
};

const unreadable = (
  answer: { readonly type: string; readonly detail: string } | undefined,
): string => {
  if (answer === undefined) {
    return 'was not read';
  }
  return answer.type === 'forbidden' ? `not allowed: ${answer.detail}` : answer.detail;
};

const agreement = (probe: ObjectsProbe, objects: readonly PlainObject[], snapshot: Snapshot) =>
  (probe.agree ?? []).flatMap((path) => {
    const values = new Set(objects.map((object) => String(JSON.stringify(valueAt(object, path)))));
    const subject = `${probe.objects.kind} ${path.join('.')}`;
    if (objects.length === 0) {
      return [];
    }
    return values.size === 1
      ? [unitOf(probe, snapshot.cluster, 'ok', subject)]
      : [
          unitOf(probe, snapshot.cluster, 'progressing', subject, {
            detail: `differs: ${[...values].join(', ')}`,
          }),
        ];
  });

const objectsUnits = (probe: ObjectsProbe, shape: Shape, snapshot: Snapshot): readonly Unit[] => {
  const { cluster } = snapshot;
  const { kind, namespace, suffix = '' } = probe.objects;
  const names = probe.objects.names?.map((name) => name + suffix);
  const listing = snapshot.listings.get(kindKey(probe.objects));
  const subjects = names?.map((name) => nameOf(kind, namespace, name)) ?? [
    nameOf(kind, namespace, '*'),
  ];
  if (listing === undefined || listing.type === 'forbidden' || listing.type === 'unreachable') {
    const detail = unreadable(listing);
    return subjects.map((subject) => unitOf(probe, cluster, 'unknown', subject, { detail }));
  }
  if (listing.type === 'not-served') {
    const detail = `the cluster does not know ${kind} yet`;
    return names === undefined && wantedCount(probe, cluster) === 0
      ? []
      : subjects.map((subject) => unitOf(probe, cluster, 'missing', subject, { detail }));
  }
  const objects = listing.objects.filter((object) => isSelected(probe, object));
  if (names === undefined) {
    const absent = Math.max(0, wantedCount(probe, cluster) - objects.length);
    return [
      ...objects.map((object) => judge(probe, shape, object, snapshot)),
      ...Array.from({ length: absent }, () =>
        unitOf(probe, cluster, 'missing', nameOf(kind, namespace, '*'), {
          detail: `${objects.length} of ${wantedCount(probe, cluster)} are there`,
        }),
      ),
      ...agreement(probe, objects, snapshot),
    ];
  }
  const named = names.flatMap(
    (name) => objects.find(({ metadata }) => metadata.name === name) ?? [],
  );
  return [
    ...names.map((name, at) => {
      const object = objects.find(({ metadata }) => metadata.name === name);
      return object === undefined
        ? unitOf(probe, cluster, 'missing', subjects[at] ?? name, { detail: 'is not there' })
        : judge(probe, shape, object, snapshot);
    }),
    ...agreement(probe, named, snapshot),
  ];
};

const endpointUnit = (probe: Extract<Probe, { endpoint: string }>, snapshot: Snapshot): Unit => {
  const answer = snapshot.endpoints.get(probe.endpoint);
  const unit = (outcome: Outcome, detail: string) =>
    unitOf(probe, snapshot.cluster, outcome, probe.endpoint, { detail });
  if (answer?.type === 'status') {
    return answer.code === 200 ? unit('ok', '') : unit('progressing', `answered ${answer.code}`);
  }
  return unit('unknown', unreadable(answer));
};

const signalUnit = (probe: Extract<Probe, { signal: string }>, snapshot: Snapshot): Unit => {
  const unit = (outcome: Outcome, detail: string, since?: number) =>
    unitOf(probe, snapshot.cluster, outcome, probe.signal, { detail, since });
  if (!snapshot.signals.has(probe.signal)) {
    return unit('unknown', 'only the running bot can know');
  }
  const seen = snapshot.signals.get(probe.signal);
  if (seen === undefined) {
    return unit('missing', 'was never seen');
  }
  return snapshot.at - seen <= probe.within
    ? unit('ok', '')
    : unit('failed', 'was last seen too long ago', seen);
};

/** Everything one probe counts on this cluster, judged. */
export const unitsOf = (probe: Probe, ladder: Ladder, snapshot: Snapshot): readonly Unit[] => {
  if ('endpoint' in probe) {
    return [endpointUnit(probe, snapshot)];
  }
  if ('signal' in probe) {
    return [signalUnit(probe, snapshot)];
  }
  const shape = ladder.shapes[probe.shape];
  if (shape === undefined) {
    throw new Error(`the ladder was not parsed: shape ${probe.shape} is not there`);
  }
  return objectsUnits(probe, shape, snapshot);
};

export const unitPasses = ({ outcome }: Unit): boolean => outcome === 'ok' || outcome === 'warning';
