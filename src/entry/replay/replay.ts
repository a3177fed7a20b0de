import { createMemoryCluster, type MemoryCluster } from '#src/cluster/memory.ts';
import { compose } from '#src/entry/compose.ts';
import { countingIds, createVirtualClock } from '#src/entry/replay/clock.ts';
import type { Recording } from '#src/entry/replay/recording.ts';
import { createReplaySlack, type ReplayedMessage } from '#src/entry/replay/slack.ts';
import { createIntake } from '#src/http/intake.ts';
import { incidentCard } from '#src/incident/card.ts';
import { causeOf, type Incident } from '#src/incident/incident.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryWakeups } from '#src/queue/memory.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { flux } from '#webhooks/flux.ts';

export interface ReplayOptions {
  /** How long an object must stay well for its incident to resolve; ms. */
  readonly dwellMs: number;
  /** The key that a cluster's webhooks were signed with. */
  readonly keyOf: (cluster: string) => string;
  /** How long (ms) to look on after the last event. */
  readonly afterMs: number;
}

export interface ReplayedIncident {
  readonly id: string;
  readonly clusters: readonly string[];
  readonly state: Incident['state'];
  readonly objects: readonly string[];
  readonly rootCause: string;
  /** ms of the recording. */
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  readonly blocked: readonly string[];
  readonly title: string;
}

export interface ReplayResult {
  readonly posts: number;
  readonly updates: number;
  readonly threadReplies: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly incidents: readonly ReplayedIncident[];
}

const name = (ref: { readonly kind: string; readonly namespace: string; readonly name: string }) =>
  `${ref.kind}/${ref.namespace}/${ref.name}`;

const describe = (incident: Incident, startedAt: number): ReplayedIncident => ({
  id: incident.id,
  clusters: [...new Set(incident.members.map((member) => member.cluster))],
  state: incident.state,
  objects: [...new Set(incident.members.map((member) => name(member.ref)))],
  rootCause: name(causeOf(incident).ref),
  openedAt: incident.openedAt - startedAt,
  resolvedAt: incident.endedAt === undefined ? null : incident.endedAt - startedAt,
  blocked: incident.blocked,
  title: incidentCard(incident).summary,
});

/**
 * Feeds a recording through the real intake, fold, outbox and renderer, on the recording's own clock. No
 * time passes by itself, so the same recording gives the same answer each time.
 */
export const replay = async (
  recording: Recording,
  options: ReplayOptions,
): Promise<{ readonly result: ReplayResult; readonly messages: readonly ReplayedMessage[] }> => {
  const { startedAt, lines } = recording;
  const clock = createVirtualClock(startedAt);
  const store = createMemoryStore({ clock });
  const slack = createReplaySlack(clock.now);
  const clusters = new Map<string, MemoryCluster>(
    recording.clusters.map((cluster) => [cluster, createMemoryCluster(cluster, clock.now)]),
  );
  const bot = compose(
    {
      incidents: () => ({ ...defaultIncidentSettings, dwellMs: options.dwellMs }),
      channelOf: (cluster) => cluster,
      defaultCluster: (channel) => channel,
      policy: () => ({ teams: [], grants: [] }),
      root: '/flux',
      journalKey: 'a replay signs nothing that outlives it',
    },
    {
      clock,
      ids: countingIds(),
      store,
      clusters: [...clusters.values()],
      slack,
      wakeups: createMemoryWakeups({ clock }),
      commit: (batch) => store.commit(batch),
      log: silentLog,
    },
  );
  const keys = recording.clusters.map((cluster) => ({
    id: cluster,
    secret: options.keyOf(cluster),
    cluster,
  }));
  const intake = createIntake({ store, clock, keys: () => keys });
  let rejected = 0;
  let duplicates = 0;

  const deliver = async (
    line: Extract<Recording['lines'][number], { kind: 'webhook' }>['line'],
  ) => {
    const { cluster, headers, body } = line;
    const raw = Buffer.from(body, 'utf8');
    const answer = await intake.receive(flux, { cluster, headers, raw });
    rejected += answer.status === 202 ? 0 : 1;
    duplicates += answer.body['duplicate'] === true ? 1 : 0;
    bot.wakeIntake();
  };

  const stop = new AbortController();
  const running = bot.run(stop.signal);
  await clock.advanceTo(startedAt);
  for (const cluster of clusters.values()) {
    cluster.listAll();
  }
  for (const entry of lines) {
    await clock.advanceTo(startedAt + entry.line.atMs);
    if (entry.kind === 'webhook') {
      await deliver(entry.line);
    } else {
      clusters.get(entry.line.cluster)?.applyWatchEvent(entry.line.type, entry.line.object);
    }
  }
  const end = startedAt + (lines.at(-1)?.line.atMs ?? 0) + options.afterMs;
  await clock.advanceTo(end);
  stop.abort();
  await clock.advanceTo(end + 60_000);
  await running;

  const incidents = (await loadIncidents(store, 0))
    .map(({ incident }) => describe(incident, startedAt))
    .toSorted((left, right) => left.openedAt - right.openedAt || (left.id < right.id ? -1 : 1));
  return {
    result: { ...slack.counts(), rejected, duplicates, incidents },
    messages: slack.messages(),
  };
};
