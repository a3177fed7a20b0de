import { failureView } from '#src/console/failure-view.ts';
import type { HomeData, HomeObject } from '#src/console/home-data.ts';
import { homeView } from '#src/console/home-view.ts';
import type { View } from '#src/view.ts';
import { now } from '#test/unit/commands/stage.ts';

const object = (name: string, change: Partial<HomeObject> = {}): HomeObject => ({
  cluster: 'infra',
  object: `ks/media/${name}`,
  reason: 'HealthCheckFailed',
  since: now - 3_600_000,
  mayReconcile: true,
  ...change,
});

const quiet: HomeData = {
  mayRead: true,
  mayList: true,
  clusters: [{ name: 'infra' }, { name: 'apps' }],
  failing: [],
  suspended: [],
  asked: [],
};

const busy: HomeData = {
  ...quiet,
  failing: [
    object('plex'),
    object('prometheus', {
      cluster: 'apps',
      object: 'hr/observability/kube-prometheus-stack',
      reason: 'UpgradeFailed',
      since: now - 90_000_000,
    }),
  ],
  suspended: [object('zigbee', { mayReconcile: false })],
  asked: [
    {
      id: 'CMD-8',
      title: 'reconcile ks/harbor/harbor on infra',
      status: 'running',
      done: 1,
      total: 4,
      startedAt: now - 20_000,
      detail: 'Follow ks/harbor/harbor',
    },
    {
      id: 'CMD-7',
      title: 'reconcile ks/media/plex on infra',
      status: 'failed',
      done: 1,
      total: 2,
      startedAt: now - 200_000,
      endedAt: now - 170_000,
      detail: 'Deployment/media/plex: not ready in time',
    },
    {
      id: 'CMD-5',
      title: 'reconcile ks/pki/cert-manager on infra and apps',
      status: 'succeeded',
      done: 4,
      total: 4,
      startedAt: now - 4_000_000,
      endedAt: now - 3_990_000,
    },
  ],
};

const many = Array.from({ length: 12 }, (_, index) => object(`app-${index}`));

/** The Home tab as a person may find it. */
export const homes = (): Readonly<Record<string, View>> => ({
  'home/busy': homeView(busy, now),
  'home/quiet': homeView(quiet, now),
  'home/in-doubt': homeView(
    { ...quiet, clusters: [{ name: 'infra' }, { name: 'apps', problem: 'the watch is cut' }] },
    now,
  ),
  'home/crowded': homeView({ ...busy, failing: many, suspended: many }, now),
  'home/in-trouble': homeView(
    {
      ...busy,
      clusters: [{ name: 'infra' }, { name: 'apps', problem: 'the watch is cut' }],
      asked: undefined,
    },
    now,
    ['Slack does not let the bot write to you just now, so nothing was done.'],
  ),
  'home/no-rights': homeView({ ...quiet, mayRead: false, mayList: false, clusters: [] }, now),
  'home/refused': failureView(
    { code: 'refused-person', why: 'Guests are not answered.' },
    undefined,
  ),
});
