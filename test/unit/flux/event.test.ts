import { describe, expect, it } from 'vitest';
import {
  eventDigest,
  eventRevision,
  eventTime,
  FluxEvent,
  isHeartbeat,
  isStaleEvent,
  semanticKey,
} from '#src/flux/event.ts';
import { readRecording, recordingNames } from '#test/fixtures/recordings.ts';

const wire = {
  involvedObject: {
    kind: 'Kustomization',
    namespace: 'harbor',
    name: 'harbor',
    uid: 'u1',
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    resourceVersion: '7',
  },
  severity: 'error',
  timestamp: '2026-11-23T18:26:07Z',
  message: 'health check failed after 30.01s: timeout',
  reason: 'HealthCheckFailed',
  metadata: { revision: 'main@sha1:aa' },
  reportingController: 'kustomize-controller',
};
const at = Date.parse(wire.timestamp);

describe('a Flux event', () => {
  it('of every recording is read with all that it says', () => {
    const webhooks = recordingNames().flatMap((name) => readRecording(name).webhooks);
    expect(webhooks.length).toBeGreaterThan(100);
    for (const { body } of webhooks) {
      const sent = JSON.parse(body);
      const { reportingInstance: _, metadata, ...rest } = sent;
      expect(FluxEvent.parse(sent)).toEqual({ ...rest, metadata: metadata ?? {} });
    }
  });

  it('has bare metadata keys, whether the sender stripped the prefixes or not', () => {
    const event = FluxEvent.parse({
      ...wire,
      metadata: {
        'kustomize.toolkit.fluxcd.io/revision': 'main@sha1:bb',
        'kustomize.toolkit.fluxcd.io/checksum': 'internal',
        'event.toolkit.fluxcd.io/summary': 'from an annotation',
        'event.toolkit.fluxcd.io/revision': 'an annotation cannot say the revision',
        'example.com/team': 'storage',
        revision: 'main@sha1:cc',
        number: 5,
      },
    });
    expect(event.metadata).toEqual({
      revision: 'main@sha1:bb',
      summary: 'from an annotation',
      'example.com/team': 'storage',
    });
    expect(FluxEvent.parse(event)).toEqual(event);
  });

  it('is taken without what the product can do without', () => {
    const event = FluxEvent.parse({
      involvedObject: { kind: 'GitRepository', name: 'platform' },
      timestamp: wire.timestamp,
      severity: 'trace',
      metadata: null,
    });
    expect(event).toMatchObject({ severity: 'info', message: '', reason: '', metadata: {} });
    expect(eventRevision(event)).toBeUndefined();
  });

  it.each([
    ['no object', { ...wire, involvedObject: undefined }],
    ['an object without a name', { ...wire, involvedObject: { kind: 'Kustomization' } }],
    ['no time', { ...wire, timestamp: undefined }],
    ['a time that is none', { ...wire, timestamp: 'yesterday' }],
    ['text instead of an object', 'hello'],
  ])('is refused with %s', (_, body) => {
    expect(FluxEvent.safeParse(body).success).toBe(false);
  });

  it('is a heartbeat when Flux only updates a commit status', () => {
    const beat = { ...wire, metadata: { commit_status: 'update' } };
    expect(isHeartbeat(FluxEvent.parse(beat))).toBe(true);
    expect(isHeartbeat(FluxEvent.parse(wire))).toBe(false);
  });

  it('is stale when older than the window or clearly ahead of the receiver', () => {
    const event = FluxEvent.parse(wire);
    const hour = 3_600_000;
    expect(eventTime(event)).toBe(at);
    expect([at, at + hour, at - 9 * 60_000].map((now) => isStaleEvent(event, now, hour))).toEqual([
      false,
      false,
      false,
    ]);
    expect([at + hour + 1, at - 11 * 60_000].map((now) => isStaleEvent(event, now, hour))).toEqual([
      true,
      true,
    ]);
  });

  it('has one digest per cluster and bytes', () => {
    const body = Buffer.from(JSON.stringify(wire));
    expect(eventDigest('apps', body)).toBe(eventDigest('apps', Buffer.from(body)));
    expect(eventDigest('apps', body)).not.toBe(eventDigest('infra', body));
    expect(eventDigest('apps', body)).not.toBe(eventDigest('apps', Buffer.from(`${body} `)));
  });

  it('says the same as another attempt that differs in durations only', () => {
    const key = (change: object): string =>
      semanticKey('apps', FluxEvent.parse({ ...wire, ...change }));
    expect(
      key({
        message: 'health check failed after 12ms: timeout',
        timestamp: '2026-11-24T00:00:00Z',
      }),
    ).toBe(key({}));
    expect(key({ message: 'health check failed after 12ms: stalled' })).not.toBe(key({}));
    expect(key({ reason: 'BuildFailed' })).not.toBe(key({}));
    expect(key({ metadata: { revision: 'main@sha1:bb' } })).not.toBe(key({}));
  });
});
