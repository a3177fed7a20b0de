import {
  at,
  isRecord,
  type JsonRecord,
  type KubeObject,
  textAt,
  without,
} from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { invalid } from '#test/sandbox/api/status.ts';

// stored as core/v1, read through both groups: [events.k8s.io, core]
const renamed: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
];

const rename = (event: JsonRecord, pairs: readonly (readonly [string, string])[]): JsonRecord => {
  const names = new Map(pairs);
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [names.get(key) ?? key, value]),
  );
};

/** A stored Event as events.k8s.io shows it. */
export const asNewEvent = (event: KubeObject): KubeObject => ({
  ...rename(
    event,
    renamed.map(([now, then]) => [then, now] as const),
  ),
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: event.metadata,
});

const mandatory = ['eventTime', 'action', 'reportingController', 'reportingInstance', 'reason'];

/** An Event written through events.k8s.io as it is stored; refused (422) as a real server does. */
export const fromNewEvent = (kind: ResourceKind, event: KubeObject): KubeObject => {
  const { name } = event.metadata;
  for (const field of mandatory) {
    const value = at(event, field);
    if (value === undefined || value === null || value === '') {
      throw invalid(kind, name, field, 'Required value');
    }
  }
  if (Buffer.byteLength(textAt(event, 'note') ?? '') > 1024) {
    throw invalid(kind, name, 'note', 'Invalid value: "": can have at most 1024 bytes');
  }
  if ((textAt(event, 'reason') ?? '').length > 128) {
    throw invalid(kind, name, 'reason', 'Invalid value: "": can have at most 128 characters');
  }
  if (!['Normal', 'Warning'].includes(textAt(event, 'type') ?? '')) {
    throw invalid(kind, name, 'type', 'Invalid value: "": Valid values are Normal and Warning');
  }
  return {
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    ...without(rename(event, renamed), 'apiVersion', 'kind'),
    apiVersion: 'v1',
    kind: 'Event',
    metadata: event.metadata,
  };
};

/** Refuses (422) a core Event whose object lies in another namespace. */
export const checkCoreEvent = (kind: ResourceKind, event: KubeObject): void => {
  const involved = isRecord(event['involvedObject']) ? event['involvedObject'] : {};
  const place = textAt(involved, 'namespace') ?? 'default';
  if (place !== (event.metadata.namespace ?? 'default')) {
    throw invalid(
      kind,
      event.metadata.name,
      'involvedObject.namespace',
      `Invalid value: "${place}": does not match event.namespace`,
    );
  }
};
