import { contextFor } from '#src/command/context.ts';
import type { StepRecord } from '#src/command/define.ts';
import { failureView } from '#src/console/failure-view.ts';
import { offerView } from '#src/console/offer.ts';
import { type ReadReply, shareable, sharedView, whyNotShown } from '#src/console/share.ts';
import type { Failure } from '#src/failure.ts';
import { ReconcilePlan as Plan, type ReconcilePlan } from '#src/reconcile/plan.ts';
import { reconcileView } from '#src/reconcile/view.ts';
import type { View } from '#src/view.ts';
import { incident } from '#test/fakes/incidents.ts';
import { createStage, now, put, robin } from '#test/unit/commands/stage.ts';

const harbor = { kind: 'Kustomization', namespace: 'harbor', name: 'harbor' } as const;

const failures: { readonly [Code in Failure['code']]: Extract<Failure, { code: Code }> } = {
  'unknown-command': { code: 'unknown-command', name: 'reconcil', nearest: 'reconcile' },
  'invalid-arguments': {
    code: 'invalid-arguments',
    issues: ['object is missing.', 'There is no flag --with-sauce. Did you mean --with-source?'],
    usage: 'reconcile <object> [cluster] [--with-source] [--force] [--reset]',
  },
  'not-allowed': {
    code: 'not-allowed',
    permission: 'reconcile',
    target: 'reconcile on ks/harbor/harbor on infra',
    who: 'robin',
  },
  'refused-person': { code: 'refused-person', why: 'Guests are not answered.' },
  'unknown-cluster': { code: 'unknown-cluster', name: 'prod', known: ['infra', 'apps', 'all'] },
  'no-such-object': {
    code: 'no-such-object',
    name: 'plexx',
    clusters: ['infra', 'apps'],
    nearest: 'ks/media/plex',
  },
  'no-such-namespace': {
    code: 'no-such-namespace',
    name: 'medai',
    clusters: ['infra'],
    nearest: 'media',
  },
  'not-found': {
    code: 'not-found',
    object: harbor,
    cluster: 'apps',
    nearest: 'ks/registry/harbor',
  },
  ambiguous: {
    code: 'ambiguous',
    name: 'harbor',
    candidates: ['ks/harbor/harbor infra', 'ks/harbor/harbor apps'],
  },
  suspended: {
    code: 'suspended',
    object: harbor,
    cluster: 'infra',
    what: 'a request would be marked as handled without anything being done',
  },
  'not-supported': {
    code: 'not-supported',
    what: 'Flux answers no request for helmrepo/pki/jetstack on infra.',
    instead: 'Reconcile what uses it.',
  },
  busy: { code: 'busy', object: harbor, cluster: 'infra', holder: 'CMD-7 by sam' },
  changed: {
    code: 'changed',
    object: harbor,
    cluster: 'infra',
    what: 'it was deleted and made anew',
  },
  forbidden: { code: 'forbidden', cluster: 'apps', right: 'patch kustomizations' },
  unfenced: { code: 'unfenced', cluster: 'apps' },
  'cluster-unreachable': {
    code: 'cluster-unreachable',
    cluster: 'apps',
    detail: 'connection refused',
  },
  'timed-out': { code: 'timed-out', what: 'ks/harbor/harbor on infra', afterMs: 300_000 },
  flux: {
    code: 'flux',
    what: 'Deployment/harbor/harbor-core: not ready in time',
    next: 'Flux will try again by itself.',
  },
  'store-unavailable': { code: 'store-unavailable' },
  'in-doubt': { code: 'in-doubt' },
  unexpected: { code: 'unexpected', reference: '01jd4k8m2n6p9q1r3s5t7v9w1x' },
};

const target = (cluster: string, checksHealth: boolean): ReconcilePlan['targets'][number] => ({
  cluster,
  ref: harbor,
  uid: `uid-${cluster}`,
  sources: [],
  limitMs: 300_000,
  checksHealth,
});
const one = Plan.parse({ targets: [target('infra', true)], force: false, reset: false });
const unchecked = Plan.parse({ targets: [target('infra', false)], force: false, reset: false });
const both = Plan.parse({
  targets: [target('infra', true), target('apps', true)],
  force: false,
  reset: false,
});

const record = (
  name: string,
  state: StepRecord['state'],
  detail?: string,
  tookMs = 1_200,
): StepRecord => ({
  name,
  state,
  ...(state === 'pending' || state === 'skipped' ? {} : { startedAt: now - 60_000 }),
  ...(state === 'done' || state === 'failed' ? { endedAt: now - 60_000 + tookMs } : {}),
  ...(detail === undefined ? {} : { detail: [detail] }),
});

const asked = (state: StepRecord['state'], cluster = 'infra') =>
  record(`ask ks/harbor/harbor ${cluster}`, state);
const followed = (state: StepRecord['state'], detail?: string, cluster = 'infra') =>
  record(`follow ks/harbor/harbor ${cluster}`, state, detail, 42_000);

const progress = (
  status: 'running' | 'succeeded' | 'failed',
  records: readonly StepRecord[],
  change: { readonly failure?: string; readonly advice?: string } = {},
) => ({
  id: 'CMD-7',
  status,
  records,
  askedBy: robin,
  startedAt: now - 61_000,
  ...(status === 'running' ? {} : { endedAt: now - 18_000 }),
  ...change,
  now,
});

const reconciles = (): Readonly<Record<string, View>> => ({
  'reconcile/asking': reconcileView(
    one,
    progress('running', [asked('running'), followed('pending')]),
  ),
  'reconcile/waiting': reconcileView(
    one,
    progress('running', [
      asked('done'),
      followed('running', 'Deployment/harbor/harbor-core: 1 of 3 ready, ImagePullBackOff'),
    ]),
  ),
  'reconcile/on-both-clusters': reconcileView(
    both,
    progress('running', [
      asked('done'),
      followed('done', 'a4c3603'),
      asked('done', 'apps'),
      followed('running', undefined, 'apps'),
    ]),
  ),
  'reconcile/succeeded': reconcileView(
    one,
    progress('succeeded', [asked('done'), followed('done', 'a4c3603')]),
  ),
  'reconcile/succeeded-unchecked': reconcileView(
    unchecked,
    progress('succeeded', [asked('done'), followed('done', 'a4c3603')]),
  ),
  'reconcile/failed': reconcileView(
    one,
    progress('failed', [asked('done'), followed('failed')], {
      failure: 'Deployment/harbor/harbor-core: not ready in time',
      advice: 'Flux will try again by itself.',
    }),
  ),
  'reconcile/failed-before-the-second': reconcileView(
    both,
    progress(
      'failed',
      [
        asked('done'),
        followed('failed'),
        asked('skipped', 'apps'),
        followed('skipped', undefined, 'apps'),
      ],
      { failure: 'field is immutable', advice: 'Flux will not try again by itself.' },
    ),
  ),
});

const read = (view: View, command: string, input: ReadReply['asked']['input'] = {}): View =>
  shareable({ kind: 'view', invocation: '1', view, asked: { command, input }, plan: null }, 'C1');

/** What is answered of a cluster that is away, or that was not read yet. */
const doubtful = async (): Promise<Readonly<Record<string, View>>> => {
  const old = createStage();
  old.infra.cut('the watch is cut');
  const starting = createStage({ isAppsUnread: true, defaultCluster: 'apps' });
  return {
    'status/object-old': read(await old.show('status ks/media/plex infra'), 'status'),
    'get/old': read(await old.show('get failing infra'), 'get'),
    'here/busy': read(await createStage().show('here'), 'here'),
    'here/quiet': read(await createStage({ defaultCluster: 'apps' }).show('here'), 'here'),
    'here/starting': read(await starting.show('here'), 'here'),
  };
};

const lists = async (): Promise<Readonly<Record<string, View>>> => {
  const crowded = createStage();
  for (let at = 0; at < 60; at++) {
    put(crowded.apps, `Kustomization/many/app-${at}`);
  }
  const page = async (number: number): Promise<View> =>
    read(await crowded.show(`get all apps --page ${number}`), 'get', { page: number });
  return {
    'get/first-page': await page(1),
    'get/middle-page': await page(2),
    'get/last-page': await page(3),
    'get/nothing': read(await crowded.show('get failing apps'), 'get'),
  };
};

/** What the console answers: to reads, to what acts, and to what it refuses. */
export const answerCards = async (): Promise<Readonly<Record<string, View>>> => {
  const stage = createStage();
  const powerless = createStage({ grants: [] });
  const old = createStage();
  old.apps.cut('the watch is cut');
  const status = await stage.show('status ks/media/plex infra');
  const context = contextFor(
    {
      clusters: [],
      policy: () => ({
        teams: ['T01'],
        grants: [{ role: 'all', permissions: ['*'], subjects: ['slack:T01:U01'] }],
      }),
      root: '/flux',
      defaultCluster: () => undefined,
      incidents: async () => [],
      commands: stage.context.commands,
    },
    robin,
    'C1',
    now,
  );
  const outside = { code: 'not-in-channel', channel: 'C1' } as const;
  return {
    'status/clusters': read(await stage.show('status'), 'status'),
    'status/clusters-old': read(await old.show('status'), 'status'),
    'status/object-failing': read(status, 'status'),
    'status/object-suspended': read(await stage.show('status ks/home/zigbee infra'), 'status'),
    'status/object-ready': read(await stage.show('status ks/harbor/harbor all'), 'status'),
    ...(await lists()),
    ...(await doubtful()),
    'help/all': read(await stage.show('help'), 'help'),
    'help/reconcile': read(await stage.show('help reconcile'), 'help'),
    'whoami/operator': read(await stage.show('whoami'), 'whoami'),
    'whoami/nobody': read(await powerless.show('whoami'), 'whoami'),
    ...reconciles(),
    ...Object.fromEntries(
      Object.entries(failures).map(([code, failure]) => [
        `failure/${code}`,
        failureView(failure, '01jd4k8m2n6p9q1r3s5t7v9w1x'),
      ]),
    ),
    'share/shared': sharedView(status, 'U01', 'robin'),
    'share/outside': {
      summary: 'CMD-7 is on its way, but cannot be shown here',
      parts: [{ kind: 'text', line: whyNotShown(outside, undefined, 'flux') }],
    },
    'shortcut/open': offerView({ kind: 'incident', incident: incident() }, context),
    'shortcut/roll-up': offerView({ kind: 'roll-up', open: 12 }, context),
    'shortcut/not-a-card': offerView(undefined, context),
  };
};
