import { createHmac } from 'node:crypto';
import {
  type RecordedObject,
  readRecording,
  recordingKey,
  recordingNames,
} from '#test/fixtures/recordings.ts';

const followed = new Set([
  'Kustomization',
  'HelmRelease',
  'GitRepository',
  'OCIRepository',
  'HelmRepository',
  'HelmChart',
]);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const readyOf = (object: RecordedObject): Condition | undefined => {
  const status = object['status'] as { readonly conditions?: readonly Condition[] } | undefined;
  return status?.conditions?.find(({ type }) => type === 'Ready');
};

/** The last that was seen of each Flux object that ended well, as the API server sent it. */
const recorded = (): readonly RecordedObject[] => {
  const last = new Map<string, RecordedObject>();
  for (const name of recordingNames()) {
    for (const { object } of readRecording(name).watch) {
      if (followed.has(object.kind)) {
        last.set(`${name}/${object.metadata.uid}`, object);
      }
    }
  }
  return [...last.values()].filter((object) => readyOf(object)?.status === 'True');
};

/** The same object under another name. */
const named = (object: RecordedObject, number: number): RecordedObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    name: `${object.metadata.name}-${number}`,
    uid: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    resourceVersion: String(number + 1),
  },
});

/** So many Flux objects, of the kinds and sizes that were recorded; all of them are well. */
export const manyObjects = (count: number): readonly RecordedObject[] => {
  const samples = recorded();
  return Array.from({ length: count }, (_, number) =>
    named(samples[number % samples.length] as RecordedObject, number),
  );
};

/** A Kustomization that was well, and the same one when its build had failed. */
export const failurePair = (
  number: number,
): { readonly well: RecordedObject; readonly failed: RecordedObject } => {
  const changes = readRecording('02-build-failure').watch.filter(
    ({ object }) => object.kind === 'Kustomization',
  );
  const failed = changes.find(({ object }) => readyOf(object)?.reason === 'BuildFailed')?.object;
  const well = changes.find(
    ({ object }) =>
      readyOf(object)?.status === 'True' && object.metadata.uid === failed?.metadata.uid,
  )?.object;
  if (failed === undefined || well === undefined) {
    throw new Error('the recording has no failed build');
  }
  return { well: named(well, 900_000 + number), failed: named(failed, 900_000 + number) };
};

/**
 * Webhooks of one cluster as HTTP requests on a connection of their own, byte for byte: bodies of the
 * recorded storm, each with a uid of its own so that none is a repeat of another.
 */
export const manyRequests = (cluster: string, count: number, seed: number): readonly Buffer[] => {
  const bodies = readRecording('12-storm').webhooks.map(({ body }) => body);
  return Array.from({ length: count }, (_, number) => {
    const uid = `${String(seed % 100_000_000).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const body = (bodies[number % bodies.length] ?? '').replace(
      /"uid":"[0-9a-f-]{36}"/,
      `"uid":"${uid}"`,
    );
    const signature = createHmac('sha256', recordingKey(cluster)).update(body).digest('hex');
    return Buffer.from(
      `POST /webhooks/flux/${cluster} HTTP/1.1\r\nHost: bot\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nX-Signature: sha256=${signature}\r\n` +
        `Connection: close\r\n\r\n${body}`,
    );
  });
};
