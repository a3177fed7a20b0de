import { incidentCard, movedCard, storyReply } from '#src/incident/card.ts';
import { catchUpView } from '#src/incident/catch-up.ts';
import type { Incident, StoryEntry } from '#src/incident/incident.ts';
import { rollUpCard } from '#src/incident/roll-up.ts';
import type { View } from '#src/view.ts';
import { incident, member } from '#test/fakes/incidents.ts';

const minute = 60_000;
const since = member().failingSince;

const helm = member({
  cluster: 'apps',
  ref: { kind: 'HelmRelease', namespace: 'observability', name: 'kube-prometheus-stack' },
  reason: 'UpgradeFailed',
  message:
    'Helm upgrade failed for release observability/kube-prometheus-stack with chart kube-prometheus-stack@75.1.0: post-upgrade hooks failed: timed out waiting for the condition',
  attempts: 1,
  path: undefined,
  lastGood: undefined,
});

const entries = (count: number, state: 'open' | 'ended' | 'own-card') =>
  Array.from({ length: count }, (_, index) => ({
    incident: `INC-${index}`,
    cluster: 'infra',
    object: `ks/media/app-${index}`,
    reason: 'ReconciliationFailed',
    state,
  }));

const entry = (kind: StoryEntry['kind'], text: string): StoryEntry => ({
  id: kind,
  at: since,
  kind,
  object: 'infra/Kustomization/media/plex',
  text,
});

const long = Array.from(
  { length: 20 },
  (_, line) => `Deployment/media/plex-${line} dry-run failed (Invalid): spec.selector is immutable`,
).join('\n');

const replies: Record<StoryEntry['kind'], string> = {
  opened: long,
  reopened: 'Deployment/media/plex: not ready in time',
  'failed-differently': 'Deployment/media/plex dry-run failed (Invalid): field is immutable',
  reported: 'health check failed after 5m: timeout waiting for: [Deployment/media/plex]',
  suspended: '',
  resumed: '',
  deleted: '',
  resolved: 'main@sha1:a4c36030772f24f4a4c36030772f24f4a4c36030',
};

const found = (count: number): readonly Incident[] =>
  Array.from({ length: count }, (_, index) => {
    const name = `app-${index}`;
    const cause = member({ ref: { kind: 'Kustomization', namespace: 'media', name } });
    return incident({ id: `INC-${index}`, foundLate: true }, cause);
  });

const ended = (state: 'resolved' | 'deleted', standing: 'recovered' | 'gone'): Incident =>
  incident(
    { state, endedAt: since + 12 * minute },
    member({ standing, lastGood: 'main@sha1:a4c36030772f24f4a4c36030772f24f4a4c36030' }),
  );

/** The cards of incidents in each state, and what stands in their threads. */
export const incidentCards = (): Readonly<Record<string, View>> => ({
  'incident/open': incidentCard(incident()),
  'incident/open-never-worked': incidentCard(incident({}, helm)),
  'incident/open-flapping': incidentCard(incident({ flaps: 3 })),
  'incident/open-found-late': incidentCard(incident({ foundLate: true })),
  'incident/suspended': incidentCard(
    incident({ state: 'suspended' }, member({ standing: 'suspended', since: since + minute })),
  ),
  'incident/resolved': incidentCard(ended('resolved', 'recovered')),
  'incident/deleted': incidentCard(ended('deleted', 'gone')),
  'incident/moved': movedCard(incident()),
  'roll-up/open': rollUpCard({
    number: 1,
    entries: [...entries(14, 'open'), ...entries(3, 'ended')],
  }),
  'roll-up/ended': rollUpCard({
    number: 1,
    entries: [...entries(12, 'ended'), ...entries(1, 'own-card')],
  }),
  'outage/first-start': catchUpView(undefined, found(3)),
  'outage/back': catchUpView(47 * minute, [...found(13), ended('resolved', 'recovered')]),
  'outage/back-all-well': catchUpView(3 * minute, []),
  ...Object.fromEntries(
    Object.entries(replies).flatMap(([kind, text]) => {
      const view = storyReply(entry(kind as StoryEntry['kind'], text), member());
      return view === undefined ? [] : [[`thread/${kind}`, view] as const];
    }),
  ),
});
