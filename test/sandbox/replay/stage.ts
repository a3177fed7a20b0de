import {
  type RecordedChange,
  type RecordedFile,
  type Recording,
  recordingKey,
} from '#test/fixtures/recordings.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { virtualClock } from '#test/sandbox/clock.ts';
import { startFlux } from '#test/sandbox/controllers/flux.ts';
import { createMemoryGit } from '#test/sandbox/controllers/git.ts';
import type { Build } from '#test/sandbox/controllers/kustomize/build.ts';
import { type Ref, seededRandom } from '#test/sandbox/controllers/world.ts';

import {
  type Cluster,
  fluxKinds,
  isOwned,
  type Played,
  recordedTurns,
  type SentWebhook,
  type Stage,
  scheduleCommits,
  scheduleObjects,
} from '#test/sandbox/replay/schedule.ts';

const alertKinds = [
  'Kustomization',
  'HelmRelease',
  'GitRepository',
  'OCIRepository',
  'HelmRepository',
  'HelmChart',
  'Bucket',
];

/** The Provider and Alert that every recording had in each of its namespaces. */
const subscribe = (server: ApiServer, cluster: string, namespace: string): void => {
  const metadata = { name: 'chatops', namespace };
  const at = { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', metadata };
  server.objects.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: { token: Buffer.from(recordingKey(cluster)).toString('base64') },
  });
  server.objects.put({
    ...at,
    kind: 'Provider',
    spec: {
      type: 'generic-hmac',
      address: `http://127.0.0.1:21911/webhooks/flux/${cluster}`,
      secretRef: { name: 'chatops' },
    },
  });
  server.objects.put({
    ...at,
    kind: 'Alert',
    spec: {
      eventMetadata: { cluster },
      eventSeverity: 'info',
      eventSources: alertKinds.map((kind) => ({ kind, name: '*', namespace })),
      providerRef: { name: 'chatops' },
    },
  });
};

export interface StageOptions {
  readonly build: Build;
  /** Whether a change of this object is repeated; by default of all that Flux does not apply itself. */
  readonly isOurs?: (object: KubeObject) => boolean;
  /** What else is done, such as trouble with Git; called before the clock moves. */
  readonly direct?: (stage: Stage) => void;
  /** How intervals came out in this recording, where an order of things hangs on it. */
  readonly jitter?: (ms: number) => number;
  /** What was in Git, where the recording did not keep it. */
  readonly files?: readonly RecordedFile[];
  /** Whether Kustomizations come to a new revision when they did then; by default at once. */
  readonly takesTurns?: boolean;
}

// from the turn of a Kustomization to what it says of it
const passMs = 130;

const watched = [...fluxKinds, 'HelmChart', 'Alert', 'Provider', 'Event'];

/** Plays what was done in a recording on the sandbox, in virtual time, to its end; gives what was seen. */
export const playOnSandbox = async (
  recording: Recording,
  options: StageOptions,
): Promise<Played> => {
  const { build, isOurs = (object) => !isOwned(object), direct, jitter = (ms) => ms } = options;
  const turns = options.takesTurns === true ? recordedTurns(recording) : new Map<string, number>();
  const startedMs = Date.parse(recording.scenario.startedAt);
  const clock = virtualClock(startedMs);
  const git = createMemoryGit();
  const random = seededRandom(startedMs);
  const changes: RecordedChange[] = [];
  const webhooks: SentWebhook[] = [];
  const clusters = new Map<string, Cluster>();
  const stage: Stage = {
    recording,
    clock,
    git,
    clusters,
    startedMs,
    answer: async () => 202,
    isRefusing: () => false,
  };

  const turnMsOn =
    (cluster: string) =>
    ({ namespace, name }: Ref, revision: string): number => {
      const atMs = turns.get(`${cluster} ${namespace}/${name} ${revision}`) ?? 0;
      return Math.max(9, startedMs + atMs - passMs - clock.now());
    };

  for (const [cluster, namespaces] of Object.entries(recording.scenario.where)) {
    const server = await startApiServer({ name: cluster, clock });
    for (const namespace of namespaces) {
      subscribe(server, cluster, namespace);
    }
    const flux = startFlux(server, {
      git,
      build,
      settings: { random, requeueDependencyMs: 5_000, jitter, turnMs: turnMsOn(cluster) },
      deliver: async (delivery) => {
        if (stage.isRefusing()) {
          return 'failed';
        }
        const atMs = clock.now() - startedMs;
        const answered = await stage.answer(delivery);
        const { headers, body } = delivery;
        webhooks.push({
          atMs,
          cluster,
          headers,
          body,
          answered: typeof answered === 'number' ? answered : null,
        });
        return answered;
      },
    });
    for (const name of watched) {
      for (const kind of server.kinds.all().filter((one) => one.kind === name)) {
        server.storage.subscribe(kind, {
          changed: ({ type, object }) =>
            changes.push({ atMs: clock.now() - startedMs, cluster, type, object }),
          ended: () => undefined,
        });
      }
    }
    clusters.set(cluster, { server, flux });
  }

  scheduleCommits(stage, options.files ?? recording.git);
  scheduleObjects(stage, isOurs);
  direct?.(stage);
  await clock.advance(recording.scenario.durationSeconds * 1000 + 999);
  for (const { server, flux } of clusters.values()) {
    const [failure] = flux.world.failures();
    flux.stop();
    await server.close();
    if (failure !== undefined) {
      throw new Error(failure);
    }
  }
  return { changes, webhooks };
};
