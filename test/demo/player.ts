import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type ClusterName, clusterNames } from '#test/demo/clusters.ts';
import { startStandInController } from '#test/demo/controller.ts';
import { shiftRecording } from '#test/demo/shift.ts';
import { type Stage, webhookKey } from '#test/demo/stage.ts';
import {
  type RecordedChange,
  type RecordedWebhook,
  readRecording,
  recordingNames,
} from '#test/fixtures/recordings.ts';
import { type KubeObject, recordAt } from '#test/sandbox/api/json.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { shardKey } from '#test/sandbox/controllers/worker.ts';
import { recordedLines } from '#test/spine/play.ts';

/** Marks what stands on the clusters out of a recording: the simulated controllers leave it alone. */
const recorded = { [shardKey]: 'recording' };
const isRecorded = (object: KubeObject): boolean =>
  object.metadata.labels?.[shardKey] === 'recording';

const isCluster = (name: string): name is ClusterName =>
  (clusterNames as readonly string[]).includes(name);

const deliver = async (stage: Stage, { cluster, body }: RecordedWebhook): Promise<void> => {
  const signature = createHmac('sha256', webhookKey(cluster)).update(body).digest('hex');
  // the bot may be away, because it was told to: Flux would not wait for it either
  await fetch(`http://127.0.0.1:${stage.ports.bot}/webhooks/flux/${cluster}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-signature': `sha256=${signature}` },
    body,
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
};

/** Plays recordings of real Flux on the demo's clusters, beside the tree. */
export const createPlayer = (stage: Stage) => {
  const controllers = clusterNames.map((name) =>
    startStandInController(stage.clusters.cluster(name).server, isRecorded),
  );
  let current: string | undefined;
  let stopped = false;

  const clear = (): void => {
    for (const name of clusterNames) {
      const { kinds, storage, objects } = stage.clusters.cluster(name).server;
      for (const object of kinds.all().flatMap((kind) => storage.list(kind))) {
        if (isRecorded(object)) {
          objects.remove({
            ...{ apiVersion: object.apiVersion, kind: object.kind },
            ...{ namespace: object.metadata.namespace, name: object.metadata.name },
          });
        }
      }
    }
  };

  const change = ({ cluster, ...one }: RecordedChange): void => {
    if (isCluster(cluster)) {
      // the server counts its own versions: a second showing must be newer than the first
      const { resourceVersion: _, ...metadata } = one.object.metadata;
      const labels = { ...recordAt(metadata, 'labels'), ...recorded };
      const object = { ...one.object, metadata: { ...metadata, labels } };
      applyChange(stage.clusters.cluster(cluster).server, { ...one, cluster, object });
    }
  };

  const run = async (name: string): Promise<void> => {
    const recording = shiftRecording(readRecording(name), Date.now());
    const startedAt = Date.now();
    const lines = recordedLines(recording, { change, webhook: (one) => deliver(stage, one) });
    for (const line of lines) {
      await wait(Math.max(0, startedAt + line.atMs - Date.now()));
      if (stopped) {
        return;
      }
      await line.run();
    }
  };

  clear();
  return {
    list: (): string =>
      recordingNames()
        .map((name) => {
          const { title, durationSeconds } = readRecording(name).scenario;
          return `${name.padEnd(28)} ${title} (${Math.round(durationSeconds)} s)`;
        })
        .join('\n'),
    /** @returns what is being played; it goes on by itself */
    play: (wanted: string): string => {
      const name = recordingNames().find((one) => one === wanted || one.startsWith(`${wanted}-`));
      if (name === undefined) {
        throw new Error(`There is no recording "${wanted}"; see: npm run demo -- list`);
      }
      if (current !== undefined) {
        throw new Error(`${current} is being played.`);
      }
      const { title, durationSeconds } = readRecording(name).scenario;
      current = name;
      clear();
      run(name)
        .catch((error: unknown) => console.error(`${name} broke off: ${String(error)}`))
        .finally(() => {
          current = undefined;
        });
      return `Playing ${name} for ${Math.round(durationSeconds)} s: ${title}. Watch the channels.`;
    },
    stop: (): void => {
      stopped = true;
      for (const controller of controllers) {
        controller.stop();
      }
    },
  };
};
