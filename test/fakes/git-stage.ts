import { createMemoryCluster } from '#src/cluster/memory.ts';
import { incidentCard } from '#src/incident/card.ts';
import type { Person } from '#src/incident/findings.ts';
import type { Incident } from '#src/incident/incident.ts';
import { createKeeper } from '#src/incident/keeper.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { plainLine } from '#src/text/plain.ts';
import { redact } from '#src/text/redact.ts';
import type { View } from '#src/view.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';
import { createFakeGit } from '#test/fakes/git.ts';

const day = '2026-11-20T10:00:00Z';

const object = (apiVersion: string, kind: string, name: string, version: number, more: object) => ({
  apiVersion,
  kind,
  metadata: {
    namespace: 'flux-system',
    name,
    uid: `uid-${kind}-${name}`,
    generation: 1,
    resourceVersion: String(version),
  },
  ...more,
});

const ready = (status: 'True' | 'False', reason = 'ReconciliationFailed', message = 'no') => ({
  observedGeneration: 1,
  conditions: [
    { type: 'Ready', status, reason, message, lastTransitionTime: '2026-11-24T10:00:00Z' },
  ],
});

export const revision = (sha: string): string => `main@sha1:${sha}`;

export const repositoryWire = (url = 'ssh://git@github.com/acme/platform.git', version = 1) =>
  object('source.toolkit.fluxcd.io/v1', 'GitRepository', 'platform', version, {
    spec: { url },
    status: ready('True', 'Succeeded', 'stored'),
  });

export interface KustomizationState {
  readonly name?: string;
  readonly version: number;
  readonly ready: 'True' | 'False';
  readonly attempted: string;
  readonly applied?: string;
  readonly path?: string;
  readonly history?: readonly object[];
}

export const kustomizationWire = (state: KustomizationState) =>
  object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', state.name ?? 'web', state.version, {
    spec: {
      path: state.path ?? './apps/web',
      sourceRef: { kind: 'GitRepository', name: 'platform' },
      wait: true,
    },
    status: {
      ...ready(state.ready),
      lastAttemptedRevision: revision(state.attempted),
      ...(state.applied === undefined ? {} : { lastAppliedRevision: revision(state.applied) }),
      history: state.history ?? [],
    },
  });

/** A HelmRelease that the Kustomization of the stage made, failing its upgrade. */
export const failingRelease = (version: number, at: string) => {
  const wire = object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'web', version, {
    spec: { chart: { spec: { sourceRef: { kind: 'HelmRepository', name: 'charts' } } } },
    status: {
      observedGeneration: 1,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'UpgradeFailed',
          message: 'upgrade failed',
          lastTransitionTime: at,
        },
      ],
      lastAttemptedRevision: '1.2.0',
      history: [{ chartVersion: '1.1.0', status: 'deployed' }],
    },
  });
  const labels = {
    'kustomize.toolkit.fluxcd.io/name': 'web',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  };
  return { ...wire, metadata: { ...wire.metadata, labels } };
};

export const robin = { name: 'Robin Platform', email: 'robin@example.com' };

/** The bot's keeper before one cluster and one Git host, on a clock that stands still. */
export const createGitStage = (options: { readonly git?: boolean } = {}) => {
  const clock = createVirtualClock(Date.parse('2026-11-24T10:00:00Z'));
  const store = createMemoryStore({ clock });
  const git = createFakeGit({ [robin.email]: 'robin' });
  const cluster = createMemoryCluster('apps', clock.now);
  const people: Record<string, Person> = {};
  let commits = 0;

  const keep = () => {
    const stop = new AbortController();
    const ended = createKeeper({
      store,
      clusters: [cluster],
      clock,
      holder: 'one',
      settings: () => defaultIncidentSettings,
      clean: { redact, normalise: (text) => text },
      channelOf: () => 'C1',
      commits:
        options.git === false ? undefined : { git, personOf: ({ login }) => people[login ?? ''] },
      log: silentLog,
      onCards: () => undefined,
    }).run(stop.signal);
    return async (): Promise<void> => {
      stop.abort();
      await clock.advance(1_000);
      await ended;
    };
  };

  return {
    clock,
    git,
    cluster,
    store,
    people,
    keep,
    tell: (...objects: readonly object[]): void => {
      for (const one of objects) {
        cluster.applyWatchEvent('MODIFIED', one);
      }
    },
    commit: (
      parent: string | undefined,
      message: string,
      files: Record<string, string> = { 'apps/web/a.yaml': `v${commits}` },
      author = robin,
    ): string => {
      commits += 1;
      return git.commit('acme/platform', {
        parents: parent === undefined ? [] : [parent],
        files,
        message,
        author,
        at: Date.parse(day) + commits * 60_000,
      });
    },
    incidents: async (): Promise<readonly Incident[]> =>
      (await loadIncidents(store, 0)).map(({ incident }) => incident),
    /** The card of the one incident, as lines of plain text. */
    card: async (): Promise<readonly string[]> => {
      const [stored] = await loadIncidents(store, 0);
      return stored === undefined ? [] : linesOf(incidentCard(stored.incident));
    },
  };
};

/** A view as lines of plain text, without headings and buttons. */
export const linesOf = (view: View): readonly string[] =>
  view.parts.flatMap((part): readonly string[] => {
    switch (part.kind) {
      case 'heading':
      case 'text':
      case 'small':
        return [plainLine(part.line)];
      case 'quote':
        return [part.text];
      case 'fields':
        return part.fields.map(({ label, line }) => `${label}: ${plainLine(line)}`);
      case 'list':
        return part.items.map((item) => `• ${plainLine(item)}`);
      default:
        return [];
    }
  });
