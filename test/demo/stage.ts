import { setTimeout as wait } from 'node:timers/promises';
import { startStandInController } from '#test/demo/controller.ts';
import { shiftRecording } from '#test/demo/shift.ts';
import {
  type RecordedChange,
  type Recording,
  readRecording,
  recordingNames,
} from '#test/fixtures/recordings.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { recordedLines } from '#test/spine/play.ts';
import { type ClusterName, clusterNames, deliver, type Spine } from '#test/spine/spine.ts';

/** Recordings that end well: what the clusters hold when the curtain rises. */
const furniture = ['01-healthy-sync', '08-helm-drift', '16-revert-commit'];

export interface Stage {
  /** Plays a recording as it happened. @returns when it is over */
  play(name: string): Promise<void>;
  names(): readonly { readonly name: string; readonly title: string; readonly seconds: number }[];
  playing(): string | undefined;
  stop(): void;
}

const isCluster = (name: string): name is ClusterName =>
  (clusterNames as readonly string[]).includes(name);

/** The clusters and what happens on them, out of recordings of real Flux controllers. */
export const setStage = (spine: Spine, bot: () => BotProcess): Stage => {
  const controllers = clusterNames.map((name) => startStandInController(spine.clusters[name]));
  let current: string | undefined;

  const change = ({ cluster, ...recorded }: RecordedChange): void => {
    if (isCluster(cluster)) {
      const { resourceVersion, ...metadata } = recorded.object.metadata;
      // the server counts its own versions: a second showing must be newer than the first
      const object = { ...recorded.object, metadata };
      applyChange(spine.clusters[cluster], { ...recorded, cluster, object });
    }
  };

  const clear = (recording: Recording): void => {
    const seen = new Map(
      recording.watch.map((one) => [JSON.stringify([one.cluster, one.object.metadata.uid]), one]),
    );
    for (const one of seen.values()) {
      change({ ...one, type: 'DELETED' });
    }
  };

  for (const name of furniture) {
    const recording = readRecording(name);
    const lasted = recording.scenario.durationSeconds * 1_000;
    for (const one of shiftRecording(recording, Date.now() - lasted).watch) {
      change(one);
    }
  }

  return {
    names: () =>
      recordingNames().map((name) => {
        const { scenario } = readRecording(name);
        return { name, title: scenario.title, seconds: Math.round(scenario.durationSeconds) };
      }),
    playing: () => current,
    play: async (name) => {
      const recording = shiftRecording(readRecording(name), Date.now());
      clear(recording);
      current = name;
      const startedAt = Date.now();
      const lines = recordedLines(recording, {
        change,
        webhook: (webhook) => deliver(bot(), webhook),
      });
      for (const line of lines) {
        await wait(Math.max(0, startedAt + line.atMs - Date.now()));
        await line.run();
      }
      current = undefined;
    },
    stop: () => {
      for (const controller of controllers) {
        controller.stop();
      }
    },
  };
};
