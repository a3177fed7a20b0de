import type { JsonRecord, KubeObject } from '#test/sandbox/api/json.ts';
import type { EventWriter } from '#test/sandbox/controllers/recorder.ts';

/** Why the kubelet does not get an image. */
const pullFailure = (image: string): string =>
  `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": not found`;

/** The status of a pod whose image cannot be pulled. */
export const waitingPod = (image: string): JsonRecord => ({
  phase: 'Pending',
  conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
  containerStatuses: [
    {
      name: 'main',
      image,
      ready: false,
      restartCount: 0,
      state: {
        waiting: {
          reason: 'ImagePullBackOff',
          message: `Back-off pulling image "${image}": ErrImagePull: ${pullFailure(image)}`,
        },
      },
    },
  ],
});

/** The status of a pod that is well. */
export const runningPod = (image: string): JsonRecord => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    { name: 'main', image, ready: true, restartCount: 0, state: { running: {} } },
  ],
});

/** What the kubelet says of a pod whose image cannot be pulled. */
export const tellPullFailure = (write: EventWriter, pod: KubeObject, image: string): void => {
  const texts = [
    ['Failed', `Failed to pull image "${image}": ${pullFailure(image)}`],
    ['Failed', 'Error: ErrImagePull'],
    ['BackOff', `Back-off pulling image "${image}"`],
  ] as const;
  for (const [reason, text] of texts) {
    write(pod, 'kubelet', 'Warning', reason, text);
  }
};
