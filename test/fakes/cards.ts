import type { Line, Span, View } from '#src/view.ts';

/** One view per state that a card can be in, as a person would see it; the golden files are made of these. */

const bold = (text: string): Span => ({ kind: 'bold', text });
const code = (text: string): Span => ({ kind: 'code', text });
const commit = (text: string): Span => ({
  kind: 'link',
  text,
  url: `https://github.example/platform/commit/${text}`,
});
const time = (at: string): Span => ({ kind: 'time', at: Date.parse(at), precision: 'seconds' });
const person = (name: string, notify = false): Span => ({
  kind: 'person',
  user: 'U024BE7LH',
  name,
  notify,
});
const field = (label: string, ...line: Line) => ({ label, line });
const input = { object: 'ks/pki/cert-manager', cluster: 'infra' };

const incidentOpen: View = {
  summary:
    'infra: ks/pki/cert-manager is not healthy: image tag v1.20.0 not found. It holds back 120 objects.',
  parts: [
    {
      kind: 'heading',
      tone: 'failing',
      line: [bold('cert-manager does not become healthy'), ' on ', bold('infra')],
    },
    {
      kind: 'quote',
      text: 'Deployment pki/cert-manager-webhook: ImagePullBackOff\nquay.io/jetstack/cert-manager-webhook:v1.20.0: not found',
    },
    {
      kind: 'fields',
      fields: [
        field('Object', 'ks/pki/cert-manager'),
        field('Since', time('2026-11-23T19:25:48Z'), ' · 3 attempts'),
        field('Now trying', code('4d42d61')),
        field('Last good', code('572fa33'), ' · 2 commits behind'),
      ],
    },
    {
      kind: 'text',
      line: [
        bold('Suspect'),
        ' ',
        commit('4d42d61'),
        ' cert-manager: v1.20.0, CRDs move to the chart — Robin Platform, 12 min ago',
      ],
    },
    { kind: 'text', line: [bold('Holds back 120 objects')] },
    {
      kind: 'list',
      items: [
        ['80 wait for it: ks/media/plex, ks/media/jellyfin, ks/home/zigbee … 77 more'],
        ['40 fail because its CRDs are gone: ks/games/minecraft … 39 more'],
      ],
    },
    {
      kind: 'text',
      line: [
        bold('What to do'),
        ' The tag does not exist in the registry. Correct it under ',
        code('infrastructure/pki'),
        ', or roll back to ',
        code('572fa33'),
        '.',
      ],
    },
    {
      kind: 'buttons',
      buttons: [
        { label: 'Roll back…', command: 'rollback', input, style: 'danger' },
        { label: 'Reconcile', command: 'reconcile', input },
        { label: 'Diff', command: 'diff', input },
        { label: 'Why', command: 'why', input: { incident: 'INC-142' } },
        { label: 'Ack', command: 'ack', input: { incident: 'INC-142' } },
        { label: 'Silence…', command: 'silence', input: { incident: 'INC-142' } },
      ],
    },
    {
      kind: 'small',
      line: [
        'INC-142 · nobody has acknowledged · last seen failing ',
        time('2026-11-23T19:27:30Z'),
      ],
    },
  ],
};

const incidentResolved: View = {
  summary: 'infra: ks/pki/cert-manager is healthy again after 1 min 42 s.',
  parts: [
    {
      kind: 'heading',
      tone: 'recovered',
      line: [bold('cert-manager is healthy again'), ' on ', bold('infra'), ' after 1 min 42 s'],
    },
    {
      kind: 'text',
      line: [
        'Fixed by ',
        commit('a4c3603'),
        ' Revert "cert-manager: v1.20.0, CRDs move to the chart" — Robin Platform. All 120 objects it held back are Ready.',
      ],
    },
    {
      kind: 'small',
      line: ['INC-142 · 3 attempts failed · acknowledged by ', person('robin'), ' after 40 s'],
    },
  ],
};

const incidentTwoClusters: View = {
  summary: 'kyverno fails on apps and infra with the same commit 6ecd669: field is immutable.',
  parts: [
    {
      kind: 'heading',
      tone: 'failing',
      line: [bold('kyverno cannot be applied'), ' on ', bold('apps'), ' and ', bold('infra')],
    },
    {
      kind: 'quote',
      text: 'Deployment/kyverno/kyverno dry-run failed (Invalid): spec.selector: field is immutable',
    },
    {
      kind: 'fields',
      fields: [
        field('apps', 'since ', time('2026-11-23T19:28:25Z'), ' · attempt 4'),
        field('infra', 'since ', time('2026-11-23T19:28:34Z'), ' · attempt 2'),
        field('Now trying', code('6ecd669'), ' on both'),
        field('Last good', code('680e33c'), ' on both'),
      ],
    },
    {
      kind: 'text',
      line: [
        bold('Suspect'),
        ' ',
        commit('6ecd669'),
        ' kyverno: v1.16.0 — Sam Okafor, 3 min ago. The same commit fails on both clusters: it is the change, not the cluster.',
      ],
    },
    {
      kind: 'text',
      line: [
        bold('What to do'),
        ' A selector cannot change. Keep the old labels, or delete the Deployment so that Flux creates it anew (its pods restart).',
      ],
    },
    { kind: 'small', line: ['INC-143 · acknowledged by ', person('robin'), ' 1 min ago'] },
  ],
};

const incidentSuspended: View = {
  summary: 'infra: ks/media/plex is suspended while failing, by @robin until 20:00 UTC.',
  parts: [
    {
      kind: 'heading',
      tone: 'suspended',
      line: [bold('plex is suspended while failing'), ' on ', bold('infra')],
    },
    {
      kind: 'text',
      line: ['By ', person('robin'), ' until ', time('2026-11-23T20:00:00Z'), ': storage moves.'],
    },
    { kind: 'buttons', buttons: [{ label: 'Resume', command: 'resume', input }] },
    { kind: 'small', line: ['INC-150 · still open'] },
  ],
};

const reconcileRunning: View = {
  summary: 'Reconcile ks/harbor/harbor on infra: step 3 of 4, waiting for Deployment harbor-core.',
  parts: [
    {
      kind: 'heading',
      tone: 'running',
      line: [
        bold('Reconcile ks/harbor/harbor'),
        ' on ',
        bold('infra'),
        ' — asked by ',
        person('robin'),
      ],
    },
    {
      kind: 'steps',
      steps: [
        { state: 'done', line: ['Source fetched ', code('a4c3603')], tookMs: 400 },
        { state: 'done', line: ['Applied 14 objects, 2 changed'], tookMs: 1_100 },
        {
          state: 'running',
          line: [bold('Waiting for health'), '  12 s of 5 min'],
          detail: ['Deployment harbor/harbor-core: 1 of 3 ready'],
        },
        { state: 'pending', line: ['Ready at ', code('a4c3603')] },
      ],
    },
    { kind: 'progress', done: 2, total: 4 },
    {
      kind: 'buttons',
      buttons: [
        { label: 'Stop following', command: 'unfollow', input: { job: 'CMD-7' } },
        { label: 'Why', command: 'why', input: { object: 'ks/harbor/harbor' } },
      ],
    },
    { kind: 'small', line: ['CMD-7 · runs on after you leave · audit 01JD4K'] },
  ],
};

const reconcileFailed: View = {
  summary: 'Reconcile ks/harbor/harbor on infra failed after 5 min: health check timed out.',
  parts: [
    {
      kind: 'heading',
      tone: 'failing',
      line: [bold('Reconcile ks/harbor/harbor failed'), ' on ', bold('infra'), ' after 5 min'],
    },
    {
      kind: 'steps',
      steps: [
        { state: 'done', line: ['Source fetched ', code('a4c3603')], tookMs: 400 },
        {
          state: 'failed',
          line: ['Deployment harbor/harbor-core did not become healthy'],
          detail: ['1 of 3 ready, ImagePullBackOff'],
          tookMs: 300_000,
        },
        { state: 'skipped', line: ['Ready at ', code('a4c3603')] },
      ],
    },
    { kind: 'small', line: ['CMD-8 · audit 01JD4M'] },
  ],
};

const rollbackApproval: View = {
  summary:
    '@robin asks to roll back ks/harbor/harbor on infra to 772f24f. One approval needed until 19:20 UTC.',
  parts: [
    {
      kind: 'heading',
      tone: 'approval',
      line: [bold('Approval needed: roll back ks/harbor/harbor'), ' on ', bold('infra')],
    },
    {
      kind: 'fields',
      fields: [
        field('From', code('f2ee340'), ' (failing for 6 min)'),
        field('To', code('772f24f'), ' (healthy 2 days)'),
        field('How', 'Pull request ', {
          kind: 'link',
          text: '#42',
          url: 'https://github.example/platform/pull/42',
        }),
        field('Touches', '1 Kustomization, only infra'),
      ],
    },
    { kind: 'text', line: [bold('What changes'), ' — 3 of 14 objects'] },
    {
      kind: 'quote',
      text: '~ Deployment harbor-core      image v2.14.1 → v2.14.0\n~ Deployment harbor-registry  image v2.14.1 → v2.14.0\n- ConfigMap  harbor-queue     pruned',
    },
    {
      kind: 'text',
      line: [
        bold('Not undone'),
        ' The database schema stays at v2.14.1. ImageUpdateAutomation harbor would set v2.14.1 again: it is suspended for 4 h with this approval.',
      ],
    },
    {
      kind: 'buttons',
      buttons: [
        { label: 'Approve', command: 'approve', input: { approval: 'APR-9' }, style: 'primary' },
        { label: 'Decline…', command: 'decline', input: { approval: 'APR-9' } },
        { label: 'Full diff', command: 'diff', input: { approval: 'APR-9' } },
      ],
    },
    {
      kind: 'small',
      line: [
        'APR-9 · 1 of platform-approvers, not ',
        person('robin'),
        ' (asked) · expires ',
        time('2026-11-23T19:20:00Z'),
        ' · plan 8f3c 21d0',
      ],
    },
  ],
};

const bootstrapStatus: View = {
  summary:
    'Bootstrap: infra 12 of 12, apps 5 of 12, blocked at Secrets: ClusterSecretStore onepassword is not valid.',
  parts: [
    { kind: 'heading', tone: 'neutral', line: ['Bootstrap status'] },
    { kind: 'heading', tone: 'recovered', line: [bold('infra'), ' stands, after 23 min of 40'] },
    { kind: 'progress', done: 12, total: 12 },
    { kind: 'heading', tone: 'failing', line: [bold('apps'), ' waits at Secrets, 31 min of 40'] },
    { kind: 'progress', done: 5, total: 12 },
    {
      kind: 'steps',
      steps: [
        { state: 'done', line: ['Nodes 6/6 · CRDs 61/61 · CNI 4/4 · Core 5/5 · Flux 6/6'] },
        { state: 'failed', line: [bold('Secrets 2/4'), ' — since 8 min'] },
        { state: 'pending', line: ['Network · Storage · Observability · Policy · Workloads'] },
      ],
    },
    {
      kind: 'quote',
      text: 'ClusterSecretStore/onepassword Ready=False InvalidProviderConfig\nunable to log in: 401 invalid bearer token',
    },
    {
      kind: 'text',
      line: [
        bold('What to do'),
        ' The Connect token in Secret external-secrets/onepassword-token is refused. ',
        code('task bootstrap:secrets CLUSTER=apps'),
        ' lays it down again.',
      ],
    },
    {
      kind: 'small',
      line: ['checked 3 s ago · 41 probes · 1 not allowed (nodes/metrics on apps)'],
    },
  ],
};

const listing: View = {
  summary: '4 objects on infra: 1 failing, 1 suspended.',
  parts: [
    { kind: 'heading', tone: 'warning', line: [bold('4 objects'), ' on ', bold('infra')] },
    {
      kind: 'table',
      columns: ['object', 'state'],
      rows: [
        [['ks/pki/cert-manager'], ['failing']],
        [['ks/media/plex'], ['suspended']],
        [['hr/kyverno/kyverno'], ['ready']],
        [['ks/home/zigbee'], ['ready']],
      ],
    },
    {
      kind: 'table',
      columns: ['object', 'what'],
      rows: [
        [
          ['ks/observability/kube-prometheus-stack'],
          [
            'waits for ks/observability/prometheus-operator-crds since ',
            time('2026-11-23T19:25:48Z'),
          ],
        ],
      ],
    },
    { kind: 'small', line: ['seen 4 s ago'] },
  ],
};

const refused: View = {
  summary: 'You may not reconcile ks/pki/cert-manager on infra: flux.reconcile is missing.',
  parts: [
    { kind: 'heading', tone: 'refused', line: ['flux.reconcile on infra is missing'] },
    { kind: 'text', line: ['Whoever keeps the bot’s configuration can grant it under "access".'] },
  ],
};

const hostile: View = {
  summary: 'infra: ks/evil/<!channel> fails: *click* <https://evil.example|here>',
  parts: [
    { kind: 'heading', tone: 'failing', line: ['ks/evil/<!channel> @here fails *now* :tada:'] },
    {
      kind: 'quote',
      text: '```\n<!here> *not bold* <https://evil.example|click me>\n``` _escaped_ \u001b[31m',
    },
    { kind: 'fields', fields: [field('*Since* <!here>', '> quoted `code` ~gone~')] },
    {
      kind: 'text',
      line: [
        'Suspect ',
        { kind: 'link', text: 'fix|> *all*', url: 'https://git.example/?a=<b>|c' },
        ' by <@U01> https://plain.example',
      ],
    },
  ],
};

export const cards: Readonly<Record<string, View>> = {
  'incident-open': incidentOpen,
  'incident-resolved': incidentResolved,
  'incident-two-clusters': incidentTwoClusters,
  'incident-suspended': incidentSuspended,
  'reconcile-running': reconcileRunning,
  'reconcile-failed': reconcileFailed,
  'rollback-approval': rollbackApproval,
  'bootstrap-status': bootstrapStatus,
  listing,
  refused,
  hostile,
};
