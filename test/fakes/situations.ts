import type { FluxObject } from '#src/flux/object.ts';
import { printRef } from '#src/flux/ref.ts';
import { type Decision, decide } from '#src/incident/decide.ts';
import { type Incident, keyOf, type Member } from '#src/incident/incident.ts';
import { defaultIncidentSettings, type Situation } from '#src/incident/situation.ts';
import { follow, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject, type Phase } from '#test/fakes/flux-objects.ts';

export const postgres = { kind: 'Kustomization', namespace: 'data', name: 'postgres' } as const;
export const redis = { ...postgres, name: 'redis' } as const;
export const source = {
  kind: 'GitRepository',
  namespace: 'flux-system',
  name: 'platform',
} as const;
export const start = 1_000_000;
export const limitMs = 90_000; // of the fake's time-out, with slack

export const seen = (phases: readonly Phase[], change: Partial<FluxObject> = {}): Tracked => {
  const [first = 'healthy', ...rest] = phases;
  const at = (phase: Phase, index: number) => ({
    cluster: 'apps',
    epoch: 1,
    object: fluxObject(phase, { ...change, resourceVersion: String(index + 1) }),
  });
  return rest.reduce(
    (before, phase, index) => follow(before, at(phase, index + 1), start),
    follow(undefined, at(first, 0), start),
  );
};

/** The objects that are there, by name. */
export const world =
  (...targets: readonly Tracked[]): Situation['lookup'] =>
  (cluster, ref) =>
    targets.find((one) => one.cluster === cluster && printRef(one.object.ref) === printRef(ref));

export const decideOn = (tracked: Tracked, change: Partial<Situation> = {}): Decision =>
  decide({
    tracked,
    incident: undefined,
    now: start,
    settings: defaultIncidentSettings,
    lookup: world(),
    blindUntil: Number.NEGATIVE_INFINITY,
    clean: {
      redact: (text) => text.replace('hunter2', '[redacted]'),
      normalise: (text) => text.replace(/\d+/g, 'N'),
    },
    ...change,
  });

export const failing = seen(['healthy', 'failing']);

export const member = (change: Partial<Member> = {}): Member => ({
  cluster: 'apps',
  ref: failing.object.ref,
  uid: 'uid-1',
  epoch: 1,
  resourceVersion: '2',
  standing: 'failing',
  since: start,
  reason: 'ReconciliationFailed',
  message: 'field is immutable',
  failingSince: start,
  attempts: 1,
  path: './api',
  checksHealth: false,
  ...change,
});

export const incident = (
  known: Partial<Member> = {},
  change: Partial<Incident> = {},
): Incident => ({
  id: 'INC-1',
  state: 'open',
  cause: keyOf(member()),
  members: [member(known)],
  blocked: [],
  openedAt: start,
  flaps: 0,
  foundLate: false,
  rolledUp: false,
  story: [],
  ...change,
});

export const later = (ms: number): number => start + ms;
export const nothing = (recheckAt?: number): Decision => ({ kind: 'nothing', recheckAt });
