import { type Incident, keyOf, type Member } from '#src/incident/incident.ts';

const ref = { kind: 'Kustomization', namespace: 'media', name: 'plex' } as const;

/** A member of an incident, failing unless said. */
export const member = (change: Partial<Member> = {}): Member => ({
  cluster: 'infra',
  ref,
  uid: 'uid-1',
  epoch: 1,
  resourceVersion: '10',
  standing: 'failing',
  since: Date.parse('2026-11-24T11:30:00Z'),
  reason: 'HealthCheckFailed',
  message:
    "health check failed after 5m: timeout waiting for: [Deployment/media/plex status: 'InProgress']",
  failingSince: Date.parse('2026-11-24T11:30:00Z'),
  attempts: 3,
  attempted: 'main@sha1:a4c36030772f24f4a4c36030772f24f4a4c36030',
  lastGood: 'main@sha1:772f24f4a4c36030772f24f4a4c36030772f24f4',
  path: './workloads/media/plex',
  checksHealth: true,
  ...change,
});

/** An incident of one member, open unless said. */
export const incident = (
  change: Partial<Incident> = {},
  cause: Member = member(),
): Omit<Incident, 'id'> & { readonly id: string } => ({
  id: 'INC-7',
  state: 'open',
  cause: keyOf(cause),
  members: [cause],
  blocked: [],
  openedAt: cause.failingSince,
  flaps: 0,
  foundLate: false,
  rolledUp: false,
  story: [],
  ...change,
});
